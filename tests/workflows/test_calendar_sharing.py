"""One meeting in several calendars: one bot, until the last of them lets go."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from activities.meeting_bookings import CALL_ERRORS, BookingResult, MeetingBookings
from minutekeeper.meetings.claims import Claim, ClaimRelease
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal import search_attributes
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting

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


async def test_the_bot_joins_by_the_fullest_link_that_any_copy_has(world: World) -> None:
    number = int(world.key[:8], 16) + 10_000_000_000
    bare, full = f"https://zoom.us/j/{number}", f"https://us02web.zoom.us/j/{number}?pwd=xY9"
    anna, ben = await world.connected("anna"), await world.connected("ben")
    event = anna.put(is_organizer=True, meeting_url=bare)
    await anna.notices()
    ben.put(start_time=event.start_time, meeting_url=full)
    await ben.notices()
    moved = anna.put(start_time=event.start_time + timedelta(minutes=30))
    await anna.notices()
    meeting = anna.meeting()
    await meeting.forward_to(moved.start_time)
    await meeting.until_bots(1)
    assert [bot.order.meeting_url for bot in world.provider.bots] == [full]
    assert (await meeting.view()).start_time == moved.start_time


class Fifty:
    """Users who share one meeting in half an hour, whose calendars call for it all at once."""

    def __init__(self, world: World) -> None:
        self.now = datetime.now(UTC)
        self.calendars = [f"{number:08x}-0000-4000-8000-{world.key[:12]}" for number in range(50)]
        self._start = self.now + timedelta(minutes=30)
        self._link = world.link("all hands")
        self._name = f"cal-{world.key[:24]}"
        self._calls = MeetingBookings(world.client)
        self._world = world

    @property
    def meeting(self) -> Meeting:
        return self._world.meeting(f"meeting-{self._name}")

    async def claim(self, calendar_id: str) -> BookingResult:
        request = MeetingRequest(
            meeting_url=self._link,
            start_time=self._start,
            calendar=CalendarEventRef(calendar_id=calendar_id, event_id=f"e-{calendar_id}"),
        )
        claim = Claim(
            calendar_id=calendar_id,
            event_id=f"e-{calendar_id}",
            seen_at=self.now,
            start_time=self._start,
            meeting_url=self._link,
        )
        while True:
            # As the look of a calendar does: a meeting takes ten updates at a time, and sends the others away.
            with contextlib.suppress(*CALL_ERRORS):
                return await self._calls.claim(self._name, request, claim, self.now)

    async def decline(self, calendar_id: str) -> None:
        release = ClaimRelease(calendar_id=calendar_id, seen_at=self.now + timedelta(minutes=1), why="declined")
        await self._calls.release(self._name, release)


@pytest.mark.no_cover
async def test_fifty_users_share_one_bot_also_while_they_decline_one_after_another(world: World) -> None:
    fifty = Fifty(world)
    answers = await asyncio.gather(*(fifty.claim(calendar_id) for calendar_id in fifty.calendars))
    assert set(answers) == {BookingResult.ACCEPTED}
    meeting = fifty.meeting
    first_run = await first_run_of(meeting)
    assert len((await meeting.view()).calendars) == 50
    found = (await meeting.handle.describe()).typed_search_attributes[search_attributes.CALENDAR_ID]
    assert sorted(found) == fifty.calendars, "each of them finds the meeting"
    for calendar_id in fifty.calendars[:25]:
        await fifty.decline(calendar_id)
    await meeting.forward(minutes=27)
    await meeting.until_bots(1)
    for calendar_id in fifty.calendars[25:49]:
        await fifty.decline(calendar_id)
    shown = await meeting.view()
    assert [each.calendar_id for each in shown.calendars] == fifty.calendars[49:]
    assert [bot.removed for bot in world.provider.bots] == [False]
    await fifty.decline(fifty.calendars[49])
    await meeting.until(lambda _view: world.provider.bots[0].removed)
    assert len(world.provider.bots) == 1
    assert await first_run_of(meeting) == first_run, "its history may be cut off, but it is not started anew"


async def first_run_of(meeting: Meeting) -> str:
    """The first run of the chain of runs that a continue-as-new makes."""
    return (await meeting.handle.describe()).raw_info.first_run_id


async def test_a_meeting_that_was_booked_and_never_claimed_goes_with_its_calendar(world: World) -> None:
    event_id, calendar_id = f"e-{world.key}", f"anna-{world.key[:8]}"
    handle = await world.client.start_workflow(
        "MeetingWorkflow",
        {
            "meeting_url": world.link("half booked"),
            "start_time": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "calendar": {"calendar_id": calendar_id, "event_id": event_id},
        },
        id=f"meeting-cal-{world.key[:24]}",
        task_queue="meetings",
    )
    meeting = world.meeting(handle.id)
    await meeting.until_status(MeetingStatus.SCHEDULED)
    calls = MeetingBookings(world.client)
    now = datetime.now(UTC)
    await calls.release(f"cal-{world.key[:24]}", ClaimRelease(calendar_id="another one", seen_at=now))
    assert (await meeting.view()).status is MeetingStatus.SCHEDULED
    await calls.release(f"cal-{world.key[:24]}", ClaimRelease(calendar_id=calendar_id, seen_at=now))
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
