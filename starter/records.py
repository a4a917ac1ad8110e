"""What Temporal itself knows of a meeting: search attributes, the request it began with, its result. No worker."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
)
from temporalio.exceptions import FailureError

from meetings.collection import DownloadProgress
from meetings.ids import meeting_id_of
from meetings.names import MEETING_WORKFLOW
from meetings.outcome import Evidence, MeetingView, Outcome
from meetings.request import MeetingRequest
from meetings.status import FailureReason, MeetingStatus, TranscriptState
from workflows.attributes import BOT_ID, MEETING_PLATFORM, MEETING_START, MEETING_STATUS, MEETING_TITLE, MEETING_URL

STATUS_OF_BROKEN = {
    WorkflowExecutionStatus.CANCELED: MeetingStatus.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: MeetingStatus.CANCELLED,
    WorkflowExecutionStatus.FAILED: MeetingStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: MeetingStatus.FAILED,
}
"""What a meeting came to whose workflow did not end by itself, and so could not say."""

_Model = TypeVar("_Model", bound=BaseModel)

_STATUSES = {each.value: each for each in MeetingStatus}


class MeetingSummary(BaseModel):
    """One line of a list. `booked_at` is when its workflow was started; all times are UTC."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    start_time: AwareDatetime | None
    title: str
    meeting_url: str
    platform: str
    bot_id: str
    booked_at: AwareDatetime
    closed_at: AwareDatetime | None


def summary_of(execution: WorkflowExecution) -> MeetingSummary:
    """A meeting as its search attributes show it; what is not known yet is empty."""
    known = execution.typed_search_attributes
    return MeetingSummary(
        meeting_id=meeting_id_of(execution.id),
        workflow_id=execution.id,
        status=_status_of(execution),
        start_time=known.get(MEETING_START),
        title=known.get(MEETING_TITLE, ""),
        meeting_url=known.get(MEETING_URL, ""),
        platform=known.get(MEETING_PLATFORM, ""),
        bot_id=known.get(BOT_ID, ""),
        booked_at=execution.start_time,
        closed_at=execution.close_time,
    )


async def view_of(temporal: Client, execution: WorkflowExecutionDescription) -> MeetingView:
    """A meeting as well as it can be shown without a worker: the timeline stays empty."""
    request = await _request_of(temporal, execution)
    summary = _completed(summary_of(execution), request)
    view = MeetingView(
        meeting_id=summary.meeting_id,
        workflow_id=summary.workflow_id,
        status=summary.status,
        reason=None,
        evidence=None,
        bot_id=summary.bot_id,
        meeting_url=summary.meeting_url,
        platform=summary.platform,
        title=summary.title,
        start_time=summary.start_time or execution.start_time,
        end_time=None,
        transcript=TranscriptState.PENDING if request and request.wanted.transcript else TranscriptState.NOT_ASKED,
        artifacts=(),
        dispatches=0,
        next_deadline=None,
        timeline=(),
    )
    if not is_closed(execution):
        return view
    outcome = await outcome_of(temporal, execution)
    return view.model_copy(
        update={
            "status": outcome.status,
            "reason": outcome.reason,
            "evidence": outcome.evidence,
            "bot_id": outcome.bot_id or summary.bot_id,
            "transcript": outcome.transcript,
            "artifacts": outcome.artifacts,
        }
    )


async def outcome_of(temporal: Client, execution: WorkflowExecution) -> Outcome:
    """How a closed meeting ended: its own result, or what became of a workflow that was ended from outside."""
    handle = temporal.get_workflow_handle(execution.id, run_id=execution.run_id, result_type=Outcome)
    try:
        result: Outcome = await handle.result(follow_runs=False)
    except WorkflowFailureError as failure:
        return _outcome_of_broken(execution, words_of(failure.cause))
    return result


def settled(view: MeetingView, execution: WorkflowExecutionDescription) -> MeetingView:
    """A worker's answer about a closed workflow; one that was ended from outside still believes that it runs."""
    if view.status.is_final or execution.status not in STATUS_OF_BROKEN:
        return view
    outcome = _outcome_of_broken(execution, "")
    return view.model_copy(
        update={
            "status": outcome.status,
            "reason": outcome.reason,
            "evidence": outcome.evidence,
            "next_deadline": None,
        }
    )


def words_of(cause: BaseException) -> str:
    """The message of an error that came through Temporal, without the name of its type."""
    return cause.message if isinstance(cause, FailureError) else str(cause)


def is_meeting(execution: WorkflowExecution) -> bool:
    return execution.workflow_type == MEETING_WORKFLOW


def is_closed(execution: WorkflowExecution) -> bool:
    return execution.status is not WorkflowExecutionStatus.RUNNING


async def progress_of(execution: WorkflowExecutionDescription) -> DownloadProgress | None:
    """How far a running download is, from its last heartbeat; None if nothing is being downloaded."""
    if is_closed(execution):
        return None
    for pending in execution.raw_description.pending_activities:
        progress = await _decoded(execution, pending.heartbeat_details.payloads, DownloadProgress)
        if progress is not None:
            return progress
    return None


def _status_of(execution: WorkflowExecution) -> MeetingStatus:
    if execution.status in STATUS_OF_BROKEN:
        return STATUS_OF_BROKEN[execution.status]
    return _STATUSES.get(execution.typed_search_attributes.get(MEETING_STATUS, ""), MeetingStatus.SCHEDULED)


def _outcome_of_broken(execution: WorkflowExecution, text: str) -> Outcome:
    if execution.status is None:
        raise ValueError("an execution that was described has a status")
    status = STATUS_OF_BROKEN[execution.status]
    return Outcome(
        meeting_id=meeting_id_of(execution.id),
        status=status,
        reason=FailureReason.UNKNOWN if status is MeetingStatus.FAILED else None,
        evidence=Evidence(
            event=f"workflow_{execution.status.name.lower()}",
            at=execution.close_time or datetime.now(UTC),
            text=text,
        ),
        bot_id=execution.typed_search_attributes.get(BOT_ID, ""),
    )


def _completed(summary: MeetingSummary, request: MeetingRequest | None) -> MeetingSummary:
    """The summary of a meeting whose search attributes its first task has not set yet."""
    if request is None:
        return summary
    asked = {
        "start_time": request.start_time,
        "title": request.title,
        "meeting_url": request.meeting_url,
        "platform": request.platform.value,
    }
    return summary.model_copy(update={name: value for name, value in asked.items() if not getattr(summary, name)})


async def _request_of(temporal: Client, execution: WorkflowExecution) -> MeetingRequest | None:
    """The request that the run began with; None if it is not one that we can read."""
    handle = temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
    async for event in handle.fetch_history_events(page_size=1):
        given = event.workflow_execution_started_event_attributes.input.payloads
        return await _decoded(execution, given, MeetingRequest)
    return None


async def _decoded(execution: WorkflowExecution, payloads: Sequence[Payload], model: type[_Model]) -> _Model | None:
    """The first payload as a model; None if it is something else."""
    if not payloads:
        return None
    try:
        decoded: list[_Model] = await execution.data_converter.decode(payloads[:1], [model])
    except (ValueError, KeyError, RuntimeError):
        return None
    return decoded[0]
