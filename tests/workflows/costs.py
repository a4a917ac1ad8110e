"""What a history costs, counted as Temporal Cloud bills it."""

import os
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

_OF_VIRTUAL_TIME = frozenset(
    {"WORKFLOW_EXECUTION_OPTIONS_UPDATED", "WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED"}
)
_BILLED = frozenset(
    {
        "WORKFLOW_EXECUTION_STARTED",
        "WORKFLOW_EXECUTION_SIGNALED",
        "WORKFLOW_EXECUTION_UPDATE_ACCEPTED",
        "ACTIVITY_TASK_SCHEDULED",
        "TIMER_STARTED",
        "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES",
    }
)
"""Retries, heartbeats and queries are billed as well, but are in no history; a good day has none."""


_HERE = f"{os.getpid()}@{socket.gethostname()}".encode()
_ANYWHERE = b"1@worker"
"""Each event of a worker names its process and machine. A machine's name is not what is measured."""


@dataclass(frozen=True)
class Cost:
    actions: Counter[str]
    events: int
    size: int

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.actions.most_common())
        return f"{self.actions.total()} actions ({kinds}), {self.events} events, {self.size} bytes"


def cost_of(history: Iterable[HistoryEvent]) -> Cost:
    """Without the events by which a test moves the clock."""
    named = [(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"), event) for event in history]
    real = [(name, event) for name, event in named if name not in _OF_VIRTUAL_TIME]
    retries = sum(max(event.activity_task_started_event_attributes.attempt - 1, 0) for _, event in real)
    actions = Counter(name for name, _ in real if name in _BILLED)
    if retries:
        actions["RETRY"] = retries
    return Cost(actions, events=len(real), size=sum(_size(event) for _, event in real))


def _size(event: HistoryEvent) -> int:
    data = event.SerializeToString()
    return len(data) - data.count(_HERE) * (len(_HERE) - len(_ANYWHERE))
