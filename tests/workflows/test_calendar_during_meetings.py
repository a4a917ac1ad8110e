"""What happens in a calendar while a bot is on its way or in the call."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings.status import MeetingStatus
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.driver import Meeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def recorded(world: World, *, begun: bool) -> tuple[Calendar, Meeting]:
    """A meeting of two minutes from now that is being recorded, before its start or after it."""
    anna = await world.connected()
    anna.put(start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting()
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    if begun:
        await meeting.forward(minutes=10)
    return anna, meeting


async def test_a_move_while_it_is_recorded_leaves_the_recording_alone_and_books_the_new_time(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    moved = anna.put(start_time=datetime.now(UTC) + timedelta(days=1))
    assert (await anna.notices()).counts.deferred == 1
    assert (await meeting.view()).status is MeetingStatus.RECORDING
    assert not world.provider.bots[0].removed
    await meeting.forward(minutes=50)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    await anna.forward(hours=1, minutes=6)
    await anna.until(lambda view: view.counts.booked == 1 and view.reconcile_count > 2)
    second = await anna.meeting(sitting=2).view()
    assert (second.start_time, second.status) == (moved.start_time, MeetingStatus.SCHEDULED)
    assert (await meeting.view()).status is MeetingStatus.COMPLETED


async def test_a_bot_leaves_by_the_end_that_its_event_was_given_during_the_call(world: World) -> None:
    anna = await world.connected(policy={"bot": {"leave_at_end": 5}})
    start = datetime.now(UTC) + timedelta(minutes=2)
    anna.put(start_time=start, end_time=start + timedelta(minutes=30))
    await anna.notices()
    meeting = anna.meeting()
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.forward_to(start + timedelta(minutes=20))
    anna.put(end_time=start + timedelta(minutes=45))
    await anna.notices()
    await meeting.forward_to(start + timedelta(minutes=50, seconds=-1))
    assert not world.provider.bots[0].removed
    await meeting.forward_to(start + timedelta(minutes=50))
    await meeting.until(lambda _view: world.provider.bots[0].removed)


async def test_an_event_cancelled_after_its_start_does_not_cut_off_the_recording(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    anna.put(deleted=True, updated_at=await meeting.now())
    await anna.notices()
    assert (await meeting.view()).status is MeetingStatus.RECORDING
    assert not world.provider.bots[0].removed


async def test_an_event_cancelled_before_its_start_takes_the_bot_out_even_if_we_learn_late(world: World) -> None:
    anna, meeting = await recorded(world, begun=True)
    anna.put(deleted=True, updated_at=datetime.now(UTC))
    await anna.notices()
    view = await meeting.until(lambda view: "released" in [entry.event for entry in view.timeline])
    assert view.calendars == ()
    await meeting.until(lambda _view: world.provider.bots[0].removed)


async def test_a_move_while_the_bot_is_on_its_way_takes_it_back_and_sends_one_later(world: World) -> None:
    anna = await world.connected()
    anna.put(start_time=datetime.now(UTC) + timedelta(minutes=2))
    await anna.notices()
    meeting = anna.meeting()
    first = await meeting.until_bots(1)
    moved = anna.put(start_time=datetime.now(UTC) + timedelta(hours=1))
    assert (await anna.notices()).counts.moved == 1
    await meeting.until_status(MeetingStatus.SCHEDULED)
    assert first.removed
    await meeting.forward_to(moved.start_time)
    second = await meeting.until_bots(2)
    assert not second.removed


@pytest.mark.parametrize("change", ["moved", "link", "cancelled"])
async def test_a_change_while_the_bot_is_armed_is_honoured_right_after(world: World, change: str) -> None:
    world.provider.let_go.clear()
    anna = await world.connected()
    event = anna.put()
    await anna.notices()
    meeting = anna.meeting()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    waking = asyncio.create_task(meeting.forward(minutes=57))
    await asyncio.wait_for(world.provider.armed.wait(), 20)
    if change == "cancelled":
        anna.put(deleted=True)
    else:
        later = {"start_time": event.start_time + timedelta(hours=1)}
        event = anna.put(**(later if change == "moved" else {"meeting_url": world.link("elsewhere")}))
    await anna.notices(event_ids=[event.event_id])
    # The view of a moved meeting shows its new time at once; the bot that is armed goes out all the same.
    shown = MeetingStatus.SCHEDULED if change == "moved" else MeetingStatus.DISPATCHING
    assert (await meeting.view()).status is shown
    assert not world.provider.bots
    world.provider.let_go.set()
    await waking
    if change == "cancelled":
        await meeting.until(lambda _view: world.provider.bots[0].removed)
    else:
        if change == "moved":
            await meeting.until_status(MeetingStatus.SCHEDULED)
            await meeting.forward_to(event.start_time)
        await meeting.until_bots(2)
    assert [bot.removed for bot in world.provider.bots] == [True, False][: len(world.provider.bots)]
    assert world.provider.bots[-1].order.meeting_url == (await meeting.view()).meeting_url
