"""One meeting in several calendars: one bot, until the last of them lets go."""

from datetime import timedelta

import pytest

from meetings.status import MeetingStatus
from tests.workflow.calendar_driver import Calendar, World
from tests.workflow.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE = ("anna", "ben", "cleo", "dora", "emil")


async def five(world: World) -> tuple[list[Calendar], Meeting]:
    """Five calendars that have the same event; the first is the organiser's."""
    calendars = [await world.connected(name) for name in PEOPLE]
    event = calendars[0].put(is_organizer=True)
    for calendar in calendars[1:]:
        calendar.put(start_time=event.start_time)
    for calendar in calendars:
        await calendar.notices()
    return calendars, calendars[0].meeting()


async def test_five_calendars_let_go_one_by_one(world: World) -> None:
    calendars, meeting = await five(world)
    first_run = (await meeting.handle.describe()).run_id
    shown = await meeting.view()
    assert shown.calendars[0].calendar_id == calendars[0].calendar_id
    assert {each.calendar_id for each in shown.calendars} == {each.calendar_id for each in calendars}
    for left, calendar in zip(range(4, 0, -1), calendars, strict=False):
        calendar.put(response="declined")
        assert (await calendar.notices()).counts.released == 1
        shown = await meeting.view()
        assert (shown.status, len(shown.calendars)) == (MeetingStatus.SCHEDULED, left)
    calendars[-1].put(deleted=True)
    await calendars[-1].notices()
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
    assert (await meeting.handle.describe()).run_id == first_run


async def test_the_organisers_move_moves_it_once_and_stale_copies_do_not_move_it_back(world: World) -> None:
    calendars, meeting = await five(world)
    start = (await meeting.view()).start_time
    moved = calendars[0].put(start_time=start + timedelta(hours=1))
    await calendars[0].notices()
    assert (await meeting.view()).start_time == moved.start_time
    calendars[1].put(title="only a new title in an old copy")
    await calendars[1].notices()
    assert (await meeting.view()).start_time == moved.start_time
    for calendar in calendars[1:]:
        calendar.put(start_time=moved.start_time)
        await calendar.notices()
    shown = await meeting.view()
    assert [entry.event for entry in shown.timeline].count("rescheduled") == 1
    await meeting.forward_to(moved.start_time)
    await meeting.until_bots(1)
    assert len(world.provider.bots) == 1


async def test_a_calendar_connected_later_and_one_reconnected_join_in(world: World) -> None:
    anna = await world.connected("anna")
    event = anna.put()
    await anna.notices()
    ben = await world.connect("ben")
    ben.put(start_time=event.start_time)
    await ben.forward(seconds=3)
    await ben.until(lambda view: view.counts.booked == 1)
    await anna.update("disconnect")
    await anna.handle.result()
    meeting = ben.meeting()
    assert [each.calendar_id for each in (await meeting.view()).calendars] == [ben.calendar_id]
    again = await world.connect("anna-again")
    again.put(start_time=event.start_time)
    await again.forward(seconds=3)
    await again.until(lambda view: view.counts.booked == 1)
    shown = await meeting.view()
    assert {each.calendar_id for each in shown.calendars} == {ben.calendar_id, again.calendar_id}
    assert shown.status is MeetingStatus.SCHEDULED
