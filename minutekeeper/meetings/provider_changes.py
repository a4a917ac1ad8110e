"""What a meeting does when the provider of its bot fails: when another takes over, and what becomes of the first.

Another provider is asked only for what it can cure: a host who lets no bot in, a password, an order of a person are
the same for every provider. Pure.
"""

from datetime import datetime, timedelta

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.fields import MAX_BOT_NAME
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.provider_choice import ProviderChoice, TriedProvider
from minutekeeper.meetings.session_state import SessionState
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Failure

_NO_BOT = frozenset({FailureReason.ACCOUNT, FailureReason.PROVIDER_UNREACHABLE})
"""Why a provider sends no bot although another one would."""
_OURS = frozenset({FailureReason.MISSED, FailureReason.SEND_TIMEOUT, FailureReason.ROOM_OCCUPIED})
"""Trouble of our own workers and rooms, which no other provider cures."""
_REMOVAL_PATIENCE = timedelta(seconds=20)
"""How long a bot that has to be replaced is told to leave before another one is sent all the same."""
_AHEAD_OF_TIME = timedelta(minutes=1)
_SUFFIX = " (2)"
"""Tells two bots apart in a call, for people and for what counts the participants that are no bots."""


def tried_providers(state: MeetingState) -> tuple[TriedProvider, ...]:
    """The providers that were asked for a bot of the present time of the meeting, in their order."""
    tried = list(state.tried)
    for session in state.standing:
        if session.choice is None or session.bot is None or session.is_shared:
            continue
        final = session.bot.final
        tried.append(
            TriedProvider(
                provider=session.bot.provider,
                reason=final.reason if final else None,
                at=final.at if final else session.bot.sent_at,
                was_recording=session.bot.recording_seen,
            )
        )
    return tuple(sorted(tried, key=lambda each: each.at))


def choose(state: MeetingState, session: SessionState, choice: ProviderChoice, now: datetime) -> None:
    """Takes in which provider a session's bot comes from, before it is asked for one."""
    session.choice, session.request = choice, None
    if choice.why:
        state.note(now, "provider_chosen", f"The bot is asked for at {choice.provider}: {choice.why}.")
    state.changed()


def is_cured_elsewhere(session: SessionState, reason: FailureReason) -> bool:
    """Whether another provider may send the bot that this one does not send."""
    return session.may_change_provider and not session.leave_requested and reason in _NO_BOT


def asks_longer(session: SessionState, reason: FailureReason) -> bool:
    """Whether a request was given up in time for another provider, which would not help: it is then repeated."""
    is_limited = session.choice is not None and session.choice.switch_at is not None
    return is_limited and not session.leave_requested and reason in _OURS


def ask_elsewhere(state: MeetingState, session: SessionState, failure: Failure, now: datetime) -> None:
    """Has a bot that certainly does not exist asked for at another provider."""
    name = _leave_provider(state, session, failure.reason, now)
    state.note(
        now, "provider_changed", f"{name} sends no bot, so another provider is asked: {failure.evidence.text}"
    )
    session.choice = session.request = None


def replace_unconfirmed(state: MeetingState, session: SessionState, failure: Failure, now: datetime) -> None:
    """Has another provider send a bot while it is not known whether the first one sent any.

    That one is looked for, and taken back.
    """
    name = _leave_provider(state, session, failure.reason, now)
    state.note(
        now,
        "provider_changed",
        f"Whether {name} sent a bot is not known, so another provider is asked; a bot of {name} that turns up is "
        f"taken back: {failure.evidence.text}",
    )
    session.superseded = session.leave_requested = True
    session.replaced_from = now


def is_missing(session: SessionState, now: datetime, patience: timedelta) -> bool:
    """Whether a bot that is due gives no sign of life, and another provider may send one."""
    bot = session.bot
    if bot is None or not session.may_change_provider or session.is_shared or session.leave_requested:
        return False
    was_heard = bot.last_event_at is not None and bot.last_event_at >= bot.join_at - _AHEAD_OF_TIME
    return not was_heard and bot.status is MeetingStatus.JOINING and now >= bot.join_at + patience


def replace_missing(state: MeetingState, session: SessionState, bot: BotState, now: datetime) -> None:
    """Has a bot without a sign of life told to leave, and another provider send one."""
    name = _leave_provider(state, session, FailureReason.NO_ANSWER, now)
    state.note(
        now,
        "provider_changed",
        f"Bot {bot.bot_id} of {name} is due and gives no sign of life. It is told to leave, and another provider "
        "is asked for one.",
    )
    session.superseded = session.leave_requested = True
    session.replaced_from = now + _REMOVAL_PATIENCE


def is_curable_elsewhere(session: SessionState) -> bool:
    """Whether another provider may send a bot because this one forgot it, or refused the account at its time."""
    bot = session.bot
    if bot is None or bot.final is None or not session.may_change_provider or session.is_shared:
        return False
    if bot.final.kind is not BotEventKind.FAILED or bot.removed_at is not None:
        return False
    return bot.final.reason in {FailureReason.NO_ANSWER, FailureReason.ACCOUNT} and not bot.recording_seen


def stays_after_all(state: MeetingState, session: SessionState) -> bool:
    """Whether a bot that was given up records after all, while the one in its place is not in the call yet."""
    bot = session.bot
    if session.replaced_from is None or bot is None or bot.has_left or bot.status is not MeetingStatus.RECORDING:
        return False
    standing = state.standing
    if not standing or state.stop is not None or standing[-1].start_time != session.start_time:
        return False
    other = standing[-1]
    if other.bot is None:
        return not other.is_finished
    return not other.bot.has_left and other.bot.status in {MeetingStatus.JOINING, MeetingStatus.WAITING_ROOM}


def keep_after_all(state: MeetingState, session: SessionState, now: datetime) -> None:
    """Gives a bot that records its place back; the other provider's bot, which only waits, is taken back."""
    for other in state.standing:
        other.superseded = other.leave_requested = True
        other.replaced_from = now
    session.superseded = session.leave_requested = False
    session.replaced_from = session.retry_at = None
    session.refused_removals = 0
    name = session.bot.bot_id if session.bot else ""
    state.note(now, "provider_kept", f"Bot {name} records after all, so it stays, and the other bot is taken back.")


def bot_name(state: MeetingState, name: str) -> str:
    """The name of the next bot, which must not be that of one that may still be in the room."""
    is_alone = not any(each.replaced_from is not None and not each.is_gone for each in state.sessions)
    return name if is_alone else name[: MAX_BOT_NAME - len(_SUFFIX)] + _SUFFIX


def _leave_provider(state: MeetingState, session: SessionState, reason: FailureReason, now: datetime) -> str:
    name = session.choice.provider if session.choice else ""
    state.tried.append(TriedProvider(provider=name, reason=reason, at=now))
    state.account_problem = None
    return name
