"""Every end of a meeting leaves a record, which says the same as the workflow, and costs an action at most."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from tests.workflows.costs import cost_of
from tests.workflows.driver import Meeting, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def recorded(meeting: Meeting) -> MeetingRecord:
    """The last record that was written, which must say what the workflow says."""
    record = meeting.recordings.records[-1]
    assert record.view == await meeting.view()
    assert record.outcome == await meeting.outcome()
    return record


@contextmanager
def held(storing: asyncio.Event) -> Iterator[None]:
    """Storage does not answer within the block."""
    storing.clear()
    try:
        yield
    finally:
        storing.set()


async def activities_of(meeting: Meeting) -> int:
    return cost_of((await meeting.handle.fetch_history()).events).actions["ACTIVITY_TASK_SCHEDULED"]


async def in_the_call(start: StartMeeting, **fields: object) -> Meeting:
    meeting = await start(in_=timedelta(minutes=2), **fields)
    await meeting.until_bots(1)
    await meeting.bot_sends("joining_call", "in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    return meeting


async def test_a_completed_meeting_costs_no_action_more(start: StartMeeting) -> None:
    meeting = await in_the_call(start, metadata={"deal": "7"}, bot={"name": "B", "entry_message": "I record."})
    await meeting.forward(minutes=30)
    await meeting.bot_sends("call_ended")
    await meeting.forward(minutes=1)
    await meeting.completes()
    await meeting.outcome()

    record = await recorded(meeting)

    assert (meeting.recordings.recorded_apart, await activities_of(meeting)) == (0, 2)
    assert (record.status, record.metadata, record.notice) == (MeetingStatus.COMPLETED, {"deal": "7"}, "I record.")
    assert [entry.event for entry in record.timeline][-3:] == ["recording_stored", "transcript_ready", "completed"]
    (bot,) = record.bots
    assert bot.bot_id == "bot-0"
    assert bot.recording_from is not None
    assert bot.first_seen_at is not None
    assert bot.ended_at is not None
    assert bot.sent_at < bot.first_seen_at <= bot.recording_from < bot.ended_at
    assert 1790 <= record.duration_seconds <= 1810


@pytest.mark.parametrize("update", ["cancel", "leave"])
async def test_a_meeting_that_is_stopped_costs_one_more_at_most(start: StartMeeting, update: str) -> None:
    if update == "cancel":
        meeting = await start()
        await meeting.until_status(MeetingStatus.SCHEDULED)
    else:
        meeting = await start(in_=timedelta(minutes=2))
        await meeting.until_bots(1)
    await meeting.update(update, StopRequest(why="the room burns"))
    outcome = await meeting.outcome_in_time()

    record = await recorded(meeting)

    assert meeting.recordings.recorded_apart == 1
    if update == "cancel":
        assert await activities_of(meeting) == 1
    assert record.status is (MeetingStatus.CANCELLED if update == "cancel" else MeetingStatus.FAILED)
    assert record.evidence == outcome.evidence
    assert record.notice == ""


async def test_a_failed_meeting_says_why(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    await meeting.fails("BotNotAccepted")
    await meeting.outcome_in_time()

    record = await recorded(meeting)

    assert (record.status, record.reason) == (MeetingStatus.FAILED, FailureReason.NOT_ACCEPTED)
    assert (meeting.recordings.recorded_apart, record.duration_seconds) == (1, 0)


async def test_a_meeting_of_several_bots_is_recorded_with_its_manifest(start: StartMeeting) -> None:
    meeting = await in_the_call(start)
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda view: any(entry.event == "leave" for entry in view.timeline))
    await meeting.completes()
    await meeting.outcome_in_time()
    assert (await recorded(meeting)).status is MeetingStatus.COMPLETED

    moved = await start(in_=timedelta(minutes=2))
    await moved.until_bots(1)
    await moved.update("reschedule", Reschedule(start_time=await moved.now() + timedelta(minutes=30)))
    await moved.forward(minutes=31)
    await moved.until(lambda view: view.dispatches == 2)
    await moved.bot_sends("in_call_recording", dispatch=1)
    await moved.completes(dispatch=1, bot_id=moved.provider.bots[-1].bot_id)
    await moved.outcome_in_time()
    record = await recorded(moved)
    assert [bot.bot_id for bot in record.bots] == [bot.bot_id for bot in moved.provider.bots[-2:]]
    assert record.artifacts[-1].path.endswith("/manifest.json")
    assert moved.recordings.recorded_apart == 0


async def test_what_happens_during_the_download_is_in_the_record(start: StartMeeting) -> None:
    meeting = await in_the_call(start)
    with held(meeting.recordings.hold):
        await meeting.completes()
        await meeting.until_status(MeetingStatus.COLLECTING)
        await meeting.bot_sends("a_late_word")
        await meeting.until(lambda view: any(entry.event == "a_late_word" for entry in view.timeline))
    await meeting.outcome()

    record = await recorded(meeting)

    assert "a_late_word" in [entry.event for entry in record.timeline]
    assert [each.status for each in meeting.recordings.records] == [MeetingStatus.COMPLETED] * 2


async def test_a_recording_that_turns_up_while_the_record_is_written_is_kept(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    with held(meeting.recordings.hold_records):
        await meeting.fails("BotNotAccepted")
        passing = asyncio.create_task(meeting.forward(minutes=30))
        await meeting.until_status(MeetingStatus.FAILED)
        await meeting.completes()
        await meeting.until(lambda view: any(entry.event == "complete" for entry in view.timeline))
    await passing
    outcome = await meeting.outcome_in_time()

    assert outcome.status is MeetingStatus.COMPLETED
    ends = [entry.event for entry in (await recorded(meeting)).timeline if entry.event in {"failed", "completed"}]
    assert ends[-1] == "completed"
    assert [each.status for each in meeting.recordings.records][-1] is MeetingStatus.COMPLETED


async def test_a_store_that_takes_no_record_keeps_no_meeting_from_ending(start: StartMeeting) -> None:
    meeting = await start()
    await meeting.until_status(MeetingStatus.SCHEDULED)
    meeting.recordings.refuses_records = True
    await meeting.update("cancel", StopRequest())
    assert (await meeting.outcome()).status is MeetingStatus.CANCELLED
    assert meeting.recordings.records == []


async def test_a_record_as_a_worker_stores_it_reads_as_it_was(start: StartMeeting, tmp_path: Path) -> None:
    meeting = await in_the_call(start)
    await meeting.completes()
    await meeting.outcome()
    record = await recorded(meeting)
    store = RecordStore(ArtifactStore(tmp_path.as_uri()))

    await store.write(record)

    (stored,) = await store.of_meeting(record.workflow_id)
    assert stored.view == record.view
