"""What people and programs are shown of a meeting's state."""

from datetime import datetime

from minutekeeper.meetings import claims, webhook_health
from minutekeeper.meetings.fields import ASSUMED_LENGTH
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.rooms import BotPresence, PresenceQuery
from minutekeeper.meetings.session_state import SessionState
from minutekeeper.meetings.status import MeetingStatus, WebhookState
from minutekeeper.meetings.views import MeetingView


def meeting_view(state: MeetingState) -> MeetingView:
    """The answer of the `status` query."""
    failure = state.failure or state.account_problem
    reason, evidence = (failure.reason, failure.evidence) if failure else (None, None)
    if state.outcome is not None:
        reason, evidence = state.outcome.reason, state.outcome.evidence
    bot = state.bot
    return MeetingView(
        meeting_id=state.meeting_id,
        workflow_id=state.workflow_id,
        status=state.current_status,
        reason=reason,
        evidence=evidence,
        trouble=state.storage_problem,
        held_change=state.held_change,
        bot_id=bot.bot_id if bot else "",
        provider=_provider(state),
        meeting_url=state.request.public_url,
        platform=state.request.platform,
        title=state.request.title,
        start_time=state.request.start_time,
        end_time=state.request.end_time,
        transcript=state.transcript,
        artifacts=tuple(each.kept for each in state.artifacts),
        dispatches=len(state.bots),
        next_deadline=state.next_check_at,
        bot_goes_at=_bot_goes_at(state),
        timeline=state.timeline,
        webhooks=webhook_health.webhook_state(bot) if bot else WebhookState.NOT_EXPECTED,
        calendars=claims.claiming_calendars(state.interest),
        metadata=state.request.metadata,
        waiting_since=_waiting_since(state),
        shared_with=bot.shared_with if bot else "",
    )


def _waiting_since(state: MeetingState) -> datetime | None:
    is_waiting = state.bot is not None and state.current_status is MeetingStatus.WAITING_ROOM
    return state.bot.status_since if state.bot is not None and is_waiting else None


def _provider(state: MeetingState) -> str:
    """The provider of the current session, else that of the last bot."""
    current = state.current
    if current is not None and current.bot is None and current.choice is not None:
        return current.choice.provider
    return state.bot.provider if state.bot else ""


def _bot_goes_at(state: MeetingState) -> datetime | None:
    if state.current_status is not MeetingStatus.SCHEDULED:
        return None
    return state.request.wake_up.dispatch_at(state.request.start_time)


def bot_presence(state: MeetingState, query: PresenceQuery) -> BotPresence:
    """What another meeting in the same room is told about the bot of one of our requests."""
    if query.bot_id:
        sessions = [each for each in state.sessions if each.bot and each.bot.bot_id == query.bot_id]
    else:
        is_ours = query.run_id == state.run_id
        sessions = [each for each in state.sessions if is_ours and each.dispatch == query.dispatch]
    here = next((each for each in sessions if not each.is_gone), sessions[0] if sessions else None)
    bot = here.bot if here else None
    return BotPresence(
        is_known=here is not None,
        is_gone=here is None or here.is_gone,
        start_time=here.start_time if here else state.request.start_time,
        end_time=_planned_end(state, here),
        bot_id=bot.bot_id if bot else "",
        provider=bot.provider if bot else "",
        is_leaving=here is not None and here.leave_requested,
        was_removed=here is not None and here.removal_requested,
        leaves_at=state.leave_at(here) if here else None,
    )


def _planned_end(state: MeetingState, session: SessionState | None) -> datetime:
    """Of the meeting that a session's bot is in: it is gone from there once the meeting has moved."""
    if session is None or (session.superseded and session.leave_requested):
        return session.start_time + ASSUMED_LENGTH if session else state.request.expected_end
    return max(state.request.expected_end, session.start_time)
