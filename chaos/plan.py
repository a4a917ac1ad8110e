"""What a run is made of. Times are seconds from its beginning, unless they say otherwise."""

from dataclasses import dataclass
from enum import StrEnum

from chaos.lives import NORMAL


class Act(StrEnum):
    """What a customer may do to a meeting that is booked."""

    MOVE = "move"
    CANCEL = "cancel"
    LEAVE = "leave"


@dataclass(frozen=True)
class Change:
    """An act, so many seconds after the one before or, if it `awaits_bot`, after a bot is known to be on its way.

    A move counts the new start and end from its own moment; an empty link leaves that as it is.
    """

    act: Act
    after: float
    awaits_bot: bool = False
    start_in: float = 0.0
    end_in: float = 0.0
    meeting_url: str = ""


class Wish(StrEnum):
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


@dataclass(frozen=True)
class PlannedMeeting:
    """A meeting and all that its customer does. The first `lives` bots live the life, or all of them if None."""

    meeting_url: str
    book_at: float
    start_at: float
    end_at: float
    wish: Wish = Wish.NONE
    life: str = NORMAL
    lives: int | None = None
    changes: tuple[Change, ...] = ()
    twin: str = ""
    """The name of a second workflow of a meeting that is booked twice."""
    audio_only: bool = False

    @property
    def title(self) -> str:
        return f"Chaos: {self.wish}, {self.life}"


class BlowKind(StrEnum):
    KILL = "SIGKILL"
    FREEZE = "SIGSTOP"
    OUTAGE = "outage"
    """SIGKILL, and nobody starts it again for a while."""


@dataclass(frozen=True)
class Blow:
    """What is done to a process of the stack, and for how many seconds it lasts if it is not a mere kill."""

    at: float
    kind: BlowKind
    target: str
    seconds: float = 0.0
