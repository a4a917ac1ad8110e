"""Unusual beginnings, long lives, outages, and what may never be in a history."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from meetings.names import MEETINGS_QUEUE
from meetings.outcome import MeetingView, Outcome
from meetings.request import Reschedule, StopRequest
from meetings.status import FailureReason, MeetingStatus
from tests.workflow.conftest import with_plugin, working
from tests.workflow.driver import URL, Meeting, StartMeeting
from tests.workflow.scripted import ScriptedProvider, ScriptedRecordings
from workflows import attributes

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
    assert found[attributes.MEETING_URL] == URL
    assert found[attributes.MEETING_STATUS] == "scheduled"
    assert found[attributes.MEETING_PLATFORM] == "google_meet"
    assert found[attributes.MEETING_TITLE] == "Weekly"
    assert found[attributes.CALENDAR_ID] == "cal"
    assert found[attributes.MEETING_START] == view.start_time


async def test_search_attributes_follow_the_milestones(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.bot_sends("in_call_recording")
    found = (await meeting.handle.describe()).typed_search_attributes
    assert (found[attributes.BOT_ID], found[attributes.MEETING_STATUS]) == ("bot-0", "recording")
    await meeting.completes()
    await meeting.outcome()
    found = (await meeting.handle.describe()).typed_search_attributes
    assert found[attributes.MEETING_STATUS] == "completed"


async def test_a_meeting_explains_itself_in_the_ui(start: StartMeeting) -> None:
    meeting = await start(title="Weekly | <b>")
    view = await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.update("reschedule", Reschedule(start_time=view.start_time + timedelta(hours=1)))
    history = (await meeting.handle.fetch_history()).to_json()
    lead = view.start_time + timedelta(minutes=56)
    assert f"until {lead:%H:%M:%SZ}, 4 min before the start" in history


async def test_a_happy_meeting_stays_small_and_tells_no_secret(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.forward(minutes=58)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording")
    await meeting.bot_sends("recording_paused", "recording_resumed", "call_ended")
    await meeting.completes()
    await meeting.outcome()
    history = await meeting.handle.fetch_history()
    assert len(history.events) <= 75
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


async def a_sleeper(client: Client, start_time: datetime, **fields: object) -> str:
    workflow_id = f"meeting-{uuid.uuid4()}"
    request = {"meeting_url": URL, "start_time": start_time.isoformat()} | fields
    await client.start_workflow("MeetingWorkflow", request, id=workflow_id, task_queue=MEETINGS_QUEUE)
    return workflow_id


@pytest.mark.parametrize(
    ("asleep", "late"),
    [(timedelta(minutes=30), False), (timedelta(minutes=80), True), (timedelta(minutes=125), None)],
)
async def test_an_instant_that_passed_while_nothing_ran(
    env: WorkflowEnvironment, provider: ScriptedProvider, asleep: timedelta, *, late: bool | None
) -> None:
    client = with_plugin(env.client)
    start_time = datetime.now(UTC) + timedelta(hours=1)
    async with working(client, provider, ScriptedRecordings()):
        workflow_id = await a_sleeper(client, start_time)
        handle = client.get_workflow_handle(workflow_id, result_type=Outcome)
        meeting = Meeting(env, handle, provider, ScriptedRecordings())
        await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.forward(seconds=asleep.total_seconds())
    async with working(client, provider, ScriptedRecordings()):
        if late is None:
            outcome = await meeting.outcome()
            assert outcome.reason is FailureReason.MISSED
            assert "start" in outcome.evidence.text
            assert not provider.bots
        elif late:
            assert (await meeting.until_bots(1)).order.mode == "immediate"
            assert "woke_late" in [entry.event for entry in (await meeting.view()).timeline]
        else:
            await meeting.forward(minutes=29)
            assert (await meeting.until_bots(1)).order.mode == "reserved"
        await handle.terminate() if late is not None else None


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
