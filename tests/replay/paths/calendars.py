"""The paths of a calendar: at work, told by people, in trouble, cut off, and refused."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from activities.calendar_health import CalendarHealthActivities
from activities.calendars import CalendarActivities
from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.health import ACCESS_RENEWED, AccessProblem, AccessReport
from minutekeeper.calendars.messages import CalendarStatus, OverrideChange, PolicyChange
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from minutekeeper.providers.calendar_base import AccessProblemSource
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import ACCESS_SIGNAL
from tests.replay.recorder import LONG_HISTORY, Recorder, path_without_workers
from tests.workflows.calendar_driver import Calendar, Rounds, World
from tests.workflows.conftest import with_plugin, working


@contextlib.asynccontextmanager
async def world_on(recorder: Recorder) -> AsyncIterator[World]:
    """Calendars on a recorder. Their meetings are not what is recorded: they end with it."""
    client = with_plugin(recorder.env.client)
    with tempfile.TemporaryDirectory() as folder:
        world = World(recorder.env, client, Path(folder), recorder.provider, recorder.recordings)
        store = ArtifactStore(Path(folder).as_uri())
        calendars = CalendarActivities(lambda _: world.calendars, store)
        rounds = CalendarHealthActivities([world.calendars], 3600)
        async with working(client, recorder.provider, recorder.recordings, calendars, rounds):
            yield world
        for workflow_id in world.known_meetings:
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(workflow_id).terminate()


async def leave(calendar: Calendar) -> Calendar:
    await calendar.update("disconnect")
    await asyncio.wait_for(calendar.handle.result(), 20)
    return calendar


@path_without_workers
async def calendar_at_work(recorder: Recorder) -> Calendar:
    async with world_on(recorder) as world:
        anna = await world.connected(debounce_seconds=2)
        event = anna.put(start_time=datetime.now(UTC) + timedelta(days=1))
        await anna.call()
        await anna.forward(seconds=3)
        await anna.until(lambda view: view.counts.booked == 1)
        anna.put(start_time=event.start_time + timedelta(hours=1))
        await anna.notices(event_ids=[event.event_id])
        anna.put(deleted=True)
        await anna.notices(everything=True)
        anna.put("unheard of", start_time=event.start_time + timedelta(days=1))
        await anna.forward(hours=6, seconds=5)
        await anna.until(lambda view: view.counts.booked == 1)
        return await leave(anna)


@path_without_workers
async def calendar_changed_by_people(recorder: Recorder) -> Calendar:
    async with world_on(recorder) as world:
        anna = await world.connected()
        event = anna.put()
        await anna.changes("resync")
        await anna.changes("set_policy", PolicyChange(policy={"otherwise": "skip"}))
        await anna.changes("override", OverrideChange(meeting_id=meeting_id_for_event(event), wanted="always"))
        await anna.changes("override", OverrideChange(series_id="weekly", wanted="never"))
        return await leave(anna)


@path_without_workers
async def calendar_in_trouble(recorder: Recorder) -> Calendar:
    async with world_on(recorder) as world:
        anna = await world.connected()
        event = anna.put()
        await anna.notices()
        world.calendars.failures.append(RequestRejectedError("no lists today"))
        await anna.call()
        before = await anna.until(lambda view: view.status is CalendarStatus.ERROR)
        await anna.forward(minutes=10)
        await anna.until(lambda view: view.reconcile_count > before.reconcile_count)
        world.calendars.unreadable[event.event_id] = UnavailableError("not just now")
        world.calendars.listed = lambda _event: False
        before = await anna.notices(event_ids=[event.event_id])
        await anna.forward(minutes=10)
        await anna.until(lambda view: view.reconcile_count > before.reconcile_count)
        world.calendars.unreadable.clear()
        await anna.handle.signal(
            ACCESS_SIGNAL, AccessReport(problem=AccessProblem.USER_GRANT, text="invalid_grant")
        )
        await anna.until(lambda view: view.problem is AccessProblem.USER_GRANT)
        before = await anna.view()
        await anna.handle.signal(ACCESS_SIGNAL, ACCESS_RENEWED)
        await anna.forward(seconds=3)
        await anna.until(lambda view: view.reconcile_count > before.reconcile_count)
        world.calendars.unknown.add(anna.calendar_id)
        await anna.call()
        await anna.until(lambda view: view.status is CalendarStatus.ERROR)
        return await leave(anna)


@path_without_workers
async def calendar_rounds(recorder: Recorder) -> Rounds:
    """They never end by themselves: they are recorded until they were cut off once."""
    async with world_on(recorder) as world:
        anna, ben = await world.connected(), await world.connected("ben")
        rounds = await world.look_after()
        world.calendars.refused[anna.calendar_id] = AccessProblemSource.APP
        await rounds.go()
        world.calendars.failures.append(RequestRejectedError("not today"))
        await rounds.go()
        world.calendars.refused.clear()
        first = (await rounds.handle.describe()).run_id
        for _ in range(LONG_HISTORY):
            await rounds.go()
            if (await rounds.handle.describe()).run_id != first:
                break
        for each in (rounds, anna, ben):
            await each.handle.terminate()
        return rounds


@path_without_workers
async def calendar_cut_off(recorder: Recorder) -> Calendar:
    async with world_on(recorder) as world:
        anna = await world.connected()
        first = (await anna.handle.describe()).run_id
        for _ in range(LONG_HISTORY):
            if (await anna.handle.describe()).run_id != first:
                break
            await anna.notices()
        anna.put()
        await anna.notices()
        return await leave(anna)


@path_without_workers
async def calendar_without_a_name(recorder: Recorder) -> Calendar:
    async with world_on(recorder) as world:
        nameless = await world.connect(calendar_id="")
        with contextlib.suppress(WorkflowFailureError):
            await asyncio.wait_for(nameless.handle.result(), 20)
        return nameless
