"""What the parts of a meeting's workflow share: the state, the time, and the count of activities in flight."""

from dataclasses import dataclass, field

from temporalio import workflow

from workflows.timers import WorkflowClock

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings.meeting_state import MeetingState
    from minutekeeper.meetings.record import MeetingRecord


class InFlight:
    """Counts the activities whose results are not in the state yet: continue-as-new must lose none of them."""

    def __init__(self) -> None:
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *_: object) -> None:
        self._count -= 1


@dataclass
class MeetingContext:
    """`recorded` is the record that the last storage activity wrote, as far as the workflow knows it."""

    state: MeetingState
    clock: WorkflowClock = field(default_factory=WorkflowClock)
    in_flight: InFlight = field(default_factory=InFlight)
    recorded: MeetingRecord | None = None
