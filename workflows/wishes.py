"""What people want of a meeting while it lives: that it moves, that it ends. The phases act on it."""

from enum import StrEnum

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from minutekeeper.temporal import search_attributes
from workflows.journal import Journal

with workflow.unsafe.imports_passed_through():
    from meetings.dispatch import unbookable
    from meetings.names import INVALID_REQUEST, REFUSED, RELEASED
    from meetings.outcome import Evidence
    from meetings.request import Reschedule
    from meetings.status import MeetingStatus


class Stop(StrEnum):
    CANCEL = "cancel"
    LEAVE = "leave"


class Wishes:
    """`has_moved`: since the meeting's present time was last taken up. `stop` is for good, once there is one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._record = journal.record
        self.has_moved = False
        self.stop: Stop | None = None
        self.is_too_late = False
        """What the meeting came to is being settled: nobody can change it any more."""

    @property
    def any(self) -> bool:
        return self.has_moved or self.stop is not None

    def move(self, change: Reschedule) -> None:
        if self._record.move(change, workflow.now()):
            self.has_moved = True
        self._journal.publisher.show(search_attributes.updated_attributes(self._record.request))

    def refuse_move(self, change: Reschedule) -> None:
        """Raises ApplicationError for a move that makes no sense any more."""
        self.refuse_if_over("moved")
        self._refuse_if_adopted("moved")
        if self.stop:
            raise ApplicationError("This meeting was stopped already and cannot be moved.", type=REFUSED)
        before, moved = self._record.request, self._record.request.moved(change)
        if (moved.start_time, moved.end_time, moved.meeting_url) == (
            before.start_time,
            before.end_time,
            before.meeting_url,
        ):
            return
        if problem := unbookable(moved, workflow.now()):
            raise ApplicationError(problem, type=INVALID_REQUEST)

    def request_stop(self, stop: Stop, why: str, event: str = "") -> None:
        """A cancellation goes before a request to leave; a repeat changes nothing."""
        if self.stop is None or (self.stop, stop) == (Stop.LEAVE, Stop.CANCEL):
            self.stop = stop
            self._record.stop_evidence = Evidence(event=event or stop.value, at=workflow.now(), text=why)
            wish = "The meeting was cancelled" if stop is Stop.CANCEL else "The bot was asked to leave"
            self._journal.note(stop.value, f"{wish}{f': {why}' if why else '.'}")

    def cancel_unwanted(self, why: str) -> None:
        """The last calendar has let go."""
        if not (self.stop or self.is_too_late):
            self.request_stop(Stop.CANCEL, why, RELEASED)

    def refuse_if_over(self, what: str) -> None:
        if self.is_too_late:
            status = self._record.view().status
            came_to = status.value if status.is_final else "what its bot left is being brought home"
            raise ApplicationError(f"This meeting is over ({came_to}) and cannot be {what} any more.", type=REFUSED)

    def refuse_leave(self) -> None:
        self.refuse_if_over("left")
        if self._record.phase is MeetingStatus.SCHEDULED:
            raise ApplicationError("No bot is in this meeting yet; cancel the meeting instead.", type=REFUSED)

    def refuse_claim(self) -> None:
        self.refuse_if_over("claimed")
        self._refuse_if_adopted("claimed")
        if self.stop:
            raise ApplicationError("This meeting was stopped already and cannot be claimed.", type=REFUSED)

    def _refuse_if_adopted(self, what: str) -> None:
        if self._record.request.follows:
            raise ApplicationError(
                f"The provider sent this bot by its own timer, so the meeting cannot be {what} here; "
                "change the event in its calendar.",
                type=REFUSED,
            )
