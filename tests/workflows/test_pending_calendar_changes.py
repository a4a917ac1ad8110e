"""What is read for what was heard, and what becomes of news that could not be seen to at once."""

from collections import Counter
from datetime import timedelta

import pytest

from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from minutekeeper.providers.calendar_base import EventFilter
from tests.workflows.calendar_driver import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_change_that_is_named_asks_for_that_event_alone_and_any_other_for_what_changed(
    world: World,
) -> None:
    anna = await world.connected()
    anna.put("first")
    await anna.notices()
    cursor = (await anna.view()).cursor
    named, unheard_of = anna.put("named"), anna.put("unheard-of")
    world.calendars.asked.clear()
    assert (await anna.notices(event_ids=[named.event_id])).counts.booked == 1
    assert set(map(str, world.calendars.asked)) == {named.event_id}
    assert not await world.exists(anna.meeting(unheard_of))
    assert (await anna.view()).cursor == cursor, "what others changed meanwhile is still to be read"

    world.calendars.asked.clear()
    assert (await anna.notices(event_ids=[])).counts.booked == 1
    (listed,) = world.calendars.asked
    assert isinstance(listed, EventFilter)
    assert listed.updated_since is not None
    assert (await anna.meeting(unheard_of).view()).status is MeetingStatus.SCHEDULED


async def test_a_swarm_of_names_is_one_look_and_no_question_is_put_twice(world: World) -> None:
    anna = await world.connected(debounce_seconds=2)
    anna.put("first")
    await anna.call()
    await anna.forward(seconds=3)
    await anna.until(lambda view: view.counts.booked == 1)
    before = (await anna.view()).reconcile_count
    world.calendars.asked.clear()
    events = [anna.put(f"e{number}") for number in range(3)]
    for event in [*events, *events]:
        await anna.call(event_ids=[event.event_id])
    await anna.forward(seconds=3)
    view = await anna.until(lambda view: view.reconcile_count > before)
    assert view.reconcile_count == before + 1
    for event in events:
        assert (await anna.meeting(event).view()).status is MeetingStatus.SCHEDULED
    asked = Counter(map(str, world.calendars.asked))
    assert asked.keys() == {event.event_id for event in events}
    assert len(set(asked.values())) == 1, "once in each attempt"


async def test_a_named_event_that_is_gone_is_let_go_of_but_not_with_its_whole_calendar(world: World) -> None:
    anna = await world.connected()
    kept, removed = anna.put("kept"), anna.put("removed")
    await anna.notices()
    anna.remove("removed")
    assert (await anna.notices(event_ids=[removed.event_id])).counts.released == 1
    assert (await anna.meeting(removed).outcome()).status is MeetingStatus.CANCELLED

    world.calendars.unknown.add(anna.calendar_id)
    for said in ({"event_ids": [kept.event_id]}, {}):
        await anna.call(**said)
        view = await anna.until(lambda view: view.status is CalendarStatus.ERROR)
        assert "CalendarNotFound" in view.error
    assert (await anna.meeting(kept).view()).status is MeetingStatus.SCHEDULED
    world.calendars.unknown.clear()
    assert (await anna.notices()).status is CalendarStatus.ACTIVE
    assert (await anna.meeting(kept).view()).status is MeetingStatus.SCHEDULED


async def test_what_could_not_be_read_stays_owed(world: World) -> None:
    anna = await world.connected()
    anna.put("first")
    await anna.notices()
    event = anna.put()
    world.calendars.unreadable[event.event_id] = UnavailableError("not just now")
    world.calendars.failures.append(RequestRejectedError("no lists today"))
    await anna.call(event_ids=[event.event_id])
    await anna.until(lambda view: view.status is CalendarStatus.ERROR)
    assert not await world.exists(anna.meeting(event))
    before = (await anna.view()).reconcile_count
    world.calendars.unreadable.clear()
    await anna.forward(minutes=10)
    view = await anna.until(lambda view: view.reconcile_count > before)
    assert (view.status, view.counts.booked) == (CalendarStatus.ACTIVE, 1)


async def test_an_event_that_is_only_listed_is_read_from_the_list_and_asked_for_again(world: World) -> None:
    anna = await world.connected()
    first = anna.put("first")
    await anna.notices()
    moved = anna.put("first", start_time=first.start_time + timedelta(hours=1))
    hidden = anna.put("hidden")
    for event in (moved, hidden):
        world.calendars.unreadable[event.event_id] = UnavailableError("not just now")
    world.calendars.listed = lambda event: event.event_id != hidden.event_id
    view = await anna.notices(event_ids=[moved.event_id, hidden.event_id])
    assert (view.counts.moved, view.counts.booked) == (1, 0)
    world.calendars.unreadable.clear()
    await anna.forward(minutes=10)
    await anna.until(lambda seen: seen.reconcile_count > view.reconcile_count and seen.counts.booked == 1)
