"""What a run is made of. Times are seconds from its beginning, unless they say otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from devtools.chaos.bot_scripts import NORMAL


class CustomerAction(StrEnum):
    """What a customer may do to a meeting that is booked."""

    MOVE = "move"
    CANCEL = "cancel"
    LEAVE = "leave"
    RELEASE = "release"
    """What a calendar does in place of a cancellation; a meeting that has begun stays."""


@dataclass(frozen=True)
class Change:
    """An action, so many seconds after the one before or, if it `awaits_bot`, after a bot is known to be sent.

    A move counts the new start and end from its own moment, unless it goes `onto` a start and end that are counted
    from the beginning of the run. An empty link leaves that as it is.
    """

    action: CustomerAction
    after: float
    awaits_bot: bool = False
    start_in: float = 0.0
    end_in: float = 0.0
    meeting_url: str = ""
    onto: tuple[float, float] | None = None


@dataclass(frozen=True)
class RoomFault:
    """A fault that the provider has in one room, `order` in the form of the simulator's own control."""

    at: float
    seconds: float
    order: Mapping[str, Any]


class Scenario(StrEnum):
    """What customers want beyond a booking."""

    NONE = "nothing more"
    MOVED_ASLEEP = "moved before its bot"
    MOVED_SENT = "moved after its bot"
    MOVED_TWICE = "moved twice"
    MOVED_LINK = "moved to another link"
    CANCELLED_ASLEEP = "cancelled before its bot"
    CANCELLED_ARMED = "cancelled while armed"
    CANCELLED_SENT = "cancelled after its bot"
    LEFT = "left"
    SHARED = "booked twice"
    SHARED_CANCELLED = "booked twice, cancelled once"


class TwinKind(StrEnum):
    """What brings two of our bots to one room: mostly several workflows that are booked for it."""

    SAME_INSTANT = "twins, one instant"
    MINUTES_APART = "twins, minutes apart"
    MOVED_BEFORE = "twins, one moved before its bot"
    MOVED_AFTER = "twins, one moved after its bot"
    MOVED_IN_CALL = "twins, one moved during the call"
    MOVED_ONTO = "twins, one moved onto the other's time"
    BY_CALENDAR = "twins, one by hand and one by calendar"
    FAILED_BOTS = "twins, first bots fail"
    ACCOUNT_REFUSED = "twins, account refused between them"
    PROVIDER_DOWN = "twins, provider down between them"
    ANSWER_LOST = "twins, answer lost and list down"
    CANCELLED = "twins, one cancelled"
    LEFT = "twins, one told to leave"
    TRIPLETS = "triplets"
    DOUBLED = "one bot doubled by the provider"


@dataclass(frozen=True)
class PlannedMeeting:
    """A meeting and all that its customer does.

    The first `script_times` bots of its room play the script (None: all of them), later ones the `later_script`.
    """

    meeting_url: str
    book_at: float
    start_at: float
    end_at: float
    scenario: Scenario | TwinKind = Scenario.NONE
    script: str = NORMAL
    script_times: int | None = None
    later_script: str = NORMAL
    changes: tuple[Change, ...] = ()
    twin: str = ""
    """The workflow's id if it is to have one of its own; what the room's bots live is said by one of several."""
    by_calendar: bool = False
    """Whether it is booked, moved and given up as a calendar does it."""
    audio_only: bool = False
    provider: str = ""
    """The only one that may send its bots; empty: any."""
    faults: tuple[RoomFault, ...] = ()

    @property
    def title(self) -> str:
        return f"Chaos: {self.scenario}, {self.script}"


class ProcessFaultKind(StrEnum):
    KILL = "SIGKILL"
    FREEZE = "SIGSTOP"
    OUTAGE = "outage"
    """SIGKILL, and nobody starts it again for a while."""


@dataclass(frozen=True)
class ProcessFault:
    """What is done to a process of the stack, and for how many seconds it lasts if it is not a mere kill."""

    at: float
    kind: ProcessFaultKind
    target: str
    seconds: float = 0.0
