"""The end of a meeting reaches every endpoint that wants it, at a known price, and is not delayed by it."""

import uuid
from collections import Counter
from pathlib import Path

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.testing import WorkflowEnvironment

from activities.outgoing_events import EventAnnouncer
from minutekeeper.deliveries.delivery import DeliveryEnd, delivery_workflow_id
from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.deliveries.events import end_event
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from tests.deliveries.examples import API_URL, an_endpoint
from tests.deliveries.receiver import Receiver, data_of
from tests.workflows.conftest import with_plugin
from tests.workflows.costs import cost_of
from tests.workflows.delivering import delivering
from tests.workflows.driver import Meeting, StartMeeting, room
from tests.workflows.scripted_recordings import ScriptedRecordings

pytestmark = pytest.mark.asyncio(loop_scope="session")


def new_id() -> str:
    return f"ep_{uuid.uuid4().hex[:8]}"


async def ended_meeting(start: StartMeeting) -> Meeting:
    """One that was recorded."""
    meeting = await start(meeting_url=room(), metadata={"deal": "42"})
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.forward(minutes=58)
    bot_id = (await meeting.until_bots(1)).bot_id
    for code in ("in_call_recording", "call_ended"):
        await meeting.signal(BotEventKind.STATUS, code=code, bot_id=bot_id)
    await meeting.completes(bot_id=bot_id)
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    return meeting


async def cost_of_meeting(meeting: Meeting) -> Counter[str]:
    """The billed actions; how often a timer is set anew depends on how close to each other events arrive."""
    actions = cost_of((await meeting.handle.fetch_history()).events).actions
    return Counter({name: count for name, count in actions.items() if name != "TIMER_STARTED"})


async def test_one_endpoint_costs_two_actions_a_meeting_and_none_costs_nothing(
    env: WorkflowEnvironment, start: StartMeeting, recordings: ScriptedRecordings, tmp_path: Path
) -> None:
    without = await cost_of_meeting(await ended_meeting(start))
    store = ArtifactStore(tmp_path.as_uri())
    recordings.events = EventAnnouncer(store, API_URL)
    assert await cost_of_meeting(await ended_meeting(start)) == without
    async with Receiver().listening() as receiver, delivering(client := with_plugin(env.client), store):
        endpoint = await EndpointStore(store).put(an_endpoint(endpoint_id=new_id(), url=receiver.url))
        types = (OutgoingEventType.MEETING_FAILED,)
        await EndpointStore(store).put(an_endpoint(endpoint_id=new_id(), url=receiver.url, types=types))
        recordings.events = EventAnnouncer(store, API_URL)
        meeting = await ended_meeting(start)
        (got,) = await receiver.until(1)
        delivery = client.get_workflow_handle(delivery_workflow_id(endpoint.endpoint_id, got.event_id))
        assert await delivery.result() == DeliveryEnd.DELIVERED
        told = cost_of((await delivery.fetch_history()).events).actions
    assert await cost_of_meeting(meeting) == without
    assert told - Counter(RETRY=9) == Counter(WORKFLOW_EXECUTION_STARTED=1, ACTIVITY_TASK_SCHEDULED=1)
    data = data_of(got)
    meeting_id = data["meeting"]["meeting_id"]
    assert data["url"] == f"{API_URL}/api/v1/meetings/{meeting_id}"
    assert (data["sequence"], data["meeting"]["metadata"]) == (1, {"deal": "42"})
    assert "meeting_url" not in data["meeting"]


async def test_an_end_waits_for_no_receiver_nor_for_a_worker_of_deliveries(
    env: WorkflowEnvironment, start: StartMeeting, recordings: ScriptedRecordings, tmp_path: Path
) -> None:
    client, store = with_plugin(env.client), ArtifactStore(tmp_path.as_uri())
    endpoint = await EndpointStore(store).put(an_endpoint(endpoint_id=new_id()))
    recordings.events = EventAnnouncer(store)
    await ended_meeting(start)
    event = end_event(recordings.records[-1], "")
    delivery = client.get_workflow_handle(delivery_workflow_id(endpoint.endpoint_id, event.event_id))
    assert (await delivery.describe()).status is WorkflowExecutionStatus.RUNNING
    await delivery.terminate()


async def test_a_damaged_endpoint_keeps_no_meeting_from_its_end(
    start: StartMeeting, recordings: ScriptedRecordings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    await store.put("endpoints/ep_1/00000001.json", b"{ damaged")
    recordings.events = EventAnnouncer(store)
    meeting = await start(meeting_url=room())
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.handle.execute_update("cancel")
    assert (await meeting.outcome_in_time()).status is MeetingStatus.CANCELLED
    assert "No endpoint is told" in caplog.text
