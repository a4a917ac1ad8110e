"""Superseded bots, unknown events, silence, Temporal's own cancellation, and other uncommon ways."""

import asyncio
import contextlib
from datetime import timedelta

from temporalio.client import WorkflowFailureError
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.providers.base import BotObservation, ProviderBotStatus, RequestRejectedError
from minutekeeper.temporal import search_attributes
from tests.replay.paths.changes import PHASES, request
from tests.replay.recorder import LONG_HISTORY, Recorder, Scenario, enter, path, path_without_workers
from tests.workflows.driver import Meeting


@path
async def reordered_repeated_and_unknown_events(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot()
    now = await meeting.now()
    for code, second in (("in_call_recording", 3), ("joining_call", 1), ("in_call_recording", 3), ("nonsense", 9)):
        await meeting.signal(BotEventKind.STATUS, code=code, occurred_at=now + timedelta(seconds=second))
    await meeting.handle.signal("bot_event")
    await meeting.signal(BotEventKind.FAILED, dispatch=7, code="unknown")
    await recorder.run_to_end(meeting)
    return meeting


@path
async def moved_while_waiting_keeps_both_recordings(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.WAITING_ROOM](recorder)
    await request(recorder, meeting, "reschedule")
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.completes()
    await meeting.until(lambda view: any("earlier/0/recording" in each.path for each in view.artifacts))
    await meeting.forward(hours=2)
    await meeting.until_bots(2)
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    await meeting.outcome_in_time()
    return meeting


@path
async def move_held_during_the_call(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.RECORDING](recorder)
    await meeting.until_status(MeetingStatus.RECORDING)
    await request(recorder, meeting, "reschedule")
    await meeting.until(lambda view: bool(view.held_change))
    await meeting.forward(minutes=40)
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def removal_refused_at_first(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.WAITING_ROOM](recorder)
    recorder.provider.removal_failures = [RequestRejectedError("403: not now")]
    await request(recorder, meeting, "reschedule")
    await meeting.until(lambda view: "removal_refused" in [entry.event for entry in view.timeline])
    await recorder.run_to_end(meeting)
    return meeting


@path
async def moved_to_another_link(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.WAITING_ROOM](recorder)
    start_time = (await meeting.view()).start_time
    await meeting.update(
        "reschedule", Reschedule(start_time=start_time, meeting_url="https://zoom.us/j/1234567890")
    )
    await meeting.until_bots(2)
    await recorder.run_to_end(meeting)
    return meeting


@path
async def new_title_only(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.SCHEDULED](recorder)
    start_time = (await meeting.view()).start_time
    await meeting.update("reschedule", Reschedule(start_time=start_time, title="Longer"))
    await recorder.run_to_end(meeting)
    return meeting


@path
async def moved_to_now_and_cancelled_after_leave(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.SCHEDULED](recorder)
    await meeting.update("reschedule", Reschedule(start_time=await meeting.now() + timedelta(seconds=30)))
    await meeting.until_bots(1)
    await meeting.update("leave", StopRequest())
    await meeting.update("cancel", StopRequest())
    await recorder.run_to_end(meeting)
    return meeting


@path
async def observation_rejected(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.provider.observation_failures = [RequestRejectedError("400: who are you")] * 2
    await recorder.run_to_end(meeting)
    return meeting


@path
async def not_known_for_a_moment(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot()
    recorder.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.GONE, events=(), text="404")
    await meeting.forward(minutes=6)
    await meeting.until_status(MeetingStatus.ENDED)
    recorder.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.OPEN, events=())
    await meeting.forward(minutes=12)
    await meeting.completes()
    await meeting.outcome()
    return meeting


def _cancelled_in_temporal(phase: MeetingStatus) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        meeting = await PHASES[phase](recorder)
        await meeting.until_status(phase)
        await meeting.handle.cancel()
        with contextlib.suppress(WorkflowFailureError):
            await recorder.run_to_end(meeting)
        return meeting

    return scenario


for _phase in (MeetingStatus.SCHEDULED, MeetingStatus.DISPATCHING, MeetingStatus.RECORDING):
    enter(f"cancelled_in_temporal_while_{_phase}", _cancelled_in_temporal(_phase))


@path
async def booked_with_search_attributes_and_a_calendar(recorder: Recorder) -> Meeting:
    calendar = {"calendar_id": "calendar", "event_id": "event"}
    link = SearchAttributePair(search_attributes.MEETING_URL, recorder.meeting_url)
    meeting = await recorder.with_a_bot(
        "in_call_recording",
        search_attributes=TypedSearchAttributes([link]),
        calendar=calendar,
        title="Weekly",
        colour="red",
    )
    await recorder.run_to_end(meeting)
    return meeting


@path
async def moved_until_its_history_is_cut_off(recorder: Recorder) -> Meeting:
    meeting = await PHASES[MeetingStatus.SCHEDULED](recorder)
    await asyncio.gather(*(meeting.handle.signal("bot_event") for _ in range(LONG_HISTORY)))
    await request(recorder, meeting, "reschedule")
    await recorder.run_to_end(meeting)
    return meeting


@path_without_workers
async def woken_late(recorder: Recorder) -> Meeting:
    async with recorder.workers():
        meeting = await recorder.book(wake_up={"ahead": 1.0, "spread": 1.0})
        view = await meeting.until_status(MeetingStatus.SCHEDULED)
        await meeting.forward_to(view.start_time - timedelta(minutes=4, seconds=4))
    await asyncio.sleep(6)
    async with recorder.workers():
        await meeting.until_bots(1)
        await recorder.run_to_end(meeting)
    return meeting


@path
async def manifest_cannot_be_written(recorder: Recorder) -> Meeting:
    recorder.recordings.manifest_failures = [ApplicationError("no space left", non_retryable=True)]
    recorder.recordings.transcripts = [TranscriptState.PENDING, TranscriptState.READY]
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.completes(has_transcript=False)
    await meeting.until_status(MeetingStatus.COLLECTING)
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    await meeting.outcome()
    return meeting


@path
async def collection_given_up(recorder: Recorder) -> Meeting:
    recorder.recordings.collect_failures = ["the store has been full for a week"]
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.completes()
    await meeting.outcome()
    return meeting
