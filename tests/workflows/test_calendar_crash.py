"""A process that is killed in the middle of a look: the next one goes on, and every event has one meeting."""

import asyncio
import random
import signal
import sys
from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.store import ArtifactStore
from tests.workflows.calendar_driver import World
from tests.workflows.crashing_reconciles import Case

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.no_cover]

_MOMENTS = 20
"""Of the moments at which a look at ten changed events can be killed."""


class Looks:
    """The program that looks, and is killed."""

    def __init__(self, process: asyncio.subprocess.Process, calendar_id: str) -> None:
        self._process = process
        self._calendar_id = calendar_id
        self._at = datetime.now(UTC)

    async def look(self, events: list[CalendarEvent], dies_at: int) -> None:
        """One attempt that is killed, and the one after it."""
        self._at += timedelta(seconds=1)
        assert await self._attempt(events, 1, dies_at) == -signal.SIGKILL
        assert await self._attempt(events, 2, None) == 0

    async def _attempt(self, events: list[CalendarEvent], attempt: int, dies_at: int | None) -> int:
        case = Case(calendar_id=self._calendar_id, at=self._at, attempt=attempt, events=events, dies_at=dies_at)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(case.model_dump_json().encode() + b"\n")
        return int(await asyncio.wait_for(self._process.stdout.readline(), 60))


def ten_events(world: World, calendar_id: str, case: int) -> list[CalendarEvent]:
    start = datetime.now(UTC) + timedelta(days=1)
    return [
        world.calendars.put(
            f"e{number}-{calendar_id}",
            calendar_id,
            uid=f"{case}-{number}-{world.key}",
            start_time=start + timedelta(hours=number),
            meeting_url=world.link(f"{case}-{number}"),
        )
        for number in range(10)
    ]


def changed(world: World, events: list[CalendarEvent]) -> list[CalendarEvent]:
    """Three are moved, three have another link, three are cancelled, and one stays as it is."""
    put = world.calendars.put
    moved = [put(e.event_id, e.calendar_id, start_time=e.start_time + timedelta(minutes=5)) for e in events[:3]]
    relinked = [put(e.event_id, e.calendar_id, meeting_url=world.link(e.uid)) for e in events[3:6]]
    cancelled = [put(e.event_id, e.calendar_id, deleted=True) for e in events[6:9]]
    return [*moved, *relinked, *cancelled, events[9]]


async def assert_as_wanted(world: World, events: list[CalendarEvent]) -> None:
    """Each event has its one meeting, and the book says so as well."""
    for event in events:
        shown = await world.meeting(workflow_id_for(meeting_id_for_event(event))).view()
        if event.deleted:
            assert (shown.status, shown.calendars) == (MeetingStatus.CANCELLED, ())
        else:
            assert shown.status is MeetingStatus.SCHEDULED
            assert (shown.start_time, shown.meeting_url) == (event.start_time, event.meeting_url)
            assert [each.event_id for each in shown.calendars] == [event.event_id]
    notebook = await CalendarCheckpointStore(ArtifactStore(world.folder.as_uri())).read(events[0].calendar_id)
    assert notebook is not None
    assert notebook.in_progress == frozenset()
    claimed = {
        entry.event_id: entry.applied.start_time for entry in notebook.events.entries.values() if entry.booked
    }
    assert claimed == {event.event_id: event.start_time for event in events if not event.deleted}


async def test_a_killed_look_is_gone_on_with_and_every_event_has_one_meeting(world: World) -> None:
    target = world.env.client.service_client.config.target_host
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.workflows.crashing_reconciles", target, world.folder.as_uri()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    moments = random.Random(5).sample(range(_MOMENTS), 6)  # noqa: S311 - the same every time
    for case, (first, second) in enumerate(zip(moments[:3], moments[3:], strict=True)):
        calendar_id = f"crash{case}-{world.key[:8]}"
        looks = Looks(process, calendar_id)
        events = ten_events(world, calendar_id, case)
        await looks.look(events, first)
        await assert_as_wanted(world, events)
        events = changed(world, events)
        await looks.look(events, second)
        await assert_as_wanted(world, events)
    assert process.stdin is not None
    process.stdin.close()
    assert await process.wait() == 0
