"""How a bot is dispatched: the request of a meeting, the provider's plan for it, and the result."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.fields import BotOptions, UtcDatetime
from minutekeeper.meetings.provider_choice import TriedProvider
from minutekeeper.meetings.request import MeetingRequest

LAST_USEFUL_MINUTE = timedelta(minutes=1)
"""A bot that would attend less than this of a running meeting is not sent."""

FARTHEST = timedelta(days=3660)
"""A start more than ten years ahead is a typing error."""


class DispatchMode(StrEnum):
    RESERVED = "reserved"
    """The provider reserves a machine, and the bot joins at the start."""
    IMMEDIATE = "immediate"
    """The bot comes from the provider's pool and joins at once."""


class RemovalResult(StrEnum):
    """The result of removing a bot; with the first two it will not be in the meeting."""

    LEAVING = "leaving"
    ALREADY_GONE = "already_gone"
    REFUSED_NOW = "refused_now"
    """The provider cannot remove the bot at this moment, because it is being started: ask again."""


class DispatchTerms(BaseModel):
    """Settings of the worker that dispatched a bot, for the rest of the meeting.

    They are part of the result, because workflow code may not read settings.
    """

    model_config = ConfigDict(frozen=True)

    deadlines: Deadlines = Deadlines()
    max_dispatches: int = 3
    """The maximum number of bots for one occurrence of a meeting, retries included."""


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
    """Requests one bot for a meeting, as of `requested_at` (UTC).

    Contains no secret: the activity adds what the bot needs beyond this.
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
    """The name of the requested provider. Empty: the worker's default, or where there are several one is chosen."""
    tried: tuple[TriedProvider, ...] = ()
    """The providers that were asked before for a bot of this occurrence."""
    may_change: bool = False
    """Whether another provider may take over from the requested one."""
    metadata: dict[str, str] = {}
    """The caller's own data, for providers that store some with a bot."""
    gone_bots: tuple[str, ...] = ()
    """Shared bots that have ended, as the provider says: their owner may not have heard of it yet."""
    search_first: bool = False
    """Whether the result of an earlier request of the same key is unknown, so that its bot may exist."""
    rebooked: bool = False
    """Whether a lost workflow of the same id may have sent this bot, which is then adopted even if it has ended."""
    first_requested_at: UtcDatetime | None = None
    """When the first request of this key was made, if there was an earlier one."""


class BotDispatch(BaseModel):
    """One bot to send at `dispatch_at`, as the provider gets it.

    `requested_since` is when it was first requested.
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
    attempt: int = 0
    """The number of the last attempt that is known to have made no bot, which sets requests of one key apart."""
    is_in_doubt: bool = False
    """Whether an earlier request of this key may have made a bot, although none was found."""
    stays_reserved: bool = False
    """Whether a bot that is sent late must arrive late, because another one is in the room until the start."""


class DispatchedBot(BaseModel):
    """The result of a request. `shared_with` is the workflow whose bot is already in the same meeting."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    sent_at: UtcDatetime
    mode: DispatchMode = DispatchMode.RESERVED
    join_at: UtcDatetime | None = None
    """When the bot is expected to join, if not at the meeting's start."""
    is_adopted: bool = False
    shared_with: str = ""
    notes: tuple[str, ...] = ()
    """Which options the provider does not take as they are, and what was done instead: sentences for people."""
    terms: DispatchTerms = DispatchTerms()


def is_worth_joining(request: MeetingRequest, now: datetime) -> bool:
    """Whether a bot sent now would still attend a useful part of the meeting."""
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
