"""What a meeting came to, and what says so. Pure."""

from datetime import datetime

from minutekeeper.meetings import descriptions, polling_policy
from minutekeeper.meetings.dispatch import is_worth_joining
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.session_state import SessionState, StopKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Evidence, Failure


def fail_too_late(state: MeetingState, now: datetime) -> None:
    """No bot is worth sending any more: says why none was sent."""
    end = state.request.expected_end
    left = "" if now >= end else ", so less than a minute is left"
    start = descriptions.format_utc(state.request.start_time)
    times = f"start {start}, end {descriptions.format_utc(end)}, now {descriptions.format_utc(now)}{left}"
    if state.account_problem is not None:
        state.failure = state.account_problem
        return
    given_up = [each.failure for each in state.sessions if each.replaced_from and each.failure]
    if given_up and state.tried:
        state.failure = given_up[-1]
        return
    was_missed = is_worth_joining(state.request, state.known_since)
    reason = FailureReason.MISSED if was_missed else FailureReason.MEETING_OVER
    state.failure = Failure(reason=reason, evidence=Evidence(event=reason.value, at=now, text=times))


def verdict(state: MeetingState, now: datetime) -> tuple[MeetingStatus, FailureReason | None, Evidence]:
    """What the meeting came to, and what says so. What an earlier bot recorded counts."""
    if state.stop is not None and state.stop.kind is StopKind.CANCEL:
        return MeetingStatus.CANCELLED, None, state.stop.evidence
    finals = [
        session.bot.final
        for session in sorted(state.sessions, key=lambda each: not each.superseded)
        if session.bot and session.bot.final and _has_what_is_wanted(state, session)
    ]
    if finals:
        final = finals[-1]
        return MeetingStatus.COMPLETED, None, Evidence(event=final.kind, at=final.at, text=final.text)
    failure = state.failure or _session_failure(state)
    if failure is not None:
        return MeetingStatus.FAILED, failure.reason, failure.evidence
    evidence = state.stop.evidence if state.stop else Evidence(event="unknown", at=now, text="")
    return MeetingStatus.FAILED, FailureReason.STOPPED, evidence


def _session_failure(state: MeetingState) -> Failure | None:
    standing = state.standing
    if not standing:
        return None
    session = standing[-1]
    if session.failure is not None or session.bot is None:
        return session.failure
    return polling_policy.failure_reason_for(session.bot)


def _has_what_is_wanted(state: MeetingState, session: SessionState) -> bool:
    if state.request.wanted.recording:
        return session.recording_stored
    return session.bot is not None and session.bot.is_collectable
