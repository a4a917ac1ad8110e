"""What one meeting costs, beside the plain shape of the same: actions that Temporal Cloud bills, events, bytes."""

from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

from temporalio.client import WorkflowHandle

from devtools.benchmarks.actions import actions, history_size
from devtools.benchmarks.baselines.naive import NaiveWorkflow
from devtools.benchmarks.baselines.plain_timer import QUEUE
from devtools.benchmarks.booking import called_at, link, whole_second
from devtools.benchmarks.cases.punctuality import plain_request
from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.benchmarks.results import AccessFindings, at_most

TITLE = "Cost of a meeting"

_SPEED = 60.0
_SEVEN_STATUSES = "paused"
_ASLEEP_SECONDS = 45.0
"""Further ahead than meetings arm themselves, so that this one sleeps first, as most do."""
_PLAIN_AHEAD = 2.0


async def measure(bench: Bench) -> AccessFindings:
    async with bench.stand("cost", speed=_SPEED) as stand:
        await stand.provider.script(_SEVEN_STATUSES)
        await stand.start_baselines()
        counted = [await actions(stand)]
        ours = await _book(stand, whole_second(_ASLEEP_SECONDS))
        counted.append(await actions(stand))
        # While ours sleeps.
        plain_events, plain_bytes = await _plain_meeting(stand, whole_second(_PLAIN_AHEAD))
        counted.append(await actions(stand))
        await ours.result()
        events, size = await history_size(ours)
        counted.append(await actions(stand))
        booked, plain_actions, lived = (after - before for before, after in pairwise(counted))
        own_actions = booked + lived
        bot, *_ = (await stand.provider.ledger()).bots
    statuses = sum(moment.code != "complete" for moment in bot.timeline)
    return AccessFindings(
        figures=(
            at_most("billable actions", own_actions.total(), "", 18, plain_actions.total()),
            at_most("history events", events, "", 64, plain_events),
            at_most("history", size / 1024, "KiB", 9, plain_bytes / 1024),
        ),
        notes=(
            f"{statuses} status events and `complete`, recording and transcript. Counted by the server.",
            f"Ours: {_listed(own_actions)}.",
            f"The baseline: {_listed(plain_actions)}.",
        ),
    )


async def _book(stand: BenchmarkEnvironment, call_at: datetime) -> WorkflowHandle[Any, Any]:
    (request,) = called_at(call_at, "own", [1])
    booked = await stand.meetings.start(request)
    return stand.client.get_workflow_handle(booked.workflow_id)


async def _plain_meeting(stand: BenchmarkEnvironment, call_at: datetime) -> tuple[int, int]:
    request = plain_request(link("ppp", 1), call_at)
    handle = await stand.client.start_workflow(NaiveWorkflow.run, request, id=request.key, task_queue=QUEUE)
    await handle.result()
    return await history_size(handle)


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counted.most_common())
