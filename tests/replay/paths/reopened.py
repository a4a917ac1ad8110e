"""Finished meetings that are taken up again, by `collect` and `send`. The second run is recorded."""

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.views import Outcome
from starter.client import MeetingClient
from starter.temporal_client import TemporalMeetingClient
from tests.replay.recorder import Recorder, path
from tests.workflows.conftest import with_plugin
from tests.workflows.driver import Meeting


async def _finished(recorder: Recorder) -> tuple[Meeting, MeetingClient]:
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.completes()
    await meeting.outcome()
    return meeting, TemporalMeetingClient(with_plugin(recorder.env.client))


async def _second_run(recorder: Recorder, meeting: Meeting) -> Meeting:
    client = with_plugin(recorder.env.client)
    run_id = (await client.get_workflow_handle(meeting.handle.id).describe()).run_id
    handle = client.get_workflow_handle(
        meeting.handle.id, run_id=run_id, first_execution_run_id=run_id, result_type=Outcome
    )
    return Meeting(recorder.env, handle, recorder.provider, recorder.recordings)


@path
async def reopened_to_collect(recorder: Recorder) -> Meeting:
    meeting, client = await _finished(recorder)
    await client.collect(meeting.handle.id)
    again = await _second_run(recorder, meeting)
    await again.outcome()
    return again


@path
async def reopened_to_collect_a_new_transcript(recorder: Recorder) -> Meeting:
    meeting, client = await _finished(recorder)
    await client.collect(meeting.handle.id, retranscribe=True)
    again = await _second_run(recorder, meeting)
    await again.until(lambda _view: len(recorder.recordings.orders) == 2)
    await again.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    await again.outcome()
    return again


@path
async def reopened_to_send_another_bot(recorder: Recorder) -> Meeting:
    meeting, client = await _finished(recorder)
    await client.send_bot(meeting.handle.id, "it was removed by mistake")
    again = await _second_run(recorder, meeting)
    await again.until_bots(2)
    await again.completes(dispatch=1)
    await again.outcome()
    return again
