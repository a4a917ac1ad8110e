"""Books, changes and releases meetings for a calendar. Every call is idempotent."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from enum import StrEnum

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from minutekeeper.calendars.event_changes import booked_state_of
from minutekeeper.calendars.limits import WantedBooking
from minutekeeper.calendars.messages import DisconnectRequest
from minutekeeper.calendars.tracked_events import BookedState
from minutekeeper.calendars.user_connection import RECONNECTED
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult
from minutekeeper.meetings.dispatch import is_worth_joining
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING, DispatchTiming
from minutekeeper.meetings.ids import is_adopted, meeting_id_from_workflow_id, occurrences_of, workflow_id_for
from minutekeeper.meetings.meeting_changes import is_continued_elsewhere
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_urls import public_url
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import RELEASED, ClaimingCalendar, MeetingView, Outcome
from minutekeeper.temporal.calendar_workflows import request_disconnect
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows, is_claimed_by, meetings_booked_by_hand
from minutekeeper.temporal.names import RELEASE_UPDATE, STATE_QUERY
from minutekeeper.temporal.queries import is_ended_workflow, is_unknown_workflow
from minutekeeper.temporal.search_attributes import MEETING_START, MEETING_STATUS, MEETING_URL, as_keyword

_LIMIT = timedelta(seconds=20)


CALL_ERRORS = (RPCError, WorkflowUpdateRPCTimeoutOrCancelledError)
"""What a call may fail with temporarily."""


class BookingResult(StrEnum):
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    """It is being recorded, and is not moved meanwhile."""
    CLOSED = "closed"
    """It was held, or a user ended it: there is nothing to book."""
    ENDING = "ending"
    """It ends right now; what is to be done is only known afterwards."""


class MeetingBookings:
    """`wake_up` is when meetings have their bots sent, `events` what is told of them before their end.

    Every method may raise one of CALL_ERRORS, after which it can be called again.
    """

    def __init__(
        self, client: Client, wake_up: DispatchTiming = DEFAULT_DISPATCH_TIMING, events: tuple[str, ...] = ()
    ) -> None:
        self._client = client
        self._workflows = MeetingWorkflows(client, _LIMIT)
        self._wake_up = wake_up
        self._events = events

    async def claim(
        self, meeting_id: str, request: MeetingRequest, claim: Claim, now: datetime, *, is_new: bool = False
    ) -> BookingResult:
        """Claims a meeting; one that does not exist is booked. For one that `is_new` that is tried first.

        A meeting that was recorded keeps its name and its files: its event, moved to another time or room, has a
        meeting with a number behind the name, which is the same for all calendars.
        """
        request = request.model_copy(update={"wake_up": self._wake_up, "events": self._events})
        if is_new and await self._book(workflow_id_for(meeting_id), request, claim):
            return BookingResult.ACCEPTED
        for name in map(workflow_id_for, occurrences_of(meeting_id)):
            try:
                return await self._claim(name, request, claim, after_ended=False)
            except WorkflowAlreadyStartedError:
                execution = await self._client.get_workflow_handle(name).describe(rpc_timeout=_LIMIT)
            if execution.status is WorkflowExecutionStatus.RUNNING:
                return BookingResult.ENDING
            outcome = await self._outcome(execution)
            if not _may_follow(execution, outcome, request, now) and not await self._goes_on(execution, claim, now):
                return BookingResult.CLOSED
            if _state(execution).is_lost:
                request = request.model_copy(update={"rebooked": True})
            if outcome is None or not outcome.artifacts:
                return await self._claim(name, request, claim, after_ended=True)
        return BookingResult.CLOSED

    async def release(self, meeting_id: str, release: ClaimRelease) -> tuple[ClaimingCalendar, ...]:
        """Releases a meeting, and what was booked under its name after it was held.

        Returns the calendars that claim it still, if it was running and answers.
        """
        for name in map(workflow_id_for, occurrences_of(meeting_id)):
            handle = self._client.get_workflow_handle(name)
            try:
                await handle.execute_update(RELEASE_UPDATE, release, rpc_timeout=_LIMIT)
            except WorkflowUpdateFailedError:
                # It closed at this very moment.
                return ()
            except RPCError as error:
                if not is_unknown_workflow(error):
                    raise
                if not is_ended_workflow(error):
                    return ()
            else:
                return await self._claiming(name) if release.for_all else ()
        return ()

    async def running_for_calendar(self, calendar_id: str) -> AsyncIterator[str]:
        """The running meetings that this calendar has booked. What happened a second ago may be missing.

        Those that follow the provider's own bots are not released by calendars.
        """
        async for execution in self._workflows.running(is_claimed_by(calendar_id)):
            if not is_adopted(meeting_id := meeting_id_from_workflow_id(execution.id)):
                yield meeting_id

    async def booked_by_hand(self, earliest: datetime) -> list[WantedBooking]:
        """The meetings that no calendar claims, as far as Temporal knows them, and that start after the instant."""
        return [each async for each in meetings_booked_by_hand(self._workflows, earliest)]

    async def disconnect_replaced(self, calendar_id: str) -> None:
        """Has a calendar release its meetings and end that was connected again under another id."""
        await request_disconnect(self._client, calendar_id, DisconnectRequest(reason=RECONNECTED))

    async def state(self, meeting_id: str) -> BookedState:
        """The state of a meeting, by its id: unlike a search, this is current."""
        execution = await self._workflows.describe(workflow_id_for(meeting_id))
        if execution is None:
            return BookedState.ABSENT
        state = _state(execution)
        if state is BookedState.CANCELLED:
            outcome = await self._outcome(execution)
            return BookedState.RELEASED if outcome and outcome.evidence.event == RELEASED else state
        return state

    async def _claiming(self, name: str) -> tuple[ClaimingCalendar, ...]:
        """The calendars that claim a meeting; none if it cannot answer, or is not known any more."""
        handle = self._client.get_workflow_handle(name)
        try:
            view: MeetingView = await handle.query("status", result_type=MeetingView, rpc_timeout=_LIMIT)
        except WorkflowQueryFailedError:
            return ()
        except RPCError as error:
            if is_unknown_workflow(error):
                return ()
            raise
        return view.calendars

    async def event_id_for(self, meeting_id: str, calendar_id: str) -> str | None:
        """The event for which a calendar has a meeting; empty if the meeting was booked and never claimed.

        None if the meeting does not answer, because one must not keep a calendar from following all the others.
        """
        handle = self._client.get_workflow_handle(workflow_id_for(meeting_id))
        try:
            view = await handle.query("status", result_type=MeetingView, rpc_timeout=_LIMIT)
        except (RPCError, WorkflowQueryFailedError):
            return None
        return next((each.event_id for each in view.calendars if each.calendar_id == calendar_id), "")

    async def _book(self, name: str, request: MeetingRequest, claim: Claim) -> bool:
        """Whether the meeting was booked, with its claim: one call instead of two."""
        try:
            claimed = request.model_copy(update={"claim": claim})
            await self._workflows.start(claimed, name)
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _claim(self, name: str, request: MeetingRequest, claim: Claim, *, after_ended: bool) -> BookingResult:
        try:
            answer = await self._workflows.claim(request, claim, name, after_ended=after_ended)
        except WorkflowUpdateFailedError:
            return BookingResult.ENDING
        return BookingResult.ACCEPTED if answer is ClaimResult.ACCEPTED else BookingResult.DEFERRED

    async def _goes_on(self, execution: WorkflowExecutionDescription, claim: Claim, now: datetime) -> bool:
        """Whether a meeting that ended by itself goes on in another room, because its event has another link."""
        link = execution.typed_search_attributes.get(MEETING_URL)
        if link is None or link == as_keyword(public_url(claim.meeting_url)):
            return False
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id)
        try:
            state = await handle.query(STATE_QUERY, result_type=MeetingState, rpc_timeout=_LIMIT)
        except WorkflowQueryFailedError:
            return False
        return is_continued_elsewhere(state, claim, now)

    async def _outcome(self, execution: WorkflowExecutionDescription) -> Outcome | None:
        """None for a meeting that did not end by itself."""
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id, result_type=Outcome)
        try:
            outcome: Outcome = await handle.result()
        except WorkflowFailureError:
            return None
        return outcome


def _may_follow(
    execution: WorkflowExecutionDescription, outcome: Outcome | None, request: MeetingRequest, now: datetime
) -> bool:
    """Whether another meeting may come after one that has ended.

    What was terminated is booked again. Calendars that released it may come back. What a user cancelled stays so
    until its time is over. All others have had their meeting, unless its event was moved to a time after that.
    """
    if not is_worth_joining(request, now):
        return False
    if _state(execution).is_lost:
        return True
    if outcome is not None and outcome.evidence.event == RELEASED:
        return True
    if outcome is not None and outcome.status is MeetingStatus.CANCELLED:
        return False
    is_elsewhen = execution.typed_search_attributes.get(MEETING_START) != request.start_time
    return is_elsewhen and execution.close_time is not None and request.start_time > execution.close_time


def _state(execution: WorkflowExecutionDescription) -> BookedState:
    status = execution.status.name if execution.status else ""
    return booked_state_of(status, execution.typed_search_attributes.get(MEETING_STATUS, ""))
