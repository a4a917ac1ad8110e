"""Lives through a year, and holds the bots that stood in meetings against those that the policy asked for."""

import contextlib
import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.calendars import CalendarActivities
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETING_WORKFLOW
from tests.workflows.calendar_driver import World
from tests.workflows.conftest import with_plugin, working
from tests.workflows.scripted_recordings import ScriptedRecordings
from tests.workflows.year.calendar_year import FULL_EVERY, Life
from tests.workflows.year.changes import POLICY, Changes, Place
from tests.workflows.year.faults import ObedientProvider, Workers, troubled


@dataclass(frozen=True)
class Verdict:
    """`missing` and `unexpected` are bots, `overdue` meetings that wait for a time that has passed: none is good.

    `tales` say what happened to the events of the wrong ones.
    """

    missing: Counter[Place]
    unexpected: Counter[Place]
    overdue: list[str]
    tales: list[str]
    longest_run: int
    counts: Counter[str]

    @property
    def is_good(self) -> bool:
        return not (self.missing or self.unexpected or self.overdue)


async def live_through(env: WorkflowEnvironment, folder: Path, seed: int, events: int, span: timedelta) -> Verdict:
    """Plays so many events over so long a time, and judges what came of it."""
    client = with_plugin(env.client)
    provider, recordings = ObedientProvider(), ScriptedRecordings()
    world = World(env, client, folder, provider, recordings)
    calendars = CalendarActivities(lambda _: world.calendars, ArtifactStore(folder.as_uri()))
    workers = Workers(lambda: working(client, provider, recordings, calendars))
    await workers.start()
    try:
        with troubled(random.Random(seed), world):  # noqa: S311 - the same again for the same seed
            calendar = await world.connected(
                policy=POLICY, debounce_seconds=0, full_sync_seconds=FULL_EVERY.total_seconds()
            )
            now = await env.get_current_time(calendar.handle)
            chance = random.Random(seed + 1)  # noqa: S311 - as above
            changes = Changes(Life(world, calendar, chance, workers, now, now + span))
            changes.plan(events)
            await changes.life.live()
        return await _judge(changes)
    finally:
        await _end_all(client, world)
        await workers.stop()


async def _judge(changes: Changes) -> Verdict:
    life = changes.life
    stayed = [bot for bot in life.world.provider.bots if not bot.removed and bot.order.start_time <= life.ends]
    held: Counter[Place] = Counter((bot.order.meeting_url, bot.order.start_time) for bot in stayed)
    missing, unexpected = changes.expected - held, held - changes.expected
    wrong = dict.fromkeys(changes.names[link] for link, _ in [*missing, *unexpected])
    life.counts |= Counter({"bots": len(life.world.provider.bots), "bots that stayed": len(stayed)})
    return Verdict(
        missing=missing,
        unexpected=unexpected,
        overdue=await _overdue(life),
        tales=[f"{name}: {tale}" for name in wrong for tale in life.tales[name]],
        longest_run=await _longest_run(life),
        counts=life.counts,
    )


async def _overdue(life: Life) -> list[str]:
    mine = f'CalendarId = "{life.calendar.calendar_id}" AND ExecutionStatus = "Running"'
    return [
        execution.id
        async for execution in life.world.client.list_workflows(f'{mine} AND WorkflowType = "{MEETING_WORKFLOW}"')
        if execution.typed_search_attributes[search_attributes.MEETING_START] < life.now - timedelta(days=1)
    ]


async def _longest_run(life: Life) -> int:
    """Events in the longest history of the calendar's runs."""
    longest, run = 0, life.calendar.handle.first_execution_run_id
    while run:
        handle = life.world.client.get_workflow_handle(life.calendar.handle.id, run_id=run)
        events = (await handle.fetch_history()).events
        longest = max(longest, len(events))
        run = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
        life.counts["runs"] += 1
    return longest


async def _end_all(client: Client, world: World) -> None:
    for calendar in world.open:
        mine = f'CalendarId = "{calendar.calendar_id}" AND ExecutionStatus = "Running"'
        async for execution in client.list_workflows(mine):
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(execution.id).terminate()
