"""Sentences about meetings: statuses, failure reasons, bookings and what comes next."""

from collections.abc import Sequence

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.reasons import REASON
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import MeetingView
from starter.meeting_models import BookedMeeting, BookingOutcome, KnownFrom, PendingActivity
from starter.output import sentence
from starter.times import format_local

STATUS = {
    MeetingStatus.SCHEDULED: "is scheduled",
    MeetingStatus.DISPATCHING: "is being sent a bot",
    MeetingStatus.JOINING: "has a bot that is joining",
    MeetingStatus.WAITING_ROOM: "has its bot in the waiting room",
    MeetingStatus.IN_CALL: "has its bot in the call, not recording yet",
    MeetingStatus.RECORDING: "is being recorded",
    MeetingStatus.PAUSED: "is being recorded, and the recording is paused",
    MeetingStatus.ENDED: "has ended for its bot; the provider's final event is awaited",
    MeetingStatus.COLLECTING: "has ended; recording and transcript are being fetched",
    MeetingStatus.COMPLETED: "is completed",
    MeetingStatus.FAILED: "failed",
    MeetingStatus.CANCELLED: "was cancelled",
}

TRANSCRIPT = {
    TranscriptState.NOT_ASKED: "No transcript was requested.",
    TranscriptState.PENDING: "The transcript is not available yet.",
    TranscriptState.READY: "The transcript is stored.",
    TranscriptState.EMPTY: "The transcript is empty: no participant spoke.",
    TranscriptState.FAILED: "There is no transcript: transcription failed.",
}

BOOKING = {
    BookingOutcome.BOOKED: "Booked.",
    BookingOutcome.BOOKED_AGAIN: "Booked again: the same meeting had been cancelled or had failed.",
    BookingOutcome.ALREADY_BOOKED: "This meeting is already booked. Nothing new was scheduled.",
    BookingOutcome.JOINED: "Another meeting of this link starts at about that time and is already booked. Nothing "
    "new was scheduled; to send a separate bot, give this meeting a workflow id with --id.",
    BookingOutcome.ALREADY_COMPLETED: "This meeting was already recorded. Nothing was scheduled.",
    BookingOutcome.FILES_STORED: "This meeting ended before and has stored files, which a new run would replace. "
    "Nothing was scheduled; to record it again, give it a workflow id with --id.",
    BookingOutcome.ALREADY_OVER: "This meeting is over and ended without a recording. Nothing was scheduled.",
}


def state_sentence(view: MeetingView) -> str:
    """The state of a meeting, and for a failure the reason."""
    because = f": {REASON[view.reason]}" if view.reason else ""
    return sentence(f"{view.title or view.meeting_url} {STATUS[view.status]}{because}")


def origin(known_from: KnownFrom) -> list[str]:
    """Where the answer comes from, if that is not Temporal."""
    return ["Read from the meeting's record in the artifact store."] if known_from is KnownFrom.RECORD else []


def booking_notes(booked: BookedMeeting, request: MeetingRequest) -> list[str]:
    """How an existing meeting differs from the one that was requested."""
    view = booked.view
    if view is None or not booked.already_existed:
        return []
    is_same_meeting = meeting_key(view.meeting_url) == meeting_key(request.meeting_url)
    if view.start_time == request.start_time and is_same_meeting:
        return []
    if booked.booking is BookingOutcome.JOINED:
        return [f"it joins meeting {booked.meeting_id}, which starts {format_local(view.start_time)}"]
    moved_to = f"{view.meeting_url}, {format_local(view.start_time)}"
    return [f"it was rescheduled since, to {moved_to}; to book another one at the first time, name it with --id"]


def troubles(view: MeetingView, pending: Sequence[PendingActivity]) -> list[str]:
    """Activities that are retried, and the trouble that the meeting reports unless one of them says the same."""
    retries = [_retry_sentence(each) for each in pending]
    is_covered = not view.trouble or any(each.failure == view.trouble for each in pending)
    return retries if is_covered else [view.trouble, *retries]


def explanation(view: MeetingView, pending: Sequence[PendingActivity]) -> list[str]:
    """Sentences about the event behind the present state, the bots, and what comes next."""
    sentences = []
    if view.evidence:
        quote = f": {view.evidence.text}" if view.evidence.text else ""
        sentences.append(
            sentence(f"Last event: {view.evidence.event} at {descriptions.format_utc(view.evidence.at)}{quote}")
        )
    elif not view.timeline:
        sentences.append("No worker answered, so only what Temporal itself knows is shown.")
    if view.dispatches:
        bots = (
            "One bot was sent:" if view.dispatches == 1 else f"{view.dispatches} bots were sent, the last one was"
        )
        sentences.append(f"{bots} {view.bot_id}.")
    elif view.status.is_final:
        sentences.append("No bot was sent.")
    if view.held_change:
        sentences.append(sentence(view.held_change))
    sentences += _next_step(view)
    if view.status.is_final or view.status is MeetingStatus.COLLECTING:
        sentences.append(TRANSCRIPT[view.transcript])
    if view.artifacts:
        sentences.append(f"Stored files: {', '.join(artifact.path for artifact in view.artifacts)}.")
    return sentences + [f"{each[:1].upper()}{each[1:]}." for each in troubles(view, pending)]


def _next_step(view: MeetingView) -> list[str]:
    if view.next_deadline:
        return [
            (
                f"If the bot does not report by {descriptions.format_utc(view.next_deadline)}, the provider "
                "is asked "
                "about it."
            )
        ]
    if view.status is not MeetingStatus.SCHEDULED:
        return []
    start = descriptions.format_utc(view.start_time)
    if view.bot_goes_at is None:
        return [f"A bot will be sent for the start at {start}."]
    return [f"A bot will be sent at {descriptions.format_utc(view.bot_goes_at)} for the start at {start}."]


def _retry_sentence(activity: PendingActivity) -> str:
    times = "once" if activity.attempts == 1 else f"{activity.attempts} times"
    again = f"; next attempt at {descriptions.format_utc(activity.retry_at)}" if activity.retry_at else ""
    return f"{activity.activity} failed {times}, last error: {activity.failure}{again}"
