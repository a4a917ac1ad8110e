"""A meeting without a worker: from its search attributes, the request that it began with, and its result."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel
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
from meetings.outcome import Evidence, InterestedCalendar, MeetingView, Outcome
from meetings.request import MeetingRequest
from meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.temporal.search_attributes import BOT_ID
from starter.summaries import STATUS_OF_BROKEN, MeetingSummary, is_closed, summary_of

_Model = TypeVar("_Model", bound=BaseModel)


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
        trouble="",
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
        bot_goes_at=_bot_goes_at(summary, request),
        timeline=(),
        webhooks=WebhookState.NOT_EXPECTED,
        calendars=_calendars_of(request),
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
            "bot_goes_at": None,
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
            "bot_goes_at": None,
        }
    )


def words_of(cause: BaseException) -> str:
    """The message of an error that came through Temporal, without its type's name and hints for programmers."""
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return re.sub(r"\s*(\[type=[^\n]*\]|For further information visit \S+)", "", message)


async def progress_of(execution: WorkflowExecutionDescription) -> DownloadProgress | None:
    """How far a running download is, from its last heartbeat; None if nothing is being downloaded."""
    if is_closed(execution):
        return None
    for pending in execution.raw_description.pending_activities:
        progress = await _decoded(execution, pending.heartbeat_details.payloads, DownloadProgress)
        if progress is not None:
            return progress
    return None


def _outcome_of_broken(execution: WorkflowExecution, text: str) -> Outcome:
    if execution.status is None:
        raise ValueError("an execution that was described has a status")
    status = STATUS_OF_BROKEN[execution.status]
    return Outcome(
        meeting_id=meeting_id_of(execution.id),
        status=status,
        reason=_reason_of_broken(execution.status, status),
        evidence=Evidence(
            event=f"workflow_{execution.status.name.lower()}",
            at=execution.close_time or datetime.now(UTC),
            text=text,
        ),
        bot_id=execution.typed_search_attributes.get(BOT_ID, ""),
    )


def _reason_of_broken(how: WorkflowExecutionStatus, status: MeetingStatus) -> FailureReason | None:
    """Only an input that cannot be read makes the workflow itself fail."""
    if status is not MeetingStatus.FAILED:
        return None
    return FailureReason.INVALID_REQUEST if how is WorkflowExecutionStatus.FAILED else FailureReason.UNKNOWN


def _completed(summary: MeetingSummary, request: MeetingRequest | None) -> MeetingSummary:
    """The summary of a meeting whose search attributes its first task has not set yet."""
    if request is None:
        return summary
    asked = {
        "start_time": request.start_time,
        "title": request.title,
        "meeting_url": request.public_url,
        "platform": request.platform.value,
    }
    return summary.model_copy(update={name: value for name, value in asked.items() if not getattr(summary, name)})


def _bot_goes_at(summary: MeetingSummary, request: MeetingRequest | None) -> datetime | None:
    if summary.status is not MeetingStatus.SCHEDULED or summary.start_time is None or request is None:
        return None
    return request.wake_up.call_at(summary.start_time)


def _calendars_of(request: MeetingRequest | None) -> tuple[InterestedCalendar, ...]:
    """The calendar that booked it; which others want it too, only a worker knows."""
    origin = request.calendar if request else None
    return (InterestedCalendar(calendar_id=origin.calendar_id, event_id=origin.event_id),) if origin else ()


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
