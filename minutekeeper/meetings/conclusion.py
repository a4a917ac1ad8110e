"""How a meeting ends: its outcome, and the record of it. Pure."""

from datetime import datetime, timedelta

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.collection import CollectResult
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.record import BotRecord, MeetingRecord
from minutekeeper.meetings.session_state import SessionState
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.verdict import verdict
from minutekeeper.meetings.views import Outcome, StoredFile, TimelineEntry, add_entry

_IN_CALL = frozenset({MeetingStatus.IN_CALL, MeetingStatus.RECORDING, MeetingStatus.PAUSED})


def conclude(state: MeetingState, now: datetime) -> None:
    """Decides what the meeting came to, and notes its end."""
    if state.transcript is TranscriptState.PENDING:
        state.transcript = TranscriptState.FAILED if state.bots else TranscriptState.NOT_ASKED
    state.outcome = _outcome(state, now)
    entry = _end_entry(state.outcome, now)
    state.note(entry.at, entry.event, entry.text)


def withdraw_conclusion(state: MeetingState, concluded: MeetingRecord) -> None:
    """The meeting goes on, because something came in while its end was being written down."""
    ends = [each for each in state.timeline if each.event == concluded.status.value]
    state.timeline = tuple(each for each in state.timeline if each not in ends[-1:])
    state.outcome = None
    state.changed()


def meeting_record(state: MeetingState, now: datetime) -> MeetingRecord:
    """The record of a meeting that has ended now, as far as its workflow knows."""
    bots = tuple(_bot_record(bot) for bot in state.bots)
    was_in_call = any(event.status in _IN_CALL for bot in state.bots for event in bot.events)
    recorded = sum((_recorded_time(bot) for bot in bots), timedelta())
    return MeetingRecord(
        **dict(meeting_view(state)),
        run=state.run_id,
        booked_at=state.timeline[0].at if state.timeline else state.known_since,
        written_at=now,
        sequence=state.announced + 1,
        duration_seconds=round(recorded.total_seconds()),
        notice=(state.request.bot.entry_message or "") if was_in_call else "",
        bots=bots,
    )


def record_before_collecting(state: MeetingState, session: SessionState, now: datetime) -> MeetingRecord:
    """The record of a meeting of one bot that ends as soon as all its files are stored (`with_collected`)."""
    ended = state.model_copy(deep=True)
    collecting = ended.sessions[session.number]
    collecting.recording_stored = collecting.bot is not None and collecting.bot.has_recording
    ended.outcome = _outcome(ended, now)
    return meeting_record(ended, now)


def with_collected(record: MeetingRecord, brought: CollectResult, folder: str, now: datetime) -> MeetingRecord:
    """The record of a meeting whose files were all stored now; `folder` is the one that was wanted."""
    files = brought.artifacts_in(folder)
    timeline = record.timeline
    for event, text in descriptions.collected_notes([each.path for each in files], brought.transcript):
        timeline = add_entry(timeline, TimelineEntry(at=now, event=event, text=text))
    update = {
        "artifacts": tuple(each.kept for each in files),
        "transcript": brought.transcript,
        "timeline": add_entry(timeline, _end_entry(record.outcome, now)),
        "written_at": now,
    }
    return record.model_copy(update=update)


def with_manifest(record: MeetingRecord, manifest: StoredFile) -> MeetingRecord:
    """The record of a meeting whose manifest was written last."""
    return record.model_copy(update={"artifacts": (*record.artifacts, manifest)})


def _outcome(state: MeetingState, now: datetime) -> Outcome:
    status, reason, evidence = verdict(state, now)
    return Outcome(
        meeting_id=state.meeting_id,
        status=status,
        reason=reason,
        evidence=evidence,
        bot_id=state.bot.bot_id if state.bot else "",
        transcript=state.transcript,
        artifacts=tuple(artifact.kept for artifact in state.artifacts),
    )


def _end_entry(outcome: Outcome, now: datetime) -> TimelineEntry:
    because = f" ({outcome.reason.value})" if outcome.reason else ""
    text = f"The meeting ended: {outcome.status.value}{because}."
    return TimelineEntry(at=now, event=outcome.status.value, text=text)


def _bot_record(bot: BotState) -> BotRecord:
    recording = [each.occurred_at for each in bot.events if each.status is MeetingStatus.RECORDING]
    left = [each.occurred_at for each in bot.events if each.status is MeetingStatus.ENDED]
    return BotRecord(
        bot_id=bot.bot_id,
        provider=bot.provider,
        sent_at=bot.sent_at,
        first_seen_at=bot.events[0].occurred_at if bot.events else None,
        recording_from=recording[0] if recording else None,
        ended_at=left[0] if left else bot.final_event_at,
    )


def _recorded_time(bot: BotRecord) -> timedelta:
    if bot.recording_from is None or bot.ended_at is None:
        return timedelta()
    return max(bot.ended_at - bot.recording_from, timedelta())
