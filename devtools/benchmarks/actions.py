"""Billable actions and bytes, as the Temporal server itself counts them."""

import asyncio
import re
from collections import Counter
from typing import Any

from temporalio.client import WorkflowHandle

from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.stack.temporal_server import NAMESPACE

_SETTLING_SECONDS = 3.0
_SAMPLE = re.compile(r"^action\{(?P<labels>[^}]*)\} (?P<value>\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def read_actions(metrics: str, namespace: str) -> Counter[str]:
    """Actions by their type, from the text of the server's Prometheus metrics, those of one namespace."""
    counted: Counter[str] = Counter()
    for sample in _SAMPLE.finditer(metrics):
        labels = dict(_LABEL.findall(sample["labels"]))
        if labels.get("namespace") == namespace:
            kind = labels["action_type"].removeprefix("command_").removeprefix("grpc_")
            counted[kind] += round(float(sample["value"]))
    return counted


async def actions(stand: BenchmarkEnvironment) -> Counter[str]:
    """What the server has counted since it began; it tells its counters with some delay."""
    await asyncio.sleep(_SETTLING_SECONDS)
    async with stand.http.get(stand.metrics_url) as answer:
        return read_actions(await answer.text(), NAMESPACE)


async def history_size(handle: WorkflowHandle[Any, Any]) -> tuple[int, int]:
    """Events and bytes of a workflow's history."""
    info = (await handle.describe()).raw_description.workflow_execution_info
    return info.history_length, info.history_size_bytes
