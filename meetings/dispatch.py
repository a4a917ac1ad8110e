"""When and how a bot is sent: the plan a provider makes, the order an activity carries out, and its answer."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from meetings.deadlines import Deadlines
from meetings.request import BotOptions, MeetingRequest, UtcDatetime

LAST_USEFUL_MINUTE = timedelta(minutes=1)
"""A bot that could see less than this of a meeting is not worth sending."""


class DispatchMode(StrEnum):
    RESERVED = "reserved"
    """The provider sets a machine aside and joins at the start."""
    IMMEDIATE = "immediate"
    """From the provider's pool, at once."""


class DispatchPlan(BaseModel):
    """When the provider wants to be called for a meeting, and how.

    `call_at` is the exact instant of the call, `join_at` when the bot should then be seen (both UTC). `arm_ahead`
    seconds before `call_at` the request must be in the hands of an activity.
    """

    model_config = ConfigDict(frozen=True)

    call_at: UtcDatetime
    join_at: UtcDatetime
    mode: DispatchMode
    arm_ahead: float = 0.0
    spread: float = 0.0
    """Wake-ups are spread over this many further seconds, always earlier."""
    deadlines: Deadlines = Deadlines()
    max_dispatches: int = 3
    """Bots that may be sent to one occurrence of a meeting, counting those that a further try could cure."""


class PlanRequest(BaseModel):
    model_config = ConfigDict(frozen=True)

    start_time: UtcDatetime
    now: UtcDatetime


class DispatchOrder(BaseModel):
    """One bot to be sent. Holds no secret: what the bot must know beyond this, the activity adds."""

    model_config = ConfigDict(frozen=True)

    key: str
    dispatch: int
    run: str
    """The workflow run the bot belongs to, so that an earlier meeting of the same name is told apart."""
    meeting_url: str
    start_time: UtcDatetime
    call_at: UtcDatetime
    mode: DispatchMode
    transcript: bool
    bot: BotOptions
    look_first: bool = False
    """An earlier order of the same key ended in doubt: its bot may exist."""
    first_call_at: UtcDatetime | None = None
    """When the first order of this key was due, if there was an earlier one."""


class SentBot(BaseModel):
    """The answer to an order. `shared_with` names the workflow whose bot is already in this very meeting."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    sent_at: UtcDatetime
    mode: DispatchMode
    adopted: bool = False
    shared_with: str = ""


def is_worth_joining(request: MeetingRequest, now: datetime) -> bool:
    """Whether a bot sent now would still see something of the meeting."""
    return now < request.expected_end - LAST_USEFUL_MINUTE
