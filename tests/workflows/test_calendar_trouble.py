"""What goes wrong around a calendar cancels nothing, doubles nothing and loses nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.meeting_bookings import MeetingBookings
from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from tests.workflows.calendar_driver import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_list_that_breaks_off_cancels_nothing(world: World) -> None:
    anna = await world.connected()
    events = [anna.put(name) for name in ("one", "two", "three")]
    await anna.notices()
    world.calendars.breaks_after, world.calendars.failure = 1, RequestRejectedError("page 2 is missing")
    await anna.update("resync")
    view = await anna.until(lambda view: view.status is CalendarStatus.ERROR)
    assert "page 2 is missing" in view.error
    for event in events:
        assert (await anna.meeting(event).view()).status is MeetingStatus.SCHEDULED
    world.calendars.breaks_after = None
    view = await anna.notices()
    assert (view.status, view.counts.released) == (CalendarStatus.ACTIVE, 0)


async def test_an_empty_list_and_an_unreadable_event_cancel_nothing(world: World) -> None:
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    world.calendars.listed = lambda _event: False
    assert (await anna.changes("resync")).counts.released == 0
    world.calendars.unreadable[event.event_id] = UnavailableError("gave an event without a time")
    assert (await anna.changes("resync")).counts.released == 0
    assert (await anna.meeting().view()).status is MeetingStatus.SCHEDULED


@pytest.mark.parametrize("harm", ["lost", "damaged", "outdated"])
async def test_a_bad_book_doubles_nothing_and_lets_go_of_what_is_unwanted(world: World, harm: str) -> None:
    anna = await world.connected()
    kept = anna.put("kept")
    await anna.notices()
    outdated = anna.book_path().read_bytes()
    dropped, removed = anna.put("dropped"), anna.put("removed")
    await anna.notices()
    first_run = (await anna.meeting(kept).handle.describe()).run_id
    await until_found(world, anna.calendar_id, meetings=3)
    anna.book_path().unlink()
    if harm != "lost":
        anna.book_path().write_bytes(outdated if harm == "outdated" else outdated[:-50])
    anna.put("dropped", response="declined")
    anna.remove("removed")
    await anna.changes("resync")
    for event in (dropped, removed):
        assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED
    assert (await anna.meeting(kept).view()).status is MeetingStatus.SCHEDULED
    assert (await anna.meeting(kept).handle.describe()).run_id == first_run


async def until_found(world: World, calendar_id: str, meetings: int) -> None:
    """Searches show what happened about a second later."""
    query = f'CalendarId = "{calendar_id}" AND WorkflowType = "MeetingWorkflow"'
    for _ in range(1600):
        if (await world.client.count_workflows(query)).count == meetings:
            return
        await asyncio.sleep(0.025)
    raise AssertionError(f"there were never {meetings} meetings of {calendar_id}")


async def test_a_crash_in_the_middle_goes_on_where_it_stopped_in_order_of_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.connected()
    start = datetime.now(UTC) + timedelta(hours=1)
    events = [anna.put(f"e{number}", start_time=start + timedelta(minutes=number)) for number in range(50)]
    claimed: list[datetime] = []
    really = MeetingBookings.claim

    async def claim(self: MeetingBookings, meeting_id: str, request: Any, *rest: Any, **options: Any) -> Any:
        answer = await really(self, meeting_id, request, *rest, **options)
        claimed.append(request.start_time)
        if len(claimed) == 30:
            raise ZeroDivisionError("the process is gone")
        return answer

    monkeypatch.setattr(MeetingBookings, "claim", claim)
    monkeypatch.setattr("activities.calendar_plan_execution._BATCH_SIZE", 20)
    view = await anna.notices()
    assert set(claimed) == {event.start_time for event in events}
    assert max(claimed[:20]) < min(claimed[20:]), "sooner meetings come first"
    assert len(claimed) <= 50 + 20, "only what was under way is done again"
    assert view.counts.booked == len(events) - 20, "the first batch was noted"
    for event in events:
        assert (await anna.meeting(event).view()).status is MeetingStatus.SCHEDULED


async def test_what_was_booked_and_not_noted_before_a_crash_is_let_go_of_if_its_event_vanishes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await world.connected()
    event = anna.put()
    really = MeetingBookings.claim

    async def claim(self: MeetingBookings, *arguments: Any, **options: Any) -> Any:
        await really(self, *arguments, **options)
        anna.remove()
        raise ZeroDivisionError("the process is gone")

    monkeypatch.setattr(MeetingBookings, "claim", claim)
    await anna.notices()
    assert (await anna.meeting(event).outcome()).status is MeetingStatus.CANCELLED


@pytest.mark.no_cover
async def test_of_a_thousand_events_at_once_each_with_a_link_gets_its_meeting(world: World) -> None:
    anna = await world.connected()
    start = datetime.now(UTC) + timedelta(days=2)
    for number in range(1000):
        link = {} if number % 10 == 0 else {"meeting_url": ""}
        anna.put(f"e{number}", start_time=start + timedelta(minutes=number), **link)
    await anna.call()
    view = await anna.until(lambda view: view.reconcile_count == 2, seconds=300)
    assert view.counts.events == 1000
    await until_found(world, anna.calendar_id, meetings=100)
