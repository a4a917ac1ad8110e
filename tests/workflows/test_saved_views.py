"""Every saved view of the operators' page, run against a server: what it should find, and what it should not."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.calendars.health import AccessProblem, AccessReport
from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.names import ACCESS_SIGNAL, MEETING_WORKFLOW, MEETINGS_QUEUE
from tests.bot_events import bot_event
from tests.workflows.calendar_driver import World
from tests.workflows.driver import Meeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")

_PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
_SECTION = re.compile(r"^## Saved views.*?(?=^## )", re.MULTILINE | re.DOTALL)
VIEWS = dict(re.findall(r"^\| ([^|]+) \| `([^`]+)` \|$", _SECTION.findall(_PAGE.read_text())[0], re.MULTILINE))


async def found(world: World, query: str, ids: dict[str, str]) -> set[str]:
    names = {workflow_id: name for name, workflow_id in ids.items()}
    return {names[each.id] async for each in world.client.list_workflows(query) if each.id in names}


async def tell(meeting: Meeting, kind: BotEventKind, code: str) -> None:
    bot_id = (await meeting.view()).bot_id
    event = bot_event(kind=kind, bot_id=bot_id, dispatch=0, code=code, occurred_at=await meeting.now())
    await meeting.handle.signal("bot_event", event)


async def test_every_view_finds_what_it_says_and_nothing_else(world: World) -> None:
    ok, ailing = await world.connected("ok"), await world.connected("failing")
    await ailing.handle.signal(ACCESS_SIGNAL, AccessReport(problem=AccessProblem.USER_GRANT, text="expired"))
    await ailing.until(lambda view: view.status is CalendarStatus.ERROR)
    soon, later = datetime.now(UTC) + timedelta(minutes=1), datetime.now(UTC) + timedelta(days=9)
    event = ok.put("later", start_time=later)
    ailing.put("under-way", start_time=soon)
    failing = ailing.put("failing", start_time=soon)
    await ok.notices()
    await ailing.notices()
    scheduled, failed = ok.meeting(event), ailing.meeting(failing)
    under_way = ailing.meeting(world.calendars.events_by_id[f"under-way-{ailing.calendar_id}"])
    for meeting in (failed, under_way):
        await meeting.until(lambda view: view.dispatches == 1)
    bot_id = (await under_way.view()).bot_id
    await tell(under_way, BotEventKind.STATUS, "joining_call")
    await tell(failed, BotEventKind.FAILED, "BotNotAccepted")
    assert (await failed.outcome_in_time()).status is MeetingStatus.FAILED
    broken = await world.client.start_workflow(
        MEETING_WORKFLOW,
        {"meeting_url": "https://example.com/x", "start_time": later.isoformat()},
        id=f"broken-{world.key}",
        task_queue=MEETINGS_QUEUE,
    )
    labelled = await world.client.start_workflow(
        MEETING_WORKFLOW,
        {"meeting_url": room(), "start_time": later.isoformat(), "metadata": {"customer": "4711"}},
        id=f"labelled-{world.key}",
        task_queue=MEETINGS_QUEUE,
    )
    ids = {
        "scheduled": scheduled.handle.id,
        "under way": under_way.handle.id,
        "failed": failed.handle.id,
        "broken": broken.id,
        "labelled": labelled.id,
        "calendar": ok.handle.id,
        "ailing calendar": ailing.handle.id,
    }
    right = {
        "Under way": {"under way"},
        "Next hours": {"under way"},
        "Failed": {"failed"},
        "One link": {"scheduled"},
        "Meetings of the caller's own key": {"labelled"},
        "The meeting of a bot": {"under way"},
        "The meetings of a calendar": {"scheduled"},
        "Calendars in trouble": {"ailing calendar"},
        "All calendars": {"calendar", "ailing calendar"},
        "Stuck for good": {"broken"},
    }
    assert set(VIEWS) == set(right)
    filled = {
        "2026-12-01T12:00:00Z": (datetime.now(UTC) + timedelta(hours=8)).isoformat(),
        "https://meet.google.com/abc-defg-hij": event.meeting_url,
        "51d86c59-5c4c-40df-a977-428cd64ab29a": bot_id,
        "3f6f2c42-5d0f-4c0b-8d4e-6a3b3fb4f5a1": ok.calendar_id,
    }
    for name, query in VIEWS.items():
        for example, real in filled.items():
            query = query.replace(example, real)  # noqa: PLW2901 - it is filled in
        seen: set[str] = set()
        for _ in range(100):
            seen = await found(world, query, ids)
            if seen == right[name]:
                break
            await asyncio.sleep(0.1)
        assert seen == right[name], name
