"""What Temporal has lost of a calendar's meetings is booked again by the next full look; nothing else is."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest

from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.calendar_driver import World
from tests.workflows.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def forget(world: World, *meetings: Meeting) -> None:
    """Removes meetings from Temporal without a trace, as a new namespace or the retention does."""
    for meeting in meetings:
        await world.client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(
                namespace=world.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=meeting.handle.id),
            )
        )
    for meeting in meetings:
        for _ in range(800):
            if not await world.exists(meeting):
                break
            await asyncio.sleep(0.025)


async def test_what_was_terminated_or_vanished_is_booked_again_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await world.connected()
    events = [anna.put(name) for name in ("kept", "terminated", "vanished", "unwanted")]
    assert (await anna.notices()).counts.booked == len(events)
    kept, terminated, vanished, unwanted = (anna.meeting(event) for event in events)
    run_id = (await kept.handle.describe()).run_id
    await terminated.handle.terminate()
    await unwanted.handle.terminate()
    await forget(world, vanished)
    anna.put("unwanted", response="declined")
    with caplog.at_level(logging.WARNING, logger="activities.calendars"):
        counts = (await anna.changes("resync")).counts
    assert (counts.lost, counts.booked) == (3, 2)
    assert "do not run in Temporal any more" in caplog.text
    for meeting in (kept, terminated, vanished):
        view = await meeting.view()
        assert view.status is MeetingStatus.SCHEDULED
        assert [each.calendar_id for each in view.calendars] == [anna.calendar_id]
    assert (await kept.handle.describe()).run_id == run_id
    counts = (await anna.changes("resync")).counts
    assert (counts.lost, counts.booked) == (0, 0)


async def test_a_lag_of_the_search_is_no_loss(world: World) -> None:
    anna = await world.connected()
    for number in range(5):
        anna.put(f"event-{number}")
        counts = (await anna.changes("resync")).counts
        assert (counts.lost, counts.booked) == (0, 1)
    assert (await anna.changes("resync")).counts.lost == 0


async def test_what_people_cancelled_stays_so_when_temporal_has_forgotten_it_and_the_event_moves(
    world: World,
) -> None:
    anna = await world.connected()
    anna.put()
    await anna.notices()
    meeting = anna.meeting()
    await meeting.update("cancel", StopRequest(why="not today"))
    await meeting.outcome()
    assert (await anna.changes("resync")).counts.lost == 0
    await forget(world, meeting)
    counts = (await anna.changes("resync")).counts
    assert (counts.lost, counts.booked) == (0, 0)
    anna.put(start_time=datetime.now(UTC) + timedelta(hours=3))
    await anna.notices()
    await anna.changes("resync")
    assert not await world.exists(meeting)


async def test_what_was_recorded_stays_as_it_is_when_temporal_has_forgotten_it(world: World) -> None:
    anna = await world.connected()
    anna.put(end_time=datetime.now(UTC) + timedelta(days=3))
    await anna.notices()
    meeting = anna.meeting()
    await meeting.forward(minutes=57)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording", "call_ended")
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    counts = (await anna.changes("resync")).counts
    assert (counts.lost, counts.booked) == (0, 0)
    await forget(world, meeting)
    counts = (await anna.changes("resync")).counts
    assert (counts.lost, counts.booked) == (0, 0)
    assert not await world.exists(meeting)


async def test_a_calendar_whose_own_workflow_is_lost_books_again_from_its_book(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    meeting = anna.meeting(event)
    await anna.handle.terminate()
    await forget(world, meeting)
    again = await world.connected()
    assert again.calendar_id == anna.calendar_id
    assert (await again.view()).counts.lost == 1
    assert (await meeting.view()).status is MeetingStatus.SCHEDULED
