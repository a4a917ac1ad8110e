"""Meetings that follow a bot which the provider sent by its own timer."""

from datetime import timedelta

from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import MeetingStatus
from tests.replay.recorder import Recorder, path
from tests.workflows.driver import Meeting


async def adopted(recorder: Recorder, *codes: str) -> Meeting:
    bot = recorder.provider.send_by_timer().model_dump(mode="json")
    origin = {"calendar_id": "annas", "event_id": "planning"}
    meeting = await recorder.book(in_=timedelta(minutes=3), follows=bot, calendar=origin)
    await meeting.until_bots(1)
    await meeting.bot_sends(*codes)
    return meeting


@path
async def adopted_and_recorded(recorder: Recorder) -> Meeting:
    meeting = await adopted(recorder, "joining_call", "in_call_recording")
    await meeting.forward(minutes=50)
    await meeting.bot_sends("call_ended")
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def adopted_and_failed(recorder: Recorder) -> Meeting:
    meeting = await adopted(recorder, "joining_call")
    await meeting.fails("InternalError")
    await meeting.outcome_in_time()
    return meeting


@path
async def adopted_and_silent(recorder: Recorder) -> Meeting:
    meeting = await adopted(recorder, "joining_call")
    await recorder.run_to_end(meeting)
    return meeting


@path
async def adopted_and_cancelled_in_the_call(recorder: Recorder) -> Meeting:
    meeting = await adopted(recorder, "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    await meeting.update("cancel", StopRequest(why="enough"))
    await recorder.run_to_end(meeting)
    return meeting
