"""Meetings whose recording is collected, with every state of their transcripts."""

from datetime import timedelta

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from tests.replay.recorder import Recorder, Scenario, enter, path
from tests.workflows.driver import Meeting


@path
async def completed(recorder: Recorder) -> Meeting:
    """A good day, a month ahead."""
    meeting = await recorder.book(in_=timedelta(days=30), title="Weekly")
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.forward(days=30)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_waiting_room", "in_call_not_recording", "in_call_recording")
    await meeting.forward(minutes=50)
    await meeting.bot_sends("recording_paused", "recording_resumed", "call_ended")
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def completed_without_any_webhook(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot()
    await recorder.run_to_end(meeting)
    return meeting


@path
async def completed_after_a_failure_whose_recording_turned_up(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.fails("BotRemoved")
    await meeting.until_status(MeetingStatus.ENDED)
    recorder.provider.bots[0].observation = recorder.provider.finished("bot-0")
    await meeting.outcome_in_time()
    return meeting


@path
async def completed_by_a_second_bot(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("joining_call")
    await meeting.fails("InternalError")
    await meeting.forward(seconds=45)
    await meeting.until_bots(2)
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    await meeting.outcome_in_time()
    return meeting


@path
async def completed_without_a_transcript_wanted(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording", wanted={"transcript": False})
    await meeting.completes(has_transcript=False)
    await meeting.outcome()
    return meeting


@path
async def completed_without_a_recording_wanted(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording", wanted={"recording": False})
    await meeting.completes()
    await meeting.outcome_in_time()
    return meeting


@path
async def completed_with_a_late_transcript(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.recordings.transcripts = [TranscriptState.PENDING, TranscriptState.READY]
    await meeting.completes(has_transcript=False)
    await meeting.until_status(MeetingStatus.COLLECTING)
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    await meeting.outcome()
    return meeting


def _completed_with_transcript(state: TranscriptState) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        meeting = await recorder.with_a_bot("in_call_recording")
        recorder.recordings.transcripts = [state]
        await meeting.completes(has_transcript=False)
        await meeting.outcome_in_time()
        return meeting

    return scenario


for _state in (TranscriptState.PENDING, TranscriptState.EMPTY, TranscriptState.FAILED):
    enter(f"completed_with_transcript_{_state}", _completed_with_transcript(_state))


@path
async def completed_with_a_transcript_that_cannot_be_stored(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.recordings.transcript_failures = ["no room left"]
    await meeting.completes()
    await meeting.outcome()
    return meeting
