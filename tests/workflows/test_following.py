"""Following a bot when webhooks are late, doubled, swapped or lost; and how each end is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind, EventSource
from minutekeeper.meetings.collection import RecordingResult
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.providers.base import BotObservation, ProviderBotStatus, RequestRejectedError
from tests.bot_events import bot_event
from tests.workflows.driver import Meeting, StartMeeting

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def sent(start: StartMeeting, **fields: object) -> Meeting:
    meeting = await start(in_=timedelta(minutes=2), **fields)
    await meeting.until_bots(1)
    return meeting


def finished(*, recording: bool) -> BotObservation:
    event = bot_event(
        kind=BotEventKind.COMPLETE,
        bot_id="bot-0",
        occurred_at=datetime.now(UTC),
        source=EventSource.API,
        has_recording=recording,
        has_transcript=recording,
    )
    return BotObservation(status=ProviderBotStatus.COMPLETE, events=(event,), text="ended")


async def test_without_a_single_webhook_the_api_is_asked(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.provider.bots[0].observation = finished(recording=True)
    outcome = await meeting.outcome_in_time()
    assert outcome.status is MeetingStatus.COMPLETED
    assert len(meeting.provider.asked) == 1


async def test_a_final_that_never_comes(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.bot_sends("joining_call", "in_call_recording", "call_ended")
    meeting.provider.bots[0].observation = finished(recording=True)
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED


async def test_a_bot_that_never_ends_is_told_to_leave_after_hours(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.bot_sends("joining_call")
    outcome = await meeting.outcome_in_time()
    assert outcome.reason is FailureReason.STOPPED
    assert meeting.provider.bots[0].removed
    assert "overstayed" in [entry.event for entry in (await meeting.view()).timeline]


async def test_a_bot_that_the_provider_does_not_know(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.GONE, events=(), text="404")
    assert (await meeting.outcome_in_time()).reason is FailureReason.NO_ANSWER


async def test_events_that_come_before_their_bot_wait_for_it(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(hours=1))
    await meeting.bot_sends("joining_call", "in_waiting_room")
    await meeting.forward(minutes=58)
    view = await meeting.until(lambda view: view.dispatches == 1)
    assert view.status is MeetingStatus.WAITING_ROOM


async def test_swapped_and_doubled_events_show_the_latest(start: StartMeeting) -> None:
    meeting = await sent(start)
    now = await meeting.now()
    for code, second in (("in_call_recording", 3), ("joining_call", 1), ("in_call_recording", 3), ("nonsense", 9)):
        at = now + timedelta(seconds=second)
        await meeting.signal(BotEventKind.STATUS, code=code, occurred_at=at)
    view = await meeting.view()
    assert view.status is MeetingStatus.RECORDING
    assert [entry.event for entry in view.timeline].count("in_call_recording") == 1


async def test_an_event_of_an_unknown_bot_changes_nothing(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.handle.signal(
        "bot_event",
        bot_event(
            kind=BotEventKind.COMPLETE, bot_id="stranger", occurred_at=await meeting.now(), has_recording=True
        ),
    )
    assert (await meeting.view()).status is MeetingStatus.JOINING


async def test_an_id_of_another_form_is_still_our_bot(start: StartMeeting) -> None:
    meeting = await sent(start)
    event = bot_event(
        kind=BotEventKind.STATUS, bot_id="42", dispatch=0, code="in_call_recording", occurred_at=await meeting.now()
    )
    await meeting.handle.signal("bot_event", event)
    assert (await meeting.view()).status is MeetingStatus.RECORDING


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("BotNotAccepted", FailureReason.NOT_ACCEPTED),
        ("CannotJoinMeeting", FailureReason.CANNOT_JOIN),
        ("InvalidMeetingUrl", FailureReason.INVALID_MEETING_URL),
        ("botRemovedTooEarly", FailureReason.REMOVED),
        ("noAttendees", FailureReason.NOBODY_CAME),
        ("ZoomWebinarRegistrationRequired", FailureReason.CANNOT_JOIN),
    ],
)
async def test_a_failure_is_told_with_the_providers_own_words(
    start: StartMeeting, error: str, reason: FailureReason
) -> None:
    meeting = await sent(start)
    await meeting.fails(error)
    await meeting.until_status(MeetingStatus.ENDED)
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.reason, outcome.evidence.text) == (MeetingStatus.FAILED, reason, error)
    assert meeting.provider.asked, "a failure is not the last word: the API is asked once more"
    assert len(meeting.provider.bots) == 1


async def test_a_failure_followed_by_a_recording(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.fails("BotRemoved")
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED


async def test_a_failure_whose_recording_is_found_by_asking(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.provider.bots[0].observation = finished(recording=True)
    await meeting.fails("BotRemoved")
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED


async def test_complete_without_media(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.completes(has_recording=False, has_transcript=False)
    outcome = await meeting.outcome_in_time()
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.EMPTY_RECORDING)


async def test_a_file_too_small_to_play_is_no_recording(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.recordings.downloads = [RecordingResult(text="812 bytes")]
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.reason, outcome.evidence.text) == (FailureReason.EMPTY_RECORDING, "812 bytes")


async def test_no_transcript_asked_for(start: StartMeeting) -> None:
    meeting = await sent(start, wanted={"transcript": False})
    await meeting.completes(has_transcript=False)
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.NOT_ASKED)


async def test_a_transcript_that_comes_late(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.recordings.transcripts = [TranscriptState.PENDING, TranscriptState.READY]
    await meeting.completes(has_transcript=False)
    await meeting.until_status(MeetingStatus.COLLECTING)
    await meeting.signal(BotEventKind.TRANSCRIPTION_COMPLETE)
    assert (await meeting.outcome()).transcript is TranscriptState.READY


@pytest.mark.parametrize("state", [TranscriptState.PENDING, TranscriptState.FAILED, TranscriptState.EMPTY])
async def test_a_transcript_that_never_comes(start: StartMeeting, state: TranscriptState) -> None:
    meeting = await sent(start)
    meeting.recordings.transcripts = [state]
    await meeting.completes(has_transcript=False)
    outcome = await meeting.outcome_in_time()
    expected = TranscriptState.EMPTY if state is TranscriptState.EMPTY else TranscriptState.FAILED
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, expected)


async def test_a_recording_that_is_gone_for_good(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.recordings.downloads = [RecordingResult(text="deleted at the provider", is_lost=True)]
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.reason, outcome.transcript) == (FailureReason.RECORDING_LOST, TranscriptState.READY)
    assert "deleted at the provider" in outcome.evidence.text
    assert meeting.recordings.manifests, "the transcript is kept"


async def test_a_recording_that_no_attempt_brought_is_lost_and_the_meeting_says_why(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.recordings.given_up = ["the store has been full for a week"]
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.RECORDING_LOST)
    assert "the store has been full for a week" in outcome.evidence.text
    assert outcome.transcript is TranscriptState.FAILED


async def test_what_needs_a_person_is_shown_at_once_and_tried_on(start: StartMeeting) -> None:
    meeting = await sent(start)
    full = "Cannot write recording.mp4: the disk is full; free some space"
    meeting.recordings.troubles = [full]
    meeting.recordings.hold.clear()
    await meeting.completes()
    view = await meeting.until(lambda view: bool(view.trouble))
    assert (view.status, view.trouble) == (MeetingStatus.COLLECTING, full)
    assert [entry.text for entry in view.timeline if entry.event == "needs_help"] == [
        f"This needs a person, and is tried on meanwhile: {full}"
    ]

    meeting.recordings.hold.set()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
    assert (await meeting.view()).trouble == ""


async def test_a_provider_that_gives_no_answer_is_asked_again(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.provider.observation_failures = [RequestRejectedError("400: who are you")] * 2
    meeting.provider.bots[0].observation = finished(recording=True)
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED
    assert [entry.event for entry in (await meeting.view()).timeline].count("asked") == 3


async def test_a_transcript_that_cannot_be_stored_does_not_cost_the_recording(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.recordings.transcript_failures = ["no"]
    await meeting.completes()
    outcome = await meeting.outcome()
    assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.FAILED)


async def test_a_bot_of_an_earlier_run_under_the_same_name_is_not_ours(start: StartMeeting) -> None:
    meeting = await sent(start)
    stale = bot_event(
        kind=BotEventKind.COMPLETE,
        bot_id="11111111-1111-1111-1111-111111111111",
        dispatch=0,
        occurred_at=await meeting.now(),
        has_recording=True,
    )
    await meeting.handle.signal("bot_event", stale)
    await meeting.bot_sends("in_call_recording")
    await meeting.until_status(MeetingStatus.RECORDING)
    await meeting.completes()
    assert (await meeting.outcome()).bot_id == "bot-0"


async def test_the_first_bots_recording_is_asked_for_although_a_second_was_sent(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.fails("InternalError")
    await meeting.forward(seconds=45)
    await meeting.until_bots(2)
    meeting.provider.bots[0].observation = finished(recording=True)
    await meeting.completes(dispatch=1)
    await meeting.outcome_in_time()
    assert {order.bot_id for order in meeting.recordings.orders} == {"bot-0", "bot-1"}


BREAKS: dict[str, Any] = {"code": "InternalError", "reason": FailureReason.PROVIDER_ERROR, "has_recording": True}


async def test_a_recording_that_breaks_is_gone_on_with_and_both_parts_are_kept(start: StartMeeting) -> None:
    meeting = await sent(start)
    await meeting.bot_sends("in_call_recording")
    await meeting.forward(minutes=15)
    await meeting.signal(BotEventKind.FAILED, **BREAKS, has_transcript=True)
    await meeting.forward(minutes=1)
    await meeting.until_bots(2)
    await meeting.bot_sends("in_call_recording", dispatch=1)
    await meeting.completes(dispatch=1)
    outcome = await meeting.outcome_in_time()
    assert outcome.status is MeetingStatus.COMPLETED
    files = [each.path for each in outcome.artifacts if each.path.endswith("recording.mp4")]
    assert len(files) == len(set(files)) == 2
    assert len(meeting.provider.bots) == 2


@pytest.mark.parametrize(("minutes", "is_completed"), [(1, True), (58, False)])
async def test_no_bot_goes_on_with_a_recording_that_was_completed_or_broke_off_at_the_end(
    start: StartMeeting, minutes: float, is_completed: bool
) -> None:
    meeting = await sent(start)
    await meeting.bot_sends("in_call_recording")
    await meeting.forward(minutes=minutes)
    await meeting.signal(BotEventKind.FAILED, **BREAKS, has_transcript=True)
    if is_completed:
        await meeting.completes()
    assert (await meeting.outcome_in_time()).status is MeetingStatus.COMPLETED
    assert len(meeting.provider.bots) == 1


async def test_a_moment_of_not_knowing_does_not_end_a_bot_at_work(start: StartMeeting) -> None:
    meeting = await sent(start)
    meeting.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.GONE, events=(), text="404")
    await meeting.forward(minutes=6)
    await meeting.until_status(MeetingStatus.ENDED)
    meeting.provider.bots[0].observation = BotObservation(status=ProviderBotStatus.OPEN, events=())
    await meeting.forward(minutes=12)
    await meeting.completes()
    assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
