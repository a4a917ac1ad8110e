"""Starting the workflow of a meeting, once, and saying plainly what became of the wish."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from meetings import story
from meetings.dispatch import is_worth_joining, unbookable
from meetings.ids import meeting_id_for, meeting_id_of, workflow_id_for
from meetings.outcome import MeetingView
from meetings.request import MeetingRequest
from meetings.status import MeetingStatus
from meetings.urls import meeting_key
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows, is_in_room
from minutekeeper.temporal.queries import is_unknown_workflow
from starter import records
from starter.errors import MeetingInputError, MeetingRefusedError
from starter.summaries import is_meeting

RPC_LIMIT = timedelta(seconds=10)

_ONE_CALL = timedelta(minutes=5)
"""Meetings of one link that start so close to each other are one call; back-to-back ones are further apart."""


class Booking(StrEnum):
    """What became of the wish to keep a meeting."""

    BOOKED = "booked"
    BOOKED_ANEW = "booked_anew"
    """It had been booked before, but cancelled or failed, and is not over yet."""
    ALREADY_BOOKED = "already_booked"
    JOINED = "joined"
    """Another meeting of the same link starts at about the same time: one call, for which one bot is enough."""
    ALREADY_COMPLETED = "already_completed"
    FILES_KEPT = "files_kept"
    """It was cancelled or failed after it had recorded something, which a new run would replace."""
    ALREADY_OVER = "already_over"
    """It ended without a recording, and its time has passed."""


class StartedMeeting(BaseModel):
    """The meeting behind a booking. `view` shows one that existed before, as Temporal itself knows it."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    booking: Booking
    view: MeetingView | None = None

    @property
    def already_existed(self) -> bool:
        return self.booking not in {Booking.BOOKED, Booking.BOOKED_ANEW}


async def book(temporal: Client, request: MeetingRequest, workflow_id: str | None) -> StartedMeeting:
    """Starts a meeting's workflow unless the same meeting has one already.

    Raises MeetingRefusedError if `workflow_id` belongs to something else, MeetingInputError if the meeting is over.
    """
    name = workflow_id or workflow_id_for(meeting_id_for(request.meeting_url, request.start_time))
    if problem := unbookable(request, datetime.now(UTC)):
        try:
            existing = await _existing(temporal, request, name, is_own_name=workflow_id is not None)
        except RPCError as error:
            if is_unknown_workflow(error):
                raise MeetingInputError("", problem) from None
            raise
        return existing
    if workflow_id is None and (joined := await _same_call(temporal, request, name)):
        return joined
    try:
        return await _start(temporal, request, name, Booking.BOOKED)
    except WorkflowAlreadyStartedError:
        existing = await _existing(temporal, request, name, is_own_name=workflow_id is not None)
    if existing.booking is not Booking.BOOKED_ANEW:
        return existing
    try:
        return await _start(temporal, request, name, Booking.BOOKED_ANEW)
    except WorkflowAlreadyStartedError:
        # Somebody else booked it anew at the same moment.
        return await _existing(temporal, request, name, is_own_name=workflow_id is not None)


async def _same_call(temporal: Client, request: MeetingRequest, name: str) -> StartedMeeting | None:
    """A running meeting of the same link that starts at about the same time, such as one booked a second before."""
    start = request.start_time
    condition = is_in_room(request.meeting_url, start - _ONE_CALL, start + _ONE_CALL)
    async for execution in MeetingWorkflows(temporal, RPC_LIMIT).running(condition, limit=1):
        if execution.id == name:
            return None
        described = await temporal.get_workflow_handle(execution.id).describe(rpc_timeout=RPC_LIMIT)
        view = await records.view_of(temporal, described)
        return StartedMeeting(
            meeting_id=view.meeting_id, workflow_id=view.workflow_id, booking=Booking.JOINED, view=view
        )
    return None


async def _start(temporal: Client, request: MeetingRequest, name: str, booking: Booking) -> StartedMeeting:
    workflows = MeetingWorkflows(temporal, RPC_LIMIT)
    await workflows.start(request, name, after_ended=booking is Booking.BOOKED_ANEW)
    return StartedMeeting(meeting_id=meeting_id_of(name), workflow_id=name, booking=booking)


async def _existing(temporal: Client, request: MeetingRequest, name: str, *, is_own_name: bool) -> StartedMeeting:
    """The meeting that has this name already; BOOKED_ANEW if it should be started again."""
    execution = await temporal.get_workflow_handle(name).describe(rpc_timeout=RPC_LIMIT)
    if not is_meeting(execution):
        raise MeetingRefusedError(
            f"The workflow id {name} belongs to a workflow of another type; choose another one."
        )
    view = await records.view_of(temporal, execution)
    booking = _what_became(view, request, is_running=execution.status is WorkflowExecutionStatus.RUNNING)
    is_same_meeting = meeting_key(view.meeting_url) == meeting_key(request.meeting_url)
    is_same = is_same_meeting and view.start_time == request.start_time
    if is_own_name and not is_same and booking is not Booking.BOOKED_ANEW:
        raise MeetingRefusedError(
            f"The workflow id {name} belongs to another meeting, {view.meeting_url} at "
            f"{story.clock(view.start_time)} ({view.status.value}); choose another one, or reschedule that meeting."
        )
    return StartedMeeting(meeting_id=view.meeting_id, workflow_id=name, booking=booking, view=view)


def _what_became(view: MeetingView, request: MeetingRequest, *, is_running: bool) -> Booking:
    if is_running:
        return Booking.ALREADY_BOOKED
    if view.status is MeetingStatus.COMPLETED:
        return Booking.ALREADY_COMPLETED
    if view.artifacts:
        return Booking.FILES_KEPT
    worthwhile = is_worth_joining(request, datetime.now(UTC))
    return Booking.BOOKED_ANEW if worthwhile else Booking.ALREADY_OVER
