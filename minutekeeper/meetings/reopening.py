"""A finished meeting is taken up again: to fetch its files once more, or to send another bot while it still runs.

The state that comes of it is given to a new run of the meeting's workflow. Pure.
"""

from datetime import datetime

from minutekeeper.meetings.meeting_changes import ChangeRefusedError, check_send, request_bot
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.session_state import SessionStage
from minutekeeper.meetings.status import TranscriptState


def reopened_to_collect(state: MeetingState, *, retranscribe: bool, now: datetime) -> MeetingState:
    """The state in which recordings and transcripts of all bots are fetched anew, as far as the provider has them.

    Args:
        state: How the meeting ended.
        retranscribe: Whether the provider is asked for new transcripts first.
        now: The present time (UTC).

    Raises:
        ChangeRefusedError: If the meeting never had a bot.
    """
    if not state.bots:
        raise ChangeRefusedError("This meeting never had a bot, so there is nothing to collect.")
    reopened = _reopened(state)
    reopened.retranscribe = retranscribe
    if state.request.wanted.transcript:
        reopened.transcript = TranscriptState.PENDING
    for session in reopened.sessions:
        if session.bot is None:
            continue
        session.bot = session.bot.model_copy(
            # Whether there is anything is for the provider to say: a failed bot's recording may have turned up.
            update={
                "has_recording": True,
                "has_transcript": True,
                "transcript_finished": False,
                "delivery_path": "",
                "final_event_at": now,
            }
        )
        session.stage = SessionStage.COLLECTING
        session.recording_collected = False
        session.transcript_due_at = None
        session.transcript_attempts = 0
        session.failure = None
    what = "Recordings and new transcripts" if retranscribe else "Recordings and transcripts"
    reopened.note(now, "collect", f"{what} are fetched again.")
    return reopened


def reopened_to_send(state: MeetingState, *, reason: str, now: datetime) -> MeetingState:
    """The state in which another bot is sent. Raises ChangeRefusedError as a running meeting does."""
    reopened = _reopened(state)
    check_send(reopened, now)
    request_bot(reopened, reason, now)
    return reopened


def _reopened(state: MeetingState) -> MeetingState:
    reopened = state.model_copy(deep=True)
    reopened.outcome = None
    reopened.failure = None
    reopened.has_manifest = False
    reopened.is_reopened = True
    reopened.announced += 1
    return reopened
