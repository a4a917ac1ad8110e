"""Meetings as Temporal knows them without a worker: search attributes, input, result and activities."""

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

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.ids import meeting_id_from_workflow_id
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import ClaimingCalendar, Evidence, MeetingView, Outcome
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from minutekeeper.temporal.search_attributes import (
    BOT_ID,
    BOT_PROVIDER,
    MEETING_META,
    MEETING_PLATFORM,
    MEETING_START,
    MEETING_STATUS,
    MEETING_TITLE,
    MEETING_URL,
)
from starter.error_translation import error_message
from starter.meeting_models import MeetingSummary, PendingActivity

STATUS_OF_CLOSED_EXECUTION = {
    WorkflowExecutionStatus.CANCELED: MeetingStatus.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: MeetingStatus.FAILED,
    WorkflowExecutionStatus.FAILED: MeetingStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: MeetingStatus.FAILED,
}
"""The status of a meeting whose workflow was closed without a result of its own.

A terminated workflow could not remove its bot, so its meeting counts as failed and not as cancelled.
"""

_REASON_OF_CLOSED_EXECUTION = {
    WorkflowExecutionStatus.TERMINATED: FailureReason.TERMINATED,
    # Only an input that cannot be read makes the workflow itself fail.
    WorkflowExecutionStatus.FAILED: FailureReason.INVALID_REQUEST,
    WorkflowExecutionStatus.TIMED_OUT: FailureReason.UNKNOWN,
}

_FAILS_AFTER = 2
"""Attempts at a workflow task. One failed attempt is normal, because a worker that stops costs one."""

_STATUSES = {each.value: each for each in MeetingStatus}

_ACTIVITY_LABELS = {
    "send_bot": "sending the bot",
    "find_bot": "checking whether a bot was sent",
    "remove_bot": "removing the bot",
    "observe_bot": "asking the provider about the bot",
    "collect": "fetching recording and transcript",
    "write_manifest": "writing the manifest",
    "write_record": "writing the record",
}

_Model = TypeVar("_Model", bound=BaseModel)


def summary_of(execution: WorkflowExecution) -> MeetingSummary:
    """Reads the search attributes; what is not known yet is empty."""
    known = execution.typed_search_attributes
    return MeetingSummary(
        meeting_id=meeting_id_from_workflow_id(execution.id),
        workflow_id=execution.id,
        status=_status_of(execution),
        start_time=known.get(MEETING_START),
        title=known.get(MEETING_TITLE, ""),
        meeting_url=known.get(MEETING_URL, ""),
        platform=known.get(MEETING_PLATFORM, ""),
        bot_id=known.get(BOT_ID, ""),
        metadata=dict(pair.split("=", 1) for pair in known.get(MEETING_META, []) if "=" in pair),
        booked_at=execution.start_time,
        closed_at=execution.close_time,
        trouble=trouble_of(execution),
    )


def trouble_of(execution: WorkflowExecution) -> str:
    """Why no worker executes a workflow; empty if no reason is known."""
    if is_closed(execution):
        return ""
    if execution.task_queue != MEETINGS_QUEUE:
        return (
            f"it waits on the task queue {execution.task_queue!r}, which no worker of Minutekeeper polls; end it "
            f"with `temporal workflow terminate`, and start it on {MEETINGS_QUEUE!r}"
        )
    if not isinstance(execution, WorkflowExecutionDescription):
        return ""
    attempt = execution.raw_description.pending_workflow_task.attempt
    return f"its worker has failed {attempt - 1} times; the worker's log says why" if attempt > _FAILS_AFTER else ""


def is_meeting(execution: WorkflowExecution) -> bool:
    return execution.workflow_type == MEETING_WORKFLOW


def is_closed(execution: WorkflowExecution) -> bool:
    return execution.status is not WorkflowExecutionStatus.RUNNING


def pending_activities(execution: WorkflowExecutionDescription) -> tuple[PendingActivity, ...]:
    """The activities of a running meeting that failed and are retried."""
    return tuple(
        PendingActivity(
            activity=_ACTIVITY_LABELS.get(pending.activity_type.name, pending.activity_type.name),
            attempts=pending.attempt - 1,
            failure=pending.last_failure.message,
            retry_at=(
                pending.next_attempt_schedule_time.ToDatetime(UTC)
                if pending.HasField("next_attempt_schedule_time")
                else None
            ),
        )
        for pending in execution.raw_description.pending_activities
        if pending.HasField("last_failure")
    )


async def snapshot(temporal: Client, execution: WorkflowExecutionDescription) -> MeetingView:
    """The meeting as far as it is known without a worker; the timeline stays empty."""
    view = _view_by_attributes(execution, await _request_of(temporal, execution))
    if not is_closed(execution):
        return view
    outcome = await outcome_of(temporal, execution)
    return view.model_copy(
        update={
            "status": outcome.status,
            "reason": outcome.reason,
            "evidence": outcome.evidence,
            "bot_id": outcome.bot_id or view.bot_id,
            "transcript": outcome.transcript,
            "artifacts": outcome.artifacts,
            "bot_goes_at": None,
        }
    )


