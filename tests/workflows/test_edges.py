"""Unusual beginnings, long lives, outages, and what may never be in a history."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETINGS_QUEUE
from tests.workflows.conftest import with_plugin, working
from tests.workflows.driver import URL, Meeting, StartMeeting, room
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"meeting_url": "https://example.com/room"}, "meeting_url"),
        ({"start_time": "2026-12-01T10:00:00"}, "start_time"),
        ({"title": 7}, "title"),
    ],
)
async def test_an_unusable_input_fails_the_execution_and_says_why(
    start: StartMeeting, fields: dict[str, object], named: str
) -> None:
    meeting = await start(**fields)
    with pytest.raises(WorkflowFailureError) as failed:
        await meeting.outcome()
    assert isinstance(failed.value.cause, ApplicationError)
    assert named in str(failed.value.cause)


async def test_a_start_without_search_attributes_gets_them(start: StartMeeting) -> None:
    meeting = await start(title="Weekly", calendar={"calendar_id": "cal", "event_id": "event"}, colour="red")
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    assert [entry.event for entry in view.timeline] == ["booked", "unknown_fields"]
    found = (await meeting.handle.describe()).typed_search_attributes
    assert found[search_attributes.MEETING_URL] == URL
    assert found[search_attributes.MEETING_STATUS] == "scheduled"
    assert found[search_attributes.MEETING_PLATFORM] == "google_meet"
    assert found[search_attributes.MEETING_TITLE] == "Weekly"
    assert found[search_attributes.CALENDAR_ID] == ["cal"]
    assert found[search_attributes.MEETING_START] == view.start_time


async def test_search_attributes_follow_the_milestones(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.bot_sends("in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    found = (await meeting.handle.describe()).typed_search_attributes
    assert (found[search_attributes.BOT_ID], found[search_attributes.MEETING_STATUS]) == ("bot-0", "joining")
    await meeting.completes()
    await meeting.outcome()
    found = (await meeting.handle.describe()).typed_search_attributes
    assert found[search_attributes.MEETING_STATUS] == "completed"


async def test_a_meeting_explains_itself_in_the_ui(start: StartMeeting) -> None:
    meeting = await start(title="Weekly | <b>")
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.until_timers(1)
    await meeting.update("reschedule", Reschedule(start_time=view.start_time + timedelta(hours=1)))
    events = await meeting.until_timers(2)
    summaries = b" ".join(event.user_metadata.summary.data for event in events)
    for lead in (view.start_time - timedelta(minutes=4), view.start_time + timedelta(minutes=56)):
        assert f"until {lead:%H:%M:%SZ}, 4 min before the start".encode() in summaries


async def test_a_happy_meeting_stays_small_and_tells_no_secret(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording")
    await meeting.bot_sends("recording_paused", "recording_resumed", "call_ended")
    await meeting.completes()
    await meeting.outcome()
    history = await meeting.handle.fetch_history()
    assert len(history.events) <= 85
    text = history.to_json()
    address = meeting.provider.bots[0].address.webhook_url
    assert "s3cret" not in text
    assert address.rsplit("/", 1)[1] not in text, "the token of the webhook address"
    assert json.loads(text)


async def test_moved_a_thousand_times(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(days=90))
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    first_run = (await meeting.handle.describe()).run_id
    for batch in range(12):
        moves = [
            meeting.update(
                "reschedule", Reschedule(start_time=view.start_time + timedelta(minutes=batch * 10 + each))
            )
            for each in range(8)
        ]
        await asyncio.gather(*moves)
    description = await meeting.handle.describe()
    assert description.run_id != first_run, "its history was cut off in between"
    view = await meeting.view()
    assert view.start_time > datetime.now(UTC) + timedelta(days=90)
    assert [entry.event for entry in view.timeline].count("booked") == 1
    assert [entry.event for entry in view.timeline].count("rescheduled") >= 90
    await meeting.update("cancel", StopRequest())
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED


async def book(client: Client, start_time: datetime, **fields: object) -> WorkflowHandle[Any, Outcome]:
    request = {"meeting_url": room(), "start_time": start_time.isoformat()} | fields
    workflow_id = f"meeting-{uuid.uuid4()}"
    handle: WorkflowHandle[Any, Outcome] = await client.start_workflow(
        "MeetingWorkflow", request, id=workflow_id, task_queue=MEETINGS_QUEUE, result_type=Outcome
    )
    return handle


async def test_a_sleeper_whose_instant_passed_while_nothing_ran_joins_late(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings
) -> None:
    client = with_plugin(env.client)
    async with working(client, provider, recordings):
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        handle = await book(client, in_an_hour, wake_up={"ahead": 1.0, "spread": 1.0})
        meeting = Meeting(env, handle, provider, recordings)
        view = await meeting.until_status(MeetingStatus.SCHEDULED)
        await meeting.forward_to(view.start_time - timedelta(minutes=4, seconds=4))
    await asyncio.sleep(6)
    async with working(client, provider, recordings):
        assert (await meeting.until_bots(1)).order.mode == "immediate"
        assert "woke_late" in [entry.event for entry in (await meeting.view()).timeline]
        await handle.terminate()


async def test_a_meeting_that_ended_while_nothing_ran_was_missed(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings
) -> None:
    client = with_plugin(env.client)
    now = datetime.now(UTC)
    handle = await book(client, now - timedelta(minutes=5), end_time=(now + timedelta(seconds=62)).isoformat())
    await asyncio.sleep(3)
    async with working(client, provider, recordings):
        outcome = await asyncio.wait_for(handle.result(), 20)
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.MISSED)
    assert "start" in outcome.evidence.text
    assert not provider.bots


async def test_a_query_of_a_finished_meeting_tells_its_whole_story(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.completes()
    outcome = await meeting.outcome()
    view: MeetingView = await meeting.view()
    assert (view.status, view.artifacts) == (outcome.status, outcome.artifacts)
    events = [entry.event for entry in view.timeline]
    assert events[0] == "booked"
    assert events[-1] == "completed"
