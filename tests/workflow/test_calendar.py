"""One calendar: what happens in it, and what its meetings make of it."""

from datetime import UTC, datetime, timedelta

import pytest

from meetings.calendars.keeping import OverrideChange, PolicyChange
from meetings.status import MeetingStatus
from tests.workflow.calendar_driver import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_event_is_booked_moved_and_cancelled(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    view = await anna.notices()
    assert view.counts.booked == 1
    meeting = anna.meeting()
    shown = await meeting.view()
    assert (shown.start_time, shown.title, shown.status) == (event.start_time, "event", MeetingStatus.SCHEDULED)
    assert [(each.calendar_id, each.event_id) for each in shown.calendars] == [(anna.calendar_id, event.event_id)]

    moved = anna.put(start_time=event.start_time + timedelta(minutes=7), meeting_url=world.link("elsewhere"))
    assert (await anna.notices()).counts.moved == 1
    shown = await meeting.view()
    assert (shown.start_time, shown.meeting_url) == (moved.start_time, world.link("elsewhere"))

    far = anna.put(start_time=event.start_time + timedelta(days=365))
    await anna.notices()
    assert (await meeting.view()).start_time == far.start_time

    anna.put(deleted=True)
    assert (await anna.notices()).counts.released == 1
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.evidence.event) == (MeetingStatus.CANCELLED, "released")


async def test_an_event_that_vanishes_is_cancelled(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    anna.remove()
    assert (await anna.notices()).counts.released == 1
    assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED


async def test_what_gets_no_bot_is_not_booked(world: World) -> None:
    anna = await world.connected()
    now = datetime.now(UTC)
    odd = [
        anna.put("all-day", all_day=True),
        anna.put("no-link", meeting_url=""),
        anna.put("webex", meeting_url="https://example.webex.com/meet/x"),
        anna.put("past", start_time=now - timedelta(days=2), end_time=now - timedelta(days=2, hours=-1)),
        anna.put("declined", response="declined"),
    ]
    view = await anna.notices()
    assert view.counts.events >= len(odd) - 1, "what is long past need not be read"
    assert view.counts.booked == 0
    for event in odd:
        assert not await world.exists(anna.meeting(event))
