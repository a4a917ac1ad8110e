"""Each reason why there is no recording in the end."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError

from minutekeeper.meetings.collection import RecordingResult
from minutekeeper.meetings.request import StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    BotObservation,
    ProviderBotStatus,
    RequestRejectedError,
    UnavailableError,
)
from tests.replay.recorder import Recorder, Scenario, enter, path, path_without_workers
from tests.workflows.driver import Meeting

ERRORS = {
    FailureReason.INVALID_MEETING_URL: "InvalidMeetingUrl",
    FailureReason.CANNOT_JOIN: "CannotJoinMeeting",
    FailureReason.NOT_ACCEPTED: "BotNotAccepted",
    FailureReason.NEEDS_AUTHORISATION: "zoom_obf_token_missing",
    FailureReason.WAITING_TIMEOUT: "TimeoutWaitingToStart",
    FailureReason.NOBODY_CAME: "NoAttendees",
    FailureReason.NOBODY_SPOKE: "NoSpeaker",
    FailureReason.REMOVED: "BotRemoved",
    FailureReason.RECORDING_TIMEOUT: "RecordingTimeout",
    FailureReason.STREAMING_FAILED: "StreamingSetupFailed",
    FailureReason.PROVIDER_ERROR: "InternalError",
    FailureReason.UNKNOWN: "ANewErrorCode",
}
"""A bot's own word for each reason that bots give."""


def _every_bot_fails_with(error: str) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        meeting = await recorder.with_a_bot("joining_call")
        for number in range(3):
            await meeting.fails(error, dispatch=number)
            await meeting.until_status(MeetingStatus.ENDED)
            await meeting.forward(seconds=45)
            if (await meeting.view()).dispatches == number + 1:
                break
        await meeting.outcome_in_time()
        return meeting

    return scenario


for _reason, _error in ERRORS.items():
    enter(f"failed_{_reason}", _every_bot_fails_with(_error))


@path
async def failed_request_rejected(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [RequestRejectedError("422: bot_name is too long")]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.outcome()
    return meeting


@path
async def failed_account(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [AccountError("401: key revoked")] * 100
    end = datetime.now(UTC) + timedelta(minutes=4)
    meeting = await recorder.book(in_=timedelta(minutes=2), end_time=end.isoformat())
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_provider_unreachable(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [UnavailableError("timed out")] * 1000
    end = datetime.now(UTC) + timedelta(minutes=7)
    meeting = await recorder.book(in_=timedelta(minutes=2), end_time=end.isoformat())
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_stopped(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("joining_call")
    await meeting.update("leave", StopRequest())
    await meeting.until(lambda _view: recorder.provider.bots[0].removed)
    await meeting.fails("ApiRequest")
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_meeting_over(recorder: Recorder) -> Meeting:
    meeting = await recorder.book(in_=timedelta(hours=-3))
    await meeting.outcome()
    return meeting


@path_without_workers
async def failed_missed(recorder: Recorder) -> Meeting:
    end = datetime.now(UTC) + timedelta(seconds=62)
    meeting = await recorder.book(in_=timedelta(minutes=-5), end_time=end.isoformat())
    await asyncio.sleep(3)
    async with recorder.workers():
        await meeting.outcome()
    return meeting


@path
async def failed_missed_as_the_workers_went_away(recorder: Recorder) -> Meeting:
    """The last answer to the request is that a worker handed it back."""
    recorder.provider.failures = [ApplicationError("this worker shuts down", type="HandedBack", non_retryable=True)]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_send_timeout(recorder: Recorder) -> Meeting:
    """The last answer to the request is that the time of a worker's attempt was over."""
    recorder.provider.failures = [
        ApplicationError("the time of this attempt is over", type="Overdue", non_retryable=True)
    ]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_room_occupied(recorder: Recorder) -> Meeting:
    """The bot of another meeting stays in the room for as long as one is of use."""
    recorder.provider.failures = [
        ApplicationError("another bot stays", True, type="RoomOccupied", non_retryable=True)  # noqa: FBT003 - a detail
    ]
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_invalid_request(recorder: Recorder) -> Meeting:
    meeting = await recorder.book(meeting_url="https://example.com/room")
    with contextlib.suppress(WorkflowFailureError):
        await meeting.outcome()
    return meeting


@path
async def silent_bot_is_relieved_and_removed(recorder: Recorder) -> Meeting:
    """The bot never ends and is told to leave after hours; so is the one that is sent in its place."""
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_no_answer(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot()
    recorder.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.GONE, events=(), text="404")
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_empty_recording(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.recordings.downloads = [RecordingResult(text="812 bytes")]
    await meeting.completes()
    await meeting.outcome()
    return meeting


@path
async def failed_empty_recording_as_nothing_was_recorded(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    await meeting.completes(has_recording=False, has_transcript=False)
    await meeting.outcome_in_time()
    return meeting


@path
async def failed_recording_lost(recorder: Recorder) -> Meeting:
    meeting = await recorder.with_a_bot("in_call_recording")
    recorder.recordings.downloads = [RecordingResult(text="deleted at the provider", is_lost=True)]
    await meeting.completes()
    await meeting.outcome()
    return meeting
