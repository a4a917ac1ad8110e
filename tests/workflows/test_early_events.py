"""What happens to a meeting before its end, and to a calendar, reaches the endpoints that want to know."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.outgoing_events import EventAnnouncer
from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.deliveries.meeting_events import EARLY_TYPES
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import Outcome
from minutekeeper.providers.calendar_base import AccessProblemSource
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.names import MEETINGS_QUEUE
from tests.deliveries.examples import an_endpoint
from tests.deliveries.receiver import Received, Receiver, data_of
from tests.workflows.calendar_driver import World
from tests.workflows.conftest import with_plugin, working
from tests.workflows.costs import cost_of
from tests.workflows.delivering import delivering
from tests.workflows.driver import Meeting, room
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL_TYPES = tuple(OutgoingEventType)


def by_sequence(received: list[Received]) -> list[tuple[str, int]]:
    """The types and numbers of the events, in the order of the numbers."""
    told = [(each.headers["webhook-id"], data_of(each)["sequence"], each.body) for each in received]
    assert len({each[0] for each in told}) == len(told)
    return [(body.split(b'"')[3].decode(), number) for _, number, body in sorted(told, key=lambda each: each[1])]


async def test_a_meeting_tells_of_its_booking_its_move_and_its_recording(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings, tmp_path: Path
) -> None:
    client, store = with_plugin(env.client), ArtifactStore(tmp_path.as_uri())
    recordings.events = EventAnnouncer(store)
    start_time = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    async with (
        Receiver().listening() as receiver,
        delivering(client, store),
        working(client, provider, recordings, events=EventAnnouncer(store)),
    ):
        await EndpointStore(store).put(
            an_endpoint(endpoint_id=f"ep_{uuid.uuid4().hex[:8]}", url=receiver.url, types=ALL_TYPES)
        )
        handle: WorkflowHandle[object, Outcome] = await client.start_workflow(
            "MeetingWorkflow",
            {"meeting_url": room(), "start_time": start_time.isoformat(), "events": list(EARLY_TYPES)},
            id=f"meeting-{uuid.uuid4()}",
            task_queue=MEETINGS_QUEUE,
            result_type=Outcome,
        )
        meeting = Meeting(env, handle, provider, recordings)
        await receiver.until(1)
        await meeting.update("reschedule", {"start_time": (start_time + timedelta(minutes=30)).isoformat()})
        moved = data_of((await receiver.until(2))[1])["meeting"]
        assert moved["start_time"] == f"{start_time + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"
        await meeting.forward(minutes=149)
        await meeting.until_bots(1)
        await meeting.bot_sends("in_call_recording")
        await receiver.until(3)
        await meeting.bot_sends("recording_paused", "recording_resumed", "call_ended")
        await meeting.completes()
        assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
        received = await receiver.until(4)
    assert by_sequence(received) == [
        ("meeting.booked", 1),
        ("meeting.moved", 2),
        ("meeting.recording", 3),
        ("meeting.completed", 4),
    ]
    history = await handle.fetch_history()
    names = [event.activity_task_scheduled_event_attributes.activity_type.name for event in history.events]
    assert names.count("announce") == 3
    assert cost_of(history.events).actions["RETRY"] == 0


async def test_a_calendar_tells_that_it_is_connected_in_trouble_cured_and_gone(world: World) -> None:
    store = ArtifactStore(world.folder.as_uri())
    async with Receiver().listening() as receiver, delivering(world.client, store):
        await EndpointStore(store).put(
            an_endpoint(endpoint_id=f"ep_{uuid.uuid4().hex[:8]}", url=receiver.url, types=ALL_TYPES)
        )
        anna = await world.connect("anna")
        await anna.until(lambda view: view.status is CalendarStatus.ACTIVE)
        await receiver.until(1)
        rounds = await world.look_after()
        world.calendars.refused[anna.calendar_id] = AccessProblemSource.USER
        await rounds.go()
        trouble = data_of((await receiver.until(2))[1])["calendar"]
        assert (trouble["calendar_id"], trouble["problem"]) == (anna.calendar_id, "user_grant")
        assert "reconnect" in trouble["what_to_do"]
        await rounds.until(lambda view: bool(view.findings.problems))
        world.calendars.refused.clear()
        await rounds.go()
        await receiver.until(3)
        await anna.update("disconnect")
        received = await receiver.until(4)
    # In the order of their arrival, as each workflow has a clock of its own here.
    types = [each.body.split(b'"')[3].decode() for each in received]
    assert types == ["calendar.connected", "calendar.trouble", "calendar.recovered", "calendar.disconnected"]
