"""What recorded histories show: how meetings ended, what was asked of them in which phase, which activities ran."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.api.history.v1 import HistoryEvent

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from tests.replay.replaying import load

_PAYLOAD = re.compile(r'"data":"([^"]*)"')


@dataclass
class Shown:
    """`updates` are pairs of an update and the phase in which it was accepted; `ends` are Temporal's own words."""

    statuses: set[MeetingStatus] = field(default_factory=set)
    reasons: set[FailureReason] = field(default_factory=set)
    updates: set[tuple[str, MeetingStatus]] = field(default_factory=set)
    activities: set[str] = field(default_factory=set)
    ends: set[str] = field(default_factory=set)


def shown_by(files: Iterable[Path]) -> Shown:
    shown = Shown()
    for file in files:
        events = load(file).events
        for event in events:
            if event.HasField("activity_task_scheduled_event_attributes"):
                shown.activities.add(event.activity_task_scheduled_event_attributes.activity_type.name)
            elif event.HasField("workflow_execution_update_completed_event_attributes"):
                shown.updates.update(_accepted(event, events, file.stem))
        _read_end(events[-1], shown)
    return shown


def _accepted(
    event: HistoryEvent, events: Sequence[HistoryEvent], path: str
) -> Iterable[tuple[str, MeetingStatus]]:
    """The path's name says in which phase it was recorded, because an answer shows the status afterwards."""
    completed = event.workflow_execution_update_completed_event_attributes
    accepted = events[completed.accepted_event_id - 1].workflow_execution_update_accepted_event_attributes
    update = accepted.accepted_request.input.name
    named, separator, phase = path.partition("-while-")
    if separator and named == update and completed.outcome.HasField("success"):
        status = MeetingStatus.DISPATCHING if phase == "armed" else MeetingStatus(phase.replace("-", "_"))
        yield update, status


def _read_end(event: HistoryEvent, shown: Shown) -> None:
    kind = event.WhichOneof("attributes") or ""
    shown.ends.add(kind.removeprefix("workflow_execution_").removesuffix("_event_attributes"))
    if event.HasField("workflow_execution_failed_event_attributes"):
        # The only thing that a workflow of ours ever fails with is an input that it cannot read.
        shown.reasons.add(FailureReason.INVALID_REQUEST)
    elif event.HasField("workflow_execution_completed_event_attributes"):
        (result,) = event.workflow_execution_completed_event_attributes.result.payloads
        outcome = json.loads(result.data)
        shown.statuses.add(MeetingStatus(outcome["status"]))
        if outcome.get("reason"):
            shown.reasons.add(FailureReason(outcome["reason"]))


def all_text(file: Path) -> str:
    """Everything that can be read in a file, payloads decoded."""
    text = file.read_text()
    decoded = (base64.b64decode(data).decode() for data in _PAYLOAD.findall(text))
    return "\n".join([text, *decoded])
