"""Books a meeting: starts its workflow unless the same meeting has one already, and reports which."""

from datetime import UTC, datetime, timedelta
from functools import partial

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.dispatch import is_worth_joining, unbookable
from minutekeeper.meetings.ids import meeting_id_for, meeting_id_from_workflow_id, workflow_id_for
from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows, is_in_room
from minutekeeper.temporal.queries import is_unknown_workflow
from starter.errors import IdTakenError, MeetingInputError
from starter.meeting_models import BookedMeeting, BookingOutcome
from starter.meeting_snapshot import is_meeting, snapshot

RPC_TIMEOUT = timedelta(seconds=10)

_SAME_CALL = timedelta(minutes=5)
"""Meetings of one link that start this close to each other are one call, because back-to-back meetings are further
apart."""


async def book_meeting(temporal: Client, request: MeetingRequest, workflow_id: str | None) -> BookedMeeting:
    """Starts a meeting's workflow unless the same meeting has one already.

    Raises IdTakenError if `workflow_id` belongs to another meeting, MeetingInputError for one that is over.
    """
    name = workflow_id or workflow_id_for(meeting_id_for(request.meeting_url, request.start_time))
    existing = partial(_existing, temporal, request, name, is_own_id=workflow_id is not None)
    if problem := unbookable(request, datetime.now(UTC)):
        try:
            return await existing()
        except RPCError as error:
            if is_unknown_workflow(error):
                raise MeetingInputError("", problem) from None
            raise
    if workflow_id is None and (joined := await _same_call(temporal, request, name)):
        return joined
    try:
        return await _start(temporal, request, name, BookingOutcome.BOOKED)
    except WorkflowAlreadyStartedError:
        earlier = await existing()
    if earlier.booking is not BookingOutcome.BOOKED_AGAIN:
        return earlier
    try:
        return await _start(temporal, request, name, BookingOutcome.BOOKED_AGAIN)
    except WorkflowAlreadyStartedError:
        # Another process booked it again at the same moment.
        return await existing()


async def _same_call(temporal: Client, request: MeetingRequest, workflow_id: str) -> BookedMeeting | None:
    """A running meeting of the same link that starts at about the same time."""
    start = request.start_time
    condition = is_in_room(request.meeting_url, start - _SAME_CALL, start + _SAME_CALL)
    async for execution in MeetingWorkflows(temporal, RPC_TIMEOUT).running(condition, limit=1):
        if execution.id == workflow_id:
            return None
        described = await temporal.get_workflow_handle(execution.id).describe(rpc_timeout=RPC_TIMEOUT)
        view = await snapshot(temporal, described)
        return BookedMeeting(
            meeting_id=view.meeting_id, workflow_id=view.workflow_id, booking=BookingOutcome.JOINED, view=view
        )
    return None


async def _start(
    temporal: Client, request: MeetingRequest, workflow_id: str, booking: BookingOutcome
) -> BookedMeeting:
    workflows = MeetingWorkflows(temporal, RPC_TIMEOUT)
    await workflows.start(request, workflow_id, after_ended=booking is BookingOutcome.BOOKED_AGAIN)
    return BookedMeeting(
        meeting_id=meeting_id_from_workflow_id(workflow_id), workflow_id=workflow_id, booking=booking
    )


async def _existing(
    temporal: Client, request: MeetingRequest, workflow_id: str, *, is_own_id: bool
) -> BookedMeeting:
    """The meeting that has this workflow id; BOOKED_AGAIN if it should be started again."""
    execution = await temporal.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
    if not is_meeting(execution):
        raise IdTakenError(
            f"The workflow id {workflow_id} belongs to a workflow of another type; choose another id."
        )
    view = await snapshot(temporal, execution)
    booking = _booking_outcome(view, request, is_running=execution.status is WorkflowExecutionStatus.RUNNING)
    is_same_meeting = meeting_key(view.meeting_url) == meeting_key(request.meeting_url)
    is_same = is_same_meeting and view.start_time == request.start_time
    if is_own_id and not is_same and booking is not BookingOutcome.BOOKED_AGAIN:
        raise IdTakenError(
            f"The workflow id {workflow_id} belongs to another meeting, {view.meeting_url} at "
            f"{descriptions.format_utc(view.start_time)} ({view.status.value}); choose another id, or reschedule "
            "that meeting."
        )
    return BookedMeeting(meeting_id=view.meeting_id, workflow_id=workflow_id, booking=booking, view=view)


def _booking_outcome(view: MeetingView, request: MeetingRequest, *, is_running: bool) -> BookingOutcome:
    if is_running:
        return BookingOutcome.ALREADY_BOOKED
    if view.status is MeetingStatus.COMPLETED:
        return BookingOutcome.ALREADY_COMPLETED
    if view.artifacts:
        return BookingOutcome.FILES_STORED
    is_useful = is_worth_joining(request, datetime.now(UTC))
    return BookingOutcome.BOOKED_AGAIN if is_useful else BookingOutcome.ALREADY_OVER
