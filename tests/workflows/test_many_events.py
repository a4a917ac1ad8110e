"""A bot that reports without end, or all at once: it costs little, and the meeting ends as it would without."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from tests.bot_events import bot_event
from tests.workflows.conftest import with_plugin, working
from tests.workflows.driver import Meeting
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings
from tests.workflows.test_edges import book

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.no_cover]

CODES = ("joining_call", "in_call_not_recording", "in_call_recording", "recording_paused", "levitating")
PILED_UP = 600


async def test_what_piled_up_while_nothing_ran_is_one_task_and_is_shown_once(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings
) -> None:
    client = with_plugin(env.client)
    now = datetime.now(UTC)
    async with working(client, provider, recordings):
        handle = await book(client, now + timedelta(minutes=2))
        meeting = Meeting(env, handle, provider, recordings)
        await meeting.until_bots(1)
    events = [
        bot_event(bot_id="bot-0", dispatch=0, occurred_at=now + timedelta(seconds=each), code=CODES[each % 5])
        for each in range(PILED_UP)
    ]
    for some in range(0, PILED_UP, 50):
        await asyncio.gather(*(handle.signal("bot_event", each) for each in events[some : some + 50]))
    before = _upserts(await handle.fetch_history())
    async with working(client, provider, recordings):
        view = await meeting.until(lambda view: view.timeline[-1].event == "levitating")
        assert view.status is MeetingStatus.PAUSED
        assert len(view.timeline) == 200
        assert _upserts(await handle.fetch_history()) <= before + 1
        await meeting.completes()
        assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert view.meeting_url.startswith("https://meet.google.com/")


def _upserts(history: object) -> int:
    kind = EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES
    return sum(event.event_type == kind for event in history.events)  # type: ignore[attr-defined]  # untyped enum
