"""What a meeting does next, and how it was asked to stop."""

from datetime import datetime
from enum import Enum, StrEnum
from typing import NamedTuple

from pydantic import BaseModel

from minutekeeper.meetings.views import Evidence


class StopKind(StrEnum):
    CANCEL = "cancel"
    LEAVE = "leave"


class StopState(BaseModel):
    """Why the meeting is to have no bot any more; for good, once there is one."""

    kind: StopKind
    evidence: Evidence


class NextStepKind(Enum):
    START = "start"
    """A bot session."""
    TOO_LATE = "too_late"
    WAIT = "wait"


class NextStep(NamedTuple):
    """`until` bounds a wait (UTC); None waits for a change alone."""

    kind: NextStepKind
    until: datetime | None = None
    is_room_occupied: bool = False
