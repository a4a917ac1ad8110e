"""Meetings that follow each other in one room, and bots that leave at the planned end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.request import Reschedule
from minutekeeper.meetings.rooms import CHANGEOVER
from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.calendar_driver import World
from tests.workflows.driver import Meeting, StartMeeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = timedelta(seconds=1)


def begin() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=2)


async def recorded(start: StartMeeting, at: datetime, minutes: float, **fields: Any) -> Meeting:
    """A meeting of so many minutes that is being recorded."""
    end = at + timedelta(minutes=minutes)
    meeting = await start(**{"start_time": at.isoformat(), "end_time": end.isoformat()} | fields)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    return meeting


async def in_a_row(start: StartMeeting) -> tuple[Meeting, Meeting, datetime]:
    """Two meetings in one room, up to where the bot of the later one is sent, and when that one begins."""
    url, first_at = room(), begin()
    border = first_at + timedelta(minutes=30)
    first = await recorded(start, first_at, 30, meeting_url=url)
    end = border + timedelta(minutes=30)
    second = await start(start_time=border.isoformat(), end_time=end.isoformat(), meeting_url=url)
    await first.forward_to(border - timedelta(minutes=4))
    await second.forward_to(border - timedelta(minutes=4))
    await second.until_bots(1)
    return first, second, border


def events(view: Any) -> list[str]:
    return [entry.event for entry in view.timeline]


async def signals(meeting: Meeting, name: str) -> int:
    history = (await meeting.handle.fetch_history()).events
    return sum(each.workflow_execution_signaled_event_attributes.signal_name == name for each in history)


async def test_of_two_in_a_row_the_later_bot_comes_in_time_and_the_earlier_one_leaves_first(
    start: StartMeeting,
) -> None:
    first, second, border = await in_a_row(start)
    earlier, later = first.provider.bots
    assert (later.order.mode, later.order.start_time) == ("reserved", border)
    assert events(await first.view()).count("room_needed") == await signals(first, "room_needed") == 1
    await first.forward_to(border - CHANGEOVER - SECOND)
    assert not earlier.removed
    await first.forward_to(border - SECOND)
    await first.until(lambda _view: earlier.removed)
    await first.completes()
    outcome = await first.outcome()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "bot-0")
    await second.forward_to(border + timedelta(minutes=30))
    assert not later.removed, "people stay, and no other meeting begins"
    await second.completes(bot_id="bot-1")
    outcome = await second.outcome()
    assert (outcome.status, outcome.bot_id) == (MeetingStatus.COMPLETED, "bot-1")
    assert [order.bot_id for order in second.recordings.orders] == ["bot-0", "bot-1"]


async def test_a_later_meeting_that_is_booked_in_the_last_minutes_waits_until_the_room_is_left(
    start: StartMeeting,
) -> None:
    """Its bot would join at once, minutes before the earlier one leaves."""
    url, border = room(), datetime.now(UTC) + timedelta(minutes=3)
    first = await recorded(start, border - timedelta(minutes=30), 30, meeting_url=url)
    end = border + timedelta(minutes=30)
    second = await start(start_time=border.isoformat(), end_time=end.isoformat(), meeting_url=url)
    await first.until(lambda view: "room_needed" in events(view))
    await second.forward(minutes=1)
    await first.forward(minutes=1)
    assert [bot.removed for bot in first.provider.bots] == [False]
    assert await signals(first, "room_needed") == 1
    await first.forward_to(border - SECOND)
    await first.until(lambda _view: first.provider.bots[0].removed)
    await first.completes()
    assert (await first.outcome()).status is MeetingStatus.COMPLETED
    await second.forward_to(border + timedelta(seconds=30))
    assert (await second.until_bots(1)).bot_id == "bot-1"


async def test_an_earlier_meeting_that_is_prolonged_shares_the_later_ones_bot(start: StartMeeting) -> None:
    first, second, border = await in_a_row(start)
    began = (await first.view()).start_time
    await first.update("reschedule", Reschedule(start_time=began, end_time=border + timedelta(minutes=15)))
    await first.forward_to(border)
    view = await first.until(lambda view: view.dispatches == 2)
    assert view.bot_id == "bot-1"
    assert [bot.removed for bot in first.provider.bots] == [True, False]
    for meeting in (first, second):
        dispatch = 1 if meeting is first else 0
        await meeting.completes(bot_id="bot-1", dispatch=dispatch)
    await first.completes()
    assert (await first.outcome()).status is MeetingStatus.COMPLETED
    assert (await second.outcome()).status is MeetingStatus.COMPLETED


async def test_a_shared_bot_that_left_before_the_meeting_began_is_followed_by_its_own(start: StartMeeting) -> None:
    url, at = room(), begin()
    first = await recorded(start, at, 30, meeting_url=url)
    starts = at + timedelta(minutes=20)
    second = await start(start_time=starts.isoformat(), meeting_url=url)
    await second.forward_to(starts - timedelta(minutes=4))
    assert (await second.until(lambda view: view.dispatches == 1)).bot_id == "bot-0"
    ended_at = starts - timedelta(minutes=2)
    await first.completes(occurred_at=ended_at)
    await first.outcome()
    first.provider.bots[0].observation = first.provider.finished("bot-0", ended_at)
    await second.forward_to(starts + timedelta(minutes=2))
    own = await second.until_bots(2)
    assert own.order.start_time == starts
    await second.completes(dispatch=1)
    assert (await second.outcome()).bot_id == "bot-1"


@pytest.mark.parametrize("minutes", [0, 5, 45])
async def test_a_bot_leaves_so_many_minutes_after_the_planned_end(start: StartMeeting, minutes: int) -> None:
    at = begin()
    meeting = await recorded(start, at, 30, bot={"leave_at_end": minutes})
    leaves = at + timedelta(minutes=30 + minutes)
    await meeting.forward_to(leaves - SECOND)
    assert not meeting.provider.bots[0].removed
    await meeting.forward_to(leaves)
    view = await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    assert "leave_at_end" in events(view)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    assert len(meeting.provider.bots) == 1


@pytest.mark.parametrize("shift", [-10, 20])
async def test_it_follows_an_end_that_is_moved(start: StartMeeting, shift: int) -> None:
    at = begin()
    meeting = await recorded(start, at, 30, bot={"leave_at_end": 5})
    end = at + timedelta(minutes=30 + shift)
    await meeting.forward_to(at + timedelta(minutes=10))
    await meeting.update("reschedule", Reschedule(start_time=at, end_time=end))
    await meeting.forward_to(end + timedelta(minutes=5) - SECOND)
    assert not meeting.provider.bots[0].removed
    await meeting.forward_to(end + timedelta(minutes=5))
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)


async def test_an_end_that_is_put_off_after_the_bot_left_brings_another_one(start: StartMeeting) -> None:
    at = begin()
    meeting = await recorded(start, at, 30, bot={"leave_at_end": 0})
    await meeting.forward_to(at + timedelta(minutes=30))
    await meeting.until(lambda _view: meeting.provider.bots[0].removed)
    await meeting.update("reschedule", Reschedule(start_time=at, end_time=at + timedelta(hours=1)))
    await meeting.until_bots(2)
    await meeting.completes()
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.forward_to(at + timedelta(hours=1))
    await meeting.until(lambda _view: meeting.provider.bots[1].removed)
    await meeting.signal(BotEventKind.COMPLETE, dispatch=1, has_recording=True, body="raw/later.json")
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_meeting_without_a_planned_end_has_none_to_leave_at(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2), bot={"leave_at_end": 0})
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.forward(hours=2)
    assert not meeting.provider.bots[0].removed


async def test_two_events_in_one_room_are_two_meetings_with_a_bot_and_a_folder_each(world: World) -> None:
    anna = await world.connected()
    first_at, url = begin(), world.link("room of all")
    border, half = first_at + timedelta(minutes=30), timedelta(minutes=30)
    events = [
        anna.put(name, start_time=at, end_time=at + half, meeting_url=url)
        for name, at in (("first", first_at), ("second", border))
    ]
    await anna.notices()
    first, second = (anna.meeting(event) for event in events)
    await first.until_bots(1)
    await first.bot_sends("joining_call", "in_call_recording")
    for meeting in (first, second):
        await meeting.forward_to(border - timedelta(minutes=4))
    await second.until_bots(1)
    await first.forward_to(border)
    await first.until(lambda _view: world.provider.bots[0].removed)
    await first.completes()
    await second.completes(bot_id="bot-1")
    for meeting, bot_id in ((first, "bot-0"), (second, "bot-1")):
        outcome = await meeting.outcome()
        assert outcome.bot_id == bot_id
        assert f"{outcome.meeting_id}/recording.mp4" in {artifact.path for artifact in outcome.artifacts}
    assert [bot.order.start_time for bot in world.provider.bots] == [first_at, border]
