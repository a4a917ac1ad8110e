"""Meetings with more than one bot, and rooms that several meetings need: relief, doubles, sharing, back to back."""

from datetime import timedelta

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from tests.replay.recorder import Recorder, path
from tests.workflows.driver import Meeting, room


@path
async def relief_bot_takes_over(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("joining_call", "in_call_recording")
    begin = await meeting.now()
    for hour in range(1, 5):
        await meeting.forward_to(begin + timedelta(hours=hour))
        await meeting.bot_sends("in_call_recording")
    await meeting.forward_to(begin + timedelta(hours=4, minutes=59))
    await meeting.until_bots(2)
    await meeting.completes()
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    await meeting.outcome()
    return meeting


@path
async def double_is_removed(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.provider.adds_double_of(recorder.provider.bots[0])
    double = BotEvent(
        bot_id="double",
        dispatch=0,
        occurred_at=await meeting.now() + timedelta(seconds=1),
        code="in_call_recording",
        status=MeetingStatus.RECORDING,
    )
    await meeting.handle.signal("bot_event", double)
    await meeting.until(lambda _view: recorder.provider.bot("double").removed)
    left = {"kind": BotEventKind.COMPLETE, "has_recording": True, "occurred_at": await meeting.now()}
    await meeting.handle.signal("bot_event", double.model_copy(update=left))
    await meeting.completes()
    await meeting.outcome()
    return meeting


async def _with_a_shared_bot(recorder: Recorder) -> tuple[Meeting, Meeting]:
    """Two workflows of one meeting; the first one has sent the bot."""
    owner = await recorder.with_a_bot("in_call_recording")
    other = await recorder.book(in_=timedelta(minutes=2))
    await other.until(lambda view: view.dispatches == 1)
    return owner, other


@path
async def shared_bot_that_records_both(recorder: Recorder) -> Meeting:
    owner, other = await _with_a_shared_bot(recorder)
    for meeting in (owner, other):
        await meeting.forward(minutes=3)
    for meeting in (owner, other):
        await meeting.completes()
        await meeting.outcome()
    return other


async def _taken_away(recorder: Recorder) -> tuple[Meeting, Meeting]:
    """The owner of a shared bot cancels, and the other workflow has a bot of its own at once."""
    owner, other = await _with_a_shared_bot(recorder)
    await owner.update("cancel", StopRequest())
    await other.until_bots(2)
    recorder.provider.bots[0].observation = recorder.provider.finished("bot-0")
    for meeting in (owner, other):
        await meeting.completes()
    await owner.outcome()
    await other.completes(dispatch=1)
    await other.outcome()
    return owner, other


@path
async def shared_bot_whose_owner_cancels(recorder: Recorder) -> Meeting:
    _, other = await _taken_away(recorder)
    return other


@path
async def owner_that_takes_a_shared_bot_away(recorder: Recorder) -> Meeting:
    owner, _ = await _taken_away(recorder)
    return owner


async def _back_to_back(recorder: Recorder) -> tuple[Meeting, Meeting]:
    """Two meetings in one room, up to where the bot of the earlier one is told to leave for the later one."""
    earlier = await recorder.book(in_=timedelta(minutes=2))
    begin = (await earlier.view()).start_time
    later = await recorder.book(start_time=(begin + timedelta(hours=1)).isoformat())
    await earlier.until_bots(1)
    await earlier.bot_sends("joining_call", "in_call_recording")
    await later.forward_to(begin + timedelta(minutes=57))
    await earlier.forward_to(begin + timedelta(minutes=57))
    await earlier.until(lambda view: "room_needed" in [entry.event for entry in view.timeline])
    return earlier, later


@path
async def room_left_to_the_next_meeting(recorder: Recorder) -> Meeting:
    earlier, later = await _back_to_back(recorder)
    await earlier.forward(minutes=4)
    await earlier.until(lambda _view: recorder.provider.bots[0].removed)
    await earlier.completes()
    await earlier.outcome()
    await recorder.run_to_end(later)
    return earlier


@path
async def room_awaited_from_the_meeting_before(recorder: Recorder) -> Meeting:
    earlier, later = await _back_to_back(recorder)
    await earlier.forward(minutes=4)
    await earlier.until(lambda _view: recorder.provider.bots[0].removed)
    await earlier.completes()
    await earlier.outcome()
    await later.until(lambda view: view.bot_id == "bot-1")
    await later.signal(BotEventKind.STATUS, bot_id="bot-1", code="in_call_recording")
    await recorder.run_to_end(later)
    return later


@path
async def prolonged_after_the_room_was_given_away(recorder: Recorder) -> Meeting:
    earlier, later = await _back_to_back(recorder)
    begin = (await earlier.view()).start_time
    await earlier.update("reschedule", Reschedule(start_time=begin, end_time=begin + timedelta(hours=2)))
    await earlier.forward_to(begin + timedelta(hours=1))
    await earlier.until(lambda view: view.dispatches == 2)
    await earlier.completes()
    await earlier.completes(bot_id="bot-1", dispatch=1)
    await earlier.outcome()
    await recorder.run_to_end(later)
    return earlier


@path
async def left_at_the_planned_end(recorder: Recorder) -> Meeting:
    meeting = await recorder.book(in_=timedelta(minutes=2), bot={"leave_at_end": 5})
    begin = (await meeting.view()).start_time
    await meeting.update("reschedule", Reschedule(start_time=begin, end_time=begin + timedelta(minutes=30)))
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.forward_to(begin + timedelta(minutes=35))
    await meeting.until(lambda _view: recorder.provider.bots[0].removed)
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def another_link_during_the_call(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("joining_call", "in_call_recording")
    begin = (await meeting.view()).start_time
    await meeting.forward_to(begin)
    await meeting.update("reschedule", Reschedule(start_time=begin, meeting_url=room()))
    await meeting.until_bots(2)
    await meeting.fails("BotNotAccepted", dispatch=1)
    recorder.provider.bots[1].observation = recorder.provider.refused("bot-1")
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def another_bot_was_asked_for(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("joining_call", "in_call_recording")
    await meeting.update("send", StopRequest(why="it shows a black picture"))
    await meeting.until(lambda _view: recorder.provider.bots[0].removed)
    await meeting.completes()
    await meeting.until_bots(2)
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    await meeting.outcome()
    return meeting
