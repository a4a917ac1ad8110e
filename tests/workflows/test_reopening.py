"""A finished meeting is taken up again: to collect its files once more, or to send another bot."""

from datetime import timedelta

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from starter.client import MeetingClient
from starter.errors import MeetingRefusedError
from starter.temporal_client import TemporalMeetingClient
from tests.workflows.conftest import with_plugin
from tests.workflows.driver import Meeting, StartMeeting, room

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def recorded(start: StartMeeting) -> tuple[Meeting, MeetingClient]:
    meeting = await start(in_=timedelta(minutes=2), meeting_url=room())
    await meeting.until_bots(1)
    await meeting.bot_sends("in_call_recording")
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
    return meeting, TemporalMeetingClient(with_plugin(meeting.env.client))


async def test_recording_and_transcript_are_fetched_again(start: StartMeeting) -> None:
    meeting, client = await recorded(start)
    view = await client.collect(meeting.handle.id)
    assert not view.artifacts or view.status is not MeetingStatus.SCHEDULED
    outcome = await client.wait(meeting.handle.id)
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
    first, again = meeting.recordings.orders
    assert (again.bot_id, again.run) == (first.bot_id, meeting.handle.first_execution_run_id)
    assert len(outcome.artifacts) == 7
    assert len({artifact.path for artifact in outcome.artifacts}) == 7
    assert len(meeting.provider.bots) == 1


async def test_a_new_transcript_is_awaited(start: StartMeeting) -> None:
    meeting, client = await recorded(start)
    await client.collect(meeting.handle.id, retranscribe=True)
    await meeting.until(lambda _view: meeting.provider.retranscribed == ["bot-0"])
    await meeting.until(lambda _view: len(meeting.recordings.orders) == 2)
    assert not meeting.recordings.orders[1].transcript, "the old transcript is of no use"
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    outcome = await client.wait(meeting.handle.id)
    assert outcome.transcript is TranscriptState.READY


async def test_another_bot_is_sent_after_the_last_one_was_thrown_out(start: StartMeeting) -> None:
    meeting, client = await recorded(start)
    await client.send_bot(meeting.handle.id, "it was thrown out")
    await meeting.until_bots(2)
    await meeting.completes(dispatch=1)
    outcome = await client.wait(meeting.handle.id)
    assert outcome.status is MeetingStatus.COMPLETED
    recordings = [each.path for each in outcome.artifacts if each.path.endswith("recording.mp4")]
    assert len(recordings) == 2


async def test_what_cannot_be_taken_up_says_why(start: StartMeeting) -> None:
    meeting = await start(meeting_url=room())
    client = TemporalMeetingClient(with_plugin(meeting.env.client))
    with pytest.raises(MeetingRefusedError, match="still runs"):
        await client.collect(meeting.handle.id)
    with pytest.raises(MeetingRefusedError, match="first bot is still to be sent"):
        await client.send_bot(meeting.handle.id)
    await client.cancel(meeting.handle.id)
    with pytest.raises(MeetingRefusedError, match="never had a bot"):
        await client.collect(meeting.handle.id)
    with pytest.raises(MeetingRefusedError, match="was stopped"):
        await client.send_bot(meeting.handle.id)
