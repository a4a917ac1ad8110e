"""Limits of bots, from the calendar to the bot that comes or does not come."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.messages import PolicyChange
from minutekeeper.calendars.tracked_events import TrackedEvent
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint
from minutekeeper.temporal.meeting_workflows import MeetingWorkflows
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
"""Of the day after tomorrow, because limits of a day are those of the clock."""

ONE_AT_ONCE = InstallationLimits(installation=Limits(at_once=1))
TWO_A_DAY = {"limits": {"per_day": 2}}


def entry_of(calendar: Calendar, event: CalendarEvent) -> TrackedEvent:
    """What the last reconcile has decided about an event."""
    book = CalendarCheckpoint.model_validate_json(calendar.book_path().read_bytes())
    return book.events.entries[event.event_id]


async def until_rule(calendar: Calendar, event: CalendarEvent, rule: str) -> TrackedEvent:
    await calendar.until(lambda _view: entry_of(calendar, event).rule == rule)
    return entry_of(calendar, event)


def at(hours: float, minutes: float = 60) -> dict[str, Any]:
    start = NOON + timedelta(hours=hours)
    return {"start_time": start, "end_time": start + timedelta(minutes=minutes)}


async def is_booked(world: World, meeting: Meeting) -> bool:
    return await world.exists(meeting) and (await meeting.view()).status is MeetingStatus.SCHEDULED


async def test_a_users_limit_leaves_out_the_latest_and_a_cancelled_meeting_lets_it_in(world: World) -> None:
    anna = await world.connected(owner="anna@acme.com", policy=TWO_A_DAY)
    first, second, third = (anna.put(name, **at(hour)) for name, hour in [("one", 0), ("two", 1), ("three", 2)])
    view = await anna.notices()
    assert (view.counts.booked, view.counts.left_out) == (2, 1)
    left_out = entry_of(anna, third)
    assert (left_out.record, left_out.rule) == (False, "limit")
    assert left_out.reason == (
        f"Left out: the limit of this user is 2 a day, and 2 are booked for {NOON:%Y-%m-%d} (UTC): one, two."
    )
    assert not await world.exists(anna.meeting(third))
    assert view.next_reconcile_at is not None

    anna.put("one", deleted=True)
    view = await anna.notices(event_ids=[first.event_id])
    assert (view.counts.released, view.counts.booked, view.counts.left_out) == (1, 1, 0)
    assert entry_of(anna, third).rule == "otherwise"
    assert await is_booked(world, anna.meeting(third))
    assert await is_booked(world, anna.meeting(second))


async def test_a_more_important_meeting_takes_the_place_of_one_that_is_booked(world: World) -> None:
    policy = TWO_A_DAY | {
        "rules": [{"name": "offers", "when": {"title": "offer"}, "then": "record", "importance": 8}]
    }
    anna = await world.connected(owner="anna@acme.com", policy=policy)
    one, two = anna.put("one", **at(0)), anna.put("two", **at(1))
    await anna.notices()
    offer = anna.put("offer", **at(5))
    await anna.notices()
    left_out = entry_of(anna, two)
    assert (left_out.rule, left_out.left_out and left_out.left_out.rule) == ("limit", "otherwise")
    assert left_out.reason.endswith("(UTC): offer, one.")
    outcome = await anna.meeting(two).outcome()
    assert outcome.status is MeetingStatus.CANCELLED
    assert "Left out" in str((await anna.meeting(two).view()).timeline)
    assert await is_booked(world, anna.meeting(offer))
    assert await is_booked(world, anna.meeting(one))

    later = anna.put("later", **at(6))
    await anna.notices()
    assert entry_of(anna, later).rule == "limit"
    assert await is_booked(world, anna.meeting(offer)), "a less important one takes no place"

    await anna.changes("set_policy", PolicyChange(policy={}))
    assert {entry_of(anna, each).rule for each in (one, two, offer, later)} == {"otherwise"}
    assert await is_booked(world, anna.meeting(two)), "booked again because there is room"
    assert list((world.folder / layout.bookings_path()).rglob("*.json")) == []


async def test_a_bot_that_is_under_way_stays_whatever_else_is_wanted(world: World) -> None:
    policy = {
        "limits": {"at_once": 1},
        "rules": [{"name": "offers", "when": {"title": "offer"}, "then": "record", "importance": 8}],
    }
    anna = await world.connected(owner="anna@acme.com", policy=policy)
    soon = datetime.now(UTC) + timedelta(minutes=2)
    event = anna.put(start_time=soon, end_time=soon + timedelta(hours=1))
    await anna.notices()
    meeting = anna.meeting(event)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    offer = anna.put("offer", start_time=soon + timedelta(minutes=5))
    await anna.notices()
    assert entry_of(anna, offer).rule == "limit"
    anna.put(start_time=soon + timedelta(hours=3), end_time=soon + timedelta(hours=4))
    anna.put("other", start_time=soon + timedelta(hours=3), title="offer")
    await anna.notices()
    assert entry_of(anna, event).record, "also where its event was moved meanwhile"
    assert not world.provider.bots[0].removed


@pytest.mark.parametrize("world", [ONE_AT_ONCE], indirect=True)
async def test_calendars_of_several_users_keep_the_installations_limit_together(world: World) -> None:
    anna, ben = await world.connected("anna", owner="anna@acme.com"), await world.connected("ben")
    hers = anna.put("hers", **at(0))
    await anna.notices()
    his = ben.put("his", **at(0.5))
    await ben.notices()
    left_out = entry_of(ben, his)
    assert left_out.rule == "limit"
    assert left_out.reason == (
        f"Left out: the limit of the installation is 1 at once, and 1 is booked for {NOON:%Y-%m-%d} 12:30 (UTC): "
        f"{entry_of(anna, hers).meeting_id}."
    )
    earlier = ben.put("earlier", **at(-0.5))
    await ben.notices()
    assert await is_booked(world, ben.meeting(earlier)), "it starts earlier"
    await until_rule(anna, hers, "limit")
    assert (await anna.meeting(hers).outcome()).status is MeetingStatus.CANCELLED

    ben.put("earlier", deleted=True)
    await ben.notices(event_ids=[earlier.event_id])
    await until_rule(anna, hers, "otherwise")
    await anna.meeting(hers).until_status(MeetingStatus.SCHEDULED)
    assert entry_of(ben, his).rule == "limit"

    await anna.update("disconnect")
    await anna.handle.result()
    await until_rule(ben, his, "otherwise")


@pytest.mark.parametrize("world", [ONE_AT_ONCE], indirect=True)
async def test_one_meeting_in_two_calendars_is_one_bot(world: World) -> None:
    anna, ben = await world.connected("anna", owner="anna@acme.com"), await world.connected("ben")
    hers, his = anna.put(**at(0)), ben.put(**at(0))
    await asyncio.gather(anna.notices(), ben.notices())
    assert {entry_of(anna, hers).rule, entry_of(ben, his).rule} == {"otherwise"}


@pytest.mark.parametrize("world", [ONE_AT_ONCE], indirect=True)
async def test_calendars_that_decide_at_the_same_time_come_to_one_outcome(world: World) -> None:
    names = ["anna", "ben", "cleo", "dan"]
    calendars = [await world.connected(name, owner=f"{name}@acme.com") for name in names]
    events = [each.put(each.calendar_id, **at(0.25 * number)) for number, each in enumerate(calendars)]
    await asyncio.gather(*(each.notices() for each in calendars))
    await until_rule(calendars[0], events[0], "otherwise")
    for calendar, event in zip(calendars[1:], events[1:], strict=True):
        await until_rule(calendar, event, "limit")
        meeting = calendar.meeting(event)
        assert not await world.exists(meeting) or (await meeting.outcome()).status is MeetingStatus.CANCELLED


@pytest.mark.parametrize("world", [ONE_AT_ONCE], indirect=True)
async def test_a_meeting_that_was_booked_by_hand_counts_and_is_never_left_out(world: World) -> None:
    anna = await world.connected(owner="anna@acme.com")
    event = anna.put(**at(0))
    await anna.notices()
    by_hand = MeetingRequest(meeting_url=world.link("by hand"), **at(0.5, minutes=15))
    await MeetingWorkflows(world.client, timedelta(seconds=10)).start(by_hand, f"meeting-{world.key}")
    try:
        left_out = await looks_until(anna, event, "limit")
        assert f"12:30 (UTC): {world.key}." in left_out.reason
        later = anna.put("later", **at(0.75))
        await anna.notices()
        assert entry_of(anna, later).rule == "otherwise", "until its planned end only"
    finally:
        await world.client.get_workflow_handle(f"meeting-{world.key}").execute_update("cancel")
    await looks_until(anna, event, "otherwise")


async def looks_until(calendar: Calendar, event: CalendarEvent, rule: str) -> TrackedEvent:
    """Looks again and again, because Temporal's lists are a moment late."""
    for _ in range(100):
        await calendar.notices()
        if (entry := entry_of(calendar, event)).rule == rule:
            return entry
        await asyncio.sleep(0.1)
    raise AssertionError(f"it is decided by {entry.rule}: {entry.reason}")


async def test_the_calendars_of_one_user_keep_a_limit_together_also_if_one_does_not_know_it(world: World) -> None:
    google = await world.connected("google", user="anna", policy={"limits": {"per_day": 1}})
    outlook = await world.connected("outlook", user="Anna")
    first = google.put("first", **at(1))
    await google.notices()
    second = outlook.put("second", **at(2))
    await outlook.notices()
    assert entry_of(outlook, second).rule == "limit"
    assert await is_booked(world, google.meeting(first))
    ben = await world.connected("ben", user="ben")
    his = ben.put("his", **at(1))
    await ben.notices()
    assert entry_of(ben, his).rule == "otherwise"