def attribute_view(execution: WorkflowExecution) -> MeetingView:
    """The meeting as far as a listing tells: its search attributes and nothing else."""
    return _view_by_attributes(execution, None)


def _view_by_attributes(execution: WorkflowExecution, request: MeetingRequest | None) -> MeetingView:
    summary = _with_request(summary_of(execution), request)
    return MeetingView(
        meeting_id=summary.meeting_id,
        workflow_id=summary.workflow_id,
        status=summary.status,
        reason=None,
        evidence=None,
        trouble="",
        held_change="",
        bot_id=summary.bot_id,
        provider=execution.typed_search_attributes.get(BOT_PROVIDER, ""),
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
        metadata=request.metadata if request else summary.metadata,
        waiting_since=None,
        shared_with="",
    )


async def outcome_of(temporal: Client, execution: WorkflowExecution) -> Outcome:
    """How a closed meeting ended: the workflow's result, or how the workflow was closed from outside."""
    handle = temporal.get_workflow_handle(execution.id, run_id=execution.run_id, result_type=Outcome)
    try:
        result: Outcome = await handle.result(follow_runs=False)
    except WorkflowFailureError as failure:
        return _outcome_without_result(execution, error_message(failure.cause))
    return result


def with_final_status(view: MeetingView, execution: WorkflowExecutionDescription) -> MeetingView:
    """Corrects a worker's answer about a workflow that was closed from outside, because it answers as running."""
    if view.status.is_final or execution.status not in STATUS_OF_CLOSED_EXECUTION:
        return view
    outcome = _outcome_without_result(execution, "")
    return view.model_copy(
        update={
            "status": outcome.status,
            "reason": outcome.reason,
            "evidence": outcome.evidence,
            "next_deadline": None,
            "bot_goes_at": None,
        }
    )


async def progress_of(execution: WorkflowExecutionDescription) -> DownloadProgress | None:
    """The progress of a running download, from its last heartbeat; None if nothing is being downloaded."""
    if is_closed(execution):
        return None
    for pending in execution.raw_description.pending_activities:
        progress = await _decoded(execution, pending.heartbeat_details.payloads, DownloadProgress)
        if progress is not None:
            return progress
    return None


def _outcome_without_result(execution: WorkflowExecution, text: str) -> Outcome:
    if execution.status is None:
        raise ValueError("a described execution has a status")
    return Outcome(
        meeting_id=meeting_id_from_workflow_id(execution.id),
        status=STATUS_OF_CLOSED_EXECUTION[execution.status],
        reason=_REASON_OF_CLOSED_EXECUTION.get(execution.status),
        evidence=Evidence(
            event=f"workflow_{execution.status.name.lower()}",
            at=execution.close_time or datetime.now(UTC),
            text=text,
        ),
        bot_id=execution.typed_search_attributes.get(BOT_ID, ""),
    )


def _with_request(summary: MeetingSummary, request: MeetingRequest | None) -> MeetingSummary:
    """Fills in missing search attributes, because a bare start gets them with the first workflow task."""
    if request is None:
        return summary
    requested = {
        "start_time": request.start_time,
        "title": request.title,
        "meeting_url": request.public_url,
        "platform": request.platform.value,
    }
    return summary.model_copy(
        update={name: value for name, value in requested.items() if not getattr(summary, name)}
    )


def _bot_goes_at(summary: MeetingSummary, request: MeetingRequest | None) -> datetime | None:
    if summary.status is not MeetingStatus.SCHEDULED or summary.start_time is None or request is None:
        return None
    return request.wake_up.dispatch_at(summary.start_time)


def _calendars_of(request: MeetingRequest | None) -> tuple[ClaimingCalendar, ...]:
    """The calendar that booked it. Other calendars that claim the meeting are known to its workflow alone."""
    origin = request.calendar if request else None
    return (ClaimingCalendar(calendar_id=origin.calendar_id, event_id=origin.event_id),) if origin else ()


async def _request_of(temporal: Client, execution: WorkflowExecution) -> MeetingRequest | None:
    """The request that the run was started with; None if it cannot be read."""
    handle = temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
    async for event in handle.fetch_history_events(page_size=1):
        given = event.workflow_execution_started_event_attributes.input.payloads
        return await _decoded(execution, given, MeetingRequest)
    return None


async def _decoded(execution: WorkflowExecution, payloads: Sequence[Payload], model: type[_Model]) -> _Model | None:
    """The first payload as a model; None if it has another form."""
    if not payloads:
        return None
    try:
        decoded: list[_Model] = await execution.data_converter.decode(payloads[:1], [model])
    except (ValueError, KeyError, RuntimeError):
        return None
    return decoded[0]


def _status_of(execution: WorkflowExecution) -> MeetingStatus:
    if execution.status in STATUS_OF_CLOSED_EXECUTION:
        return STATUS_OF_CLOSED_EXECUTION[execution.status]
    return _STATUSES.get(execution.typed_search_attributes.get(MEETING_STATUS, ""), MeetingStatus.SCHEDULED)
