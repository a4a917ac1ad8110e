"""When and how a bot is sent: what a meeting asks for, the plan a provider makes of it, and the answer."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.fields import BotOptions, UtcDatetime
from minutekeeper.meetings.request import MeetingRequest

LAST_USEFUL_MINUTE = timedelta(minutes=1)
"""A bot that could see less than this of a meeting that has begun is not worth sending."""

FARTHEST = timedelta(days=3660)
"""Nobody books a meeting further ahead than ten years, but everybody mistypes a year now and then."""


class DispatchMode(StrEnum):
    RESERVED = "reserved"
    """The provider sets a machine aside and joins at the start."""
    IMMEDIATE = "immediate"
    """From the provider's pool, at once."""


class DispatchTerms(BaseModel):
    """How a meeting goes on once its bot was asked for, by the settings of the worker that was asked.

    Workflows learn them with the answer, because their own code may look at no settings.
    """

    model_config = ConfigDict(frozen=True)

    deadlines: Deadlines = Deadlines()
    max_dispatches: int = 3
    """Bots that may be sent to one occurrence of a meeting, counting those that a further try could cure."""


class DispatchPlan(BaseModel):
    """When the provider wants to be called for a meeting, and how.

    `dispatch_at` is the exact instant of the call, `join_at` when the bot should then be seen (both UTC).
    """

    model_config = ConfigDict(frozen=True)

    dispatch_at: UtcDatetime
    join_at: UtcDatetime
    mode: DispatchMode
    deadlines: Deadlines = Deadlines()
    max_dispatches: int = 3

    @property
    def terms(self) -> DispatchTerms:
        return DispatchTerms(deadlines=self.deadlines, max_dispatches=self.max_dispatches)


class SendBotInput(BaseModel):
    """One bot that a meeting wants, as of `requested_at` (UTC). The provider's plan makes an order of it.

    Holds no secret: what the bot must know beyond this, the activity adds.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    meeting_url: str
    start_time: UtcDatetime
    requested_at: UtcDatetime
    end_time: UtcDatetime | None = None
    """Of the meeting, where that is known: two meetings in one room at the same time are one."""
    dispatch: int = 0
    run: str = ""
    """The first run of the workflow, if this is a later one: an earlier meeting of the same name is told apart."""
    transcript: bool = True
    bot: BotOptions = BotOptions()
    provider: str = ""
    """The provider that is wanted, by its name; empty for the worker's default."""
    metadata: dict[str, str] = {}
    """The caller's own data, for providers that keep some with a bot."""
    search_first: bool = False
    """An earlier request of the same key ended in doubt: its bot may exist."""
    rebooked: bool = False
    """A workflow of the same id may have sent this very bot before it was lost; ended or not, that one is taken."""
    first_requested_at: UtcDatetime | None = None
    """When the first request of this key was made, if there was an earlier one."""


class BotDispatch(BaseModel):
    """One bot to be sent at `dispatch_at`, as a provider is told.

    `requested_since` is when it was first asked for.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    dispatch: int
    run: str
    meeting_url: str
    start_time: UtcDatetime
    dispatch_at: UtcDatetime
    mode: DispatchMode
    transcript: bool
    bot: BotOptions
    metadata: dict[str, str] = {}
    requested_since: UtcDatetime | None = None


class DispatchedBot(BaseModel):
    """The answer to a request. `shared_with` names the workflow whose bot is already in this very meeting."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    sent_at: UtcDatetime
    mode: DispatchMode = DispatchMode.RESERVED
    join_at: UtcDatetime | None = None
    """When the bot should be seen, if not at the meeting's start."""
    is_adopted: bool = False
    shared_with: str = ""
    terms: DispatchTerms = DispatchTerms()


def is_worth_joining(request: MeetingRequest, now: datetime) -> bool:
    """Whether a bot sent now would still see something of the meeting."""
    return now < max(request.start_time, request.expected_end - LAST_USEFUL_MINUTE)


def unbookable(request: MeetingRequest, now: datetime) -> str:
    """Why a meeting can be neither booked nor moved to this time; empty if it can."""
    start, end = request.start_time, request.expected_end
    if start > now + FARTHEST:
        return f"start_time: {start.isoformat()} is more than ten years away; is the year right?"
    if is_worth_joining(request, now):
        return ""
    how = "is over already" if now >= end else "has less than a minute left"
    return f"start_time: a meeting from {start.isoformat()} to {end.isoformat()} {how}"
