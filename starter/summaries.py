"""A meeting in one line, as the search attributes of its workflow show it."""

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus

from meetings.ids import meeting_id_of
from meetings.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from meetings.status import MeetingStatus
from minutekeeper.temporal.search_attributes import (
    BOT_ID,
    MEETING_PLATFORM,
    MEETING_START,
    MEETING_STATUS,
    MEETING_TITLE,
    MEETING_URL,
)

STATUS_OF_BROKEN = {
    WorkflowExecutionStatus.CANCELED: MeetingStatus.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: MeetingStatus.CANCELLED,
    WorkflowExecutionStatus.FAILED: MeetingStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: MeetingStatus.FAILED,
}
"""What a meeting came to whose workflow did not end by itself, and so could not say."""

_FAILS_AFTER = 2
"""Attempts at a workflow task: a worker that went away costs one."""

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
    trouble: str = ""
    """Why it does not run although Temporal has it; empty if all is well."""


def summary_of(execution: WorkflowExecution) -> MeetingSummary:
    """What is not known yet is empty."""
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
        trouble=trouble_of(execution),
    )


def trouble_of(execution: WorkflowExecution) -> str:
    """Why no worker of ours takes up a workflow, or cannot; empty if none is known."""
    if is_closed(execution):
        return ""
    if execution.task_queue != MEETINGS_QUEUE:
        return (
            f"it waits on the task queue {execution.task_queue!r}, where no worker of ours looks; end it with "
            f"`temporal workflow terminate`, and start it on {MEETINGS_QUEUE!r}"
        )
    if not isinstance(execution, WorkflowExecutionDescription):
        return ""
    attempt = execution.raw_description.pending_workflow_task.attempt
    return f"its worker has failed {attempt - 1} times; the worker's log says why" if attempt > _FAILS_AFTER else ""


def is_meeting(execution: WorkflowExecution) -> bool:
    return execution.workflow_type == MEETING_WORKFLOW


def is_closed(execution: WorkflowExecution) -> bool:
    return execution.status is not WorkflowExecutionStatus.RUNNING


def _status_of(execution: WorkflowExecution) -> MeetingStatus:
    if execution.status in STATUS_OF_BROKEN:
        return STATUS_OF_BROKEN[execution.status]
    return _STATUSES.get(execution.typed_search_attributes.get(MEETING_STATUS, ""), MeetingStatus.SCHEDULED)
