"""What of a history is kept as a file: all that a replay reads, and nothing of the machine it was recorded on."""

import json
from typing import Any

_NEVER_KEPT = frozenset(
    {
        *("identity", "requestId", "stackTrace", "workerVersion"),
        *("attachedRequestId", "attempt", "header", "historySizeBytes", "meteringMetadata", "priority", "taskId"),
        *("heartbeatTimeout", "retryPolicy", "workflowTaskTimeout", "useWorkflowBuildId", "userMetadata"),
        *("scheduleToCloseTimeout", "scheduleToStartTimeout", "startToCloseTimeout"),
        "workflowTaskCompletedEventId",
        "workflowExecutionOptionsUpdatedEventAttributes",
        "workflowExecutionTimeSkippingTransitionedEventAttributes",
    }
)
"""The first line names the machine; the others are the server's own affairs and would double the files."""

_DATED = frozenset({"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "EVENT_TYPE_WORKFLOW_TASK_STARTED"})
"""The events whose time is what the workflow takes for the present."""


def compact(history: str) -> str:
    """A history in Temporal's JSON as one that is a third as long, with one line for each event."""
    events = [json.dumps(_lean(event), separators=(",", ":")) for event in json.loads(history)["events"]]
    return '{"events":[\n' + ",\n".join(events) + "\n]}\n"


def _lean(event: dict[str, Any]) -> Any:
    if event["eventType"] not in _DATED:
        event.pop("eventTime", None)
    event.get("workflowTaskScheduledEventAttributes", {}).pop("taskQueue", None)
    scheduled = event.get("activityTaskScheduledEventAttributes", {})
    scheduled.pop("taskQueue", None)
    scheduled.pop("input", None)
    event.get("upsertWorkflowSearchAttributesEventAttributes", {}).pop("searchAttributes", None)
    return _without(event)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without(each) for name, each in value.items() if name not in _NEVER_KEPT}
    if isinstance(value, list):
        return [_without(each) for each in value]
    return value
