"""What the page of a meeting says of its state, and what a visitor may do about it. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from minutekeeper.meetings.fields import ASSUMED_LENGTH
from minutekeeper.meetings.reasons import REASON, what_to_do
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import MeetingView
from starter import messages
from starter.meeting_models import KnownFrom
from starter.output import sentence

_WITH_BOT = frozenset(
    {
        MeetingStatus.DISPATCHING,
        MeetingStatus.JOINING,
        MeetingStatus.WAITING_ROOM,
        MeetingStatus.IN_CALL,
        MeetingStatus.RECORDING,
        MeetingStatus.PAUSED,
    }
)


class MeetingAct(StrEnum):
    """What can be done to a meeting from its page."""

    MOVE = "move"
    CANCEL = "cancel"
    LEAVE = "leave"
    SEND = "send"
    COLLECT = "collect"


class ActWords(NamedTuple):
    """The words of an act: on the link to it, as a question, what it does, on its button, and afterwards."""

    button: str
    question: str
    meaning: str
    go: str
    done: str


ACT_WORDS = {
    MeetingAct.MOVE: ActWords(
        "Move",
        "Move the meeting",
        "The bot is sent for the new start. A bot that is in the call already keeps its time.",
        "Move the meeting",
        "The meeting was moved.",
    ),
    MeetingAct.CANCEL: ActWords(
        "Cancel",
        "Cancel this meeting?",
        "No bot is sent any more, and one in the call leaves; what it recorded is kept. This cannot be undone.",
        "Cancel the meeting",
        "Cancellation requested.",
    ),
    MeetingAct.LEAVE: ActWords(
        "Send the bot out",
        "Send the bot out of the meeting?",
        "The bot leaves the call now, and what it recorded is stored. It does not come back by itself.",
        "Send the bot out",
        "The bot was told to leave. What it recorded will be stored.",
    ),
    MeetingAct.SEND: ActWords(
        "Send another bot",
        "Send another bot?",
        "A bot that is still in the call leaves first; what it recorded is stored.",
        "Send another bot",
        "Another bot is sent as soon as no earlier one is in the meeting.",
    ),
    MeetingAct.COLLECT: ActWords(
        "Fetch files again",
        "Fetch the files again?",
        "Recordings and transcripts are fetched from the provider, as long as it keeps them.",
        "Fetch the files",
        "Recordings and transcripts are being fetched.",
    ),
}

NO_TRANSCRIPT = {
    TranscriptState.NOT_ASKED: ("No transcript was asked for", "The meeting was booked without one."),
    TranscriptState.PENDING: (
        "The transcript is still to come",
        "Providers need some minutes after the end of a meeting. This page says when it is there.",
    ),
    TranscriptState.READY: ("The transcript cannot be shown", "Its file is not in the artifact store any more."),
    TranscriptState.EMPTY: (
        "No word was spoken",
        "The transcript of the provider is empty.",
    ),
    TranscriptState.FAILED: (
        "The transcription failed",
        "The provider could not make a transcript. Fetching the files again can ask it for a new one.",
    ),
}
"""What stands in place of a transcript: a heading and a sentence."""

_WAITING = "Ask a participant to admit the bot."


def state_in_words(view: MeetingView) -> str:
    """The state of the meeting as a sentence."""
    because = f": {REASON[view.reason]}" if view.reason else ""
    return sentence(f"This meeting {messages.STATUS[view.status]}{because}")


def advice(view: MeetingView) -> str:
    """What people can do about the state; empty if there is nothing to do."""
    if view.status is MeetingStatus.WAITING_ROOM:
        return _WAITING
    if view.status is MeetingStatus.FAILED:
        return what_to_do(view.reason or FailureReason.UNKNOWN)
    return ""


def possible_acts(view: MeetingView, known_from: KnownFrom, now: datetime) -> tuple[MeetingAct, ...]:
    """The acts that the meeting takes in this state, as far as one can tell without trying."""
    acts = []
    if not view.status.is_final:
        acts += [MeetingAct.LEAVE] if view.status in _WITH_BOT else []
        acts += [MeetingAct.MOVE] if view.status is MeetingStatus.SCHEDULED or view.status in _WITH_BOT else []
        acts += [MeetingAct.SEND] if view.status in _WITH_BOT or view.status is MeetingStatus.ENDED else []
        return (*acts, MeetingAct.CANCEL)
    if known_from is KnownFrom.RECORD or not view.dispatches:
        return ()
    end = view.end_time or view.start_time + ASSUMED_LENGTH
    acts += [MeetingAct.SEND] if now < end - timedelta(minutes=1) else []
    return (*acts, MeetingAct.COLLECT)
