"""What a meeting does next about bot sessions: starts one, waits, or gives up. Pure."""

from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from minutekeeper.meetings import polling_policy, provider_changes
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.dispatch import is_worth_joining
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.session_state import SessionState
from minutekeeper.meetings.status import FailureReason, MeetingStatus


class NextStepKind(Enum):
    START = "start"
    """A bot session."""
    TOO_LATE = "too_late"
    WAIT = "wait"


class NextStep(NamedTuple):
    """`until` bounds a wait (UTC); None waits for a change alone."""

    kind: NextStepKind
    until: datetime | None = None
    is_room_occupied: bool = False


def wants_session(state: MeetingState, now: datetime) -> bool:
    """Whether another bot session is wanted now or later."""
    if state.stop is not None or state.failure is not None:
        return False
    standing = state.standing
    if not standing:
        return True
    if standing[-1].is_relieved:
        # Its bot was in the call until then, so the meeting goes on, whatever its planned end is.
        return True
    # A bot that left at the planned end is missed once that end is put off.
    is_wanted = state.send_requested or standing[-1].left_as_planned or may_send_another(state)
    return is_wanted and is_worth_joining(state.request, now)


def may_send_another(state: MeetingState) -> bool:
    """Whether the last bot ended in a way that another one can cure, within the limit."""
    standing = state.standing
    bots = [session.bot for session in standing if session.bot]
    if not bots or standing[-1].bot is None or state.request.follows is not None:
        return False
    if _is_taken_away(bots[-1]) or _left_before_start(state, bots[-1]):
        return True
    own = [bot for bot in bots if not _is_taken_away(bot)]
    replaced = [
        each for each in state.sessions if each.replaced_from and each.start_time == state.request.start_time
    ]
    is_curable = (
        polling_policy.may_try_again(own)
        or polling_policy.broke_off(bots[-1], state.request.expected_end)
        or provider_changes.is_curable_elsewhere(standing[-1])
    )
    return len(own) + len(replaced) < state.policy.max_dispatches and is_curable


def _is_taken_away(bot: BotState) -> bool:
    """Whether a shared bot was told to leave by its owner, as that said itself or the provider reports."""
    is_stopped = bot.final is not None and bot.final.reason is FailureReason.STOPPED
    return bot.taken_away or (bool(bot.shared_with) and is_stopped)


def _left_before_start(state: MeetingState, bot: BotState) -> bool:
    """Whether a bot of an overlapping meeting, which this one shared, left before this meeting began."""
    left_at = next((each.occurred_at for each in bot.events if each.status is MeetingStatus.ENDED), None)
    if left_at is None and bot.final is not None:
        left_at = bot.final.at
    return bool(bot.shared_with) and left_at is not None and left_at < state.request.start_time


def next_session_at(state: MeetingState, jitter: float) -> datetime:
    """When the next session starts, if one is wanted (UTC)."""
    standing = state.standing
    if state.send_requested or (standing and (standing[-1].is_relieved or standing[-1].left_as_planned)):
        return state.known_since
    if standing and (bot := standing[-1].bot) and _is_taken_away(bot):
        return state.known_since
    if standing and (bot := standing[-1].bot) and _left_before_start(state, bot):
        return state.request.start_time
    if standing and (bot := standing[-1].bot) and bot.final_event_at:
        return bot.final_event_at + timedelta(seconds=state.policy.deadlines.retry)
    return state.request.wake_up.wake_at(state.request.start_time, jitter)


def next_step(state: MeetingState, now: datetime, jitter: float) -> NextStep:
    """What the meeting does next about bot sessions."""
    if not wants_session(state, now):
        return NextStep(NextStepKind.WAIT)
    due = next_session_at(state, jitter)
    if now < due:
        return NextStep(NextStepKind.WAIT, due)
    if not state.standing and not is_worth_joining(state.request, now):
        return NextStep(NextStepKind.TOO_LATE)
    if conflicts := _conflicts(state, now):
        until = None if state.standing else max(state.request.start_time, state.request.expected_end)
        if all(each.replaced_from for each in conflicts):
            until = max(each.replaced_from for each in conflicts if each.replaced_from)
        return NextStep(NextStepKind.WAIT, until, is_room_occupied=True)
    return NextStep(NextStepKind.START)


def _conflicts(state: MeetingState, now: datetime) -> list[SessionState]:
    """The sessions whose bot, or one that may exist, could be in the room together with the next one.

    A bot that another provider's replaces holds that up for a while only: its own provider may be out of reach.
    """
    start = max(state.request.start_time, now)
    end = max(state.request.expected_end, start)
    return [
        session
        for session in state.sessions
        if (session.replaced_from is None or now < session.replaced_from)
        and session.may_meet(state.request.meeting_url, start, end, state.policy.deadlines)
    ]
