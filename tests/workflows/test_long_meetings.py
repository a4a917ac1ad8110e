"""Long meetings, silent recordings and late transcripts."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.collection import RecordingResult
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from tests.workflows.driver import Meeting, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def recording(start: StartMeeting, **fields: object) -> Meeting:
    meeting = await start(in_=timedelta(minutes=2), **fields)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    return meeting


async def test_a_relief_bot_takes_over_before_the_first_one_must_leave(start: StartMeeting) -> None:
    meeting = await recording(start)
    begin = await meeting.now()
    for hour in range(4):
        await meeting.forward_to(begin + timedelta(hours=hour + 1))
        await meeting.bot_sends("in_call_recording")
    await meeting.forward_to(begin + timedelta(hours=4, minutes=59))
    await meeting.until_bots(2)
    first, second = meeting.provider.bots
    assert first.removed, "the second one comes when the first one has left"
    assert not second.removed
    await meeting.completes()
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.until(lambda view: view.status is MeetingStatus.RECORDING and view.bot_id == "bot-1")
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome()
    assert outcome.status is MeetingStatus.COMPLETED
    folder = meeting.handle.id.removeprefix("meeting-")
    recordings = [each.path for each in outcome.artifacts if each.path.endswith("recording.mp4")]
    assert recordings == [f"{folder}/recording.mp4", f"{folder}/later/1/recording.mp4"]


async def test_a_silent_recording_is_asked_about_twice_an_hour_at_most(start: StartMeeting) -> None:
    end = timedelta(hours=3)
    meeting = await recording(start, end_time=None)
    begin = await meeting.now()
    await meeting.forward_to(begin + timedelta(minutes=55))
    assert len(meeting.provider.asked) == 1, "long before the planned end plus half an hour"
    await meeting.forward_to(begin + end)
    await meeting.until(lambda _view: len(meeting.provider.asked) >= 4)
    assert len(meeting.provider.asked) <= 6
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


@pytest.mark.parametrize("hours", [2, 40])
async def test_a_transcript_that_is_ready_long_after_the_recording(start: StartMeeting, hours: int) -> None:
    meeting = await recording(start)
    meeting.recordings.transcripts = [TranscriptState.PENDING]
    await meeting.completes(has_transcript=False)
    await meeting.until(lambda view: any("recording.mp4" in each.path for each in view.artifacts))
    await meeting.forward(hours=hours)
    assert not (await meeting.view()).status.is_final
    meeting.recordings.transcripts = [TranscriptState.READY]
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)


async def test_the_collecting_is_told_that_the_transcript_was_announced(start: StartMeeting) -> None:
    meeting = await recording(start)
    meeting.recordings.transcripts = [TranscriptState.PENDING]
    await meeting.completes(has_transcript=False)
    await meeting.until(lambda _view: len(meeting.recordings.orders) == 1)
    meeting.recordings.transcripts = [TranscriptState.EMPTY]
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    assert (await meeting.outcome()).transcript is TranscriptState.EMPTY
    assert [order.transcript_finished for order in meeting.recordings.orders] == [False, True]


async def test_what_a_bot_recorded_before_a_failure_counts(start: StartMeeting) -> None:
    meeting = await recording(start)
    await meeting.update("send", {"why": "it hangs"})
    await meeting.completes()
    await meeting.until_bots(2)
    await meeting.fails("BotNotAccepted", dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert outcome.status is MeetingStatus.COMPLETED


async def test_a_bot_in_the_lobby_is_told_of_after_two_minutes(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.bot_sends("in_waiting_room")
    await meeting.forward(minutes=4)
    view = await meeting.until(lambda view: "waiting_in_lobby" in [entry.event for entry in view.timeline])
    assert view.status is MeetingStatus.WAITING_ROOM
    meeting.recordings.downloads = [RecordingResult(text="812 bytes")]
    await meeting.fails("BotNotAccepted")
    await meeting.outcome_in_time()
    (order,) = meeting.recordings.orders
    assert (order.screenshots, order.recording, order.transcript) == (True, False, False)
