"""How long a bot may stay silent, when its story is over, and what the story amounts to. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from meetings.bot import BotState
from meetings.deadlines import Deadlines
from meetings.events import BotEventKind
from meetings.outcome import Evidence
from meetings.status import FailureReason, MeetingStatus, is_curable

_IN_SESSION = frozenset({MeetingStatus.RECORDING, MeetingStatus.PAUSED})


def next_question(bot: BotState, expected_end: datetime, deadlines: Deadlines) -> datetime:
    """The instant at which the provider is asked about a bot, unless there is news before."""
    if bot.final_heard_at is not None:
        last_news = max(bot.final_heard_at, bot.asked_at or bot.final_heard_at)
        return last_news + timedelta(seconds=deadlines.removal if bot.withdrawn_at else deadlines.grace)
    known = [bot.sent_at, bot.heard_at, bot.asked_at, bot.withdrawn_at]
    last_news = max(each for each in known if each is not None)
    if bot.shared_with:
        return max(last_news, bot.join_at) + timedelta(seconds=deadlines.shared)
    if bot.withdrawn_at is not None:
        patience = timedelta(seconds=deadlines.removal)
    elif not bot.events:
        last_news, patience = max(last_news, bot.join_at), timedelta(seconds=deadlines.first_sign)
    elif bot.phase is MeetingStatus.JOINING:
        # One that reports ahead of its time is not late before that.
        last_news, patience = max(last_news, bot.join_at), deadlines.for_phase(bot.phase)
    elif bot.phase in _IN_SESSION:
        last_news, patience = max(last_news, expected_end), deadlines.for_phase(bot.phase)
    else:
        patience = deadlines.for_phase(bot.phase)
    question = last_news + _grown(patience, bot.asked_in_vain, deadlines)
    return question if bot.withdrawn_at is not None else min(question, stays_until(bot, deadlines))


def next_look(bot: BotState, expected_end: datetime, deadlines: Deadlines) -> datetime:
    """When to look whether it is time for that question: before it while the bot is recording.

    A bot that leaves at the planned end is asked about after `ended`; looking then serves that question, too, and
    spares most meetings a timer.
    """
    question = next_question(bot, expected_end, deadlines)
    if bot.final is None and bot.phase in _IN_SESSION and bot.withdrawn_at is None:
        heard_at = bot.heard_at or bot.sent_at
        as_if_leaving = max(heard_at, expected_end) + deadlines.for_phase(MeetingStatus.ENDED)
        return min(question, as_if_leaving)
    return question


def leeway(bot: BotState, deadlines: Deadlines) -> timedelta:
    """How much later than planned the question may come: a bot that has left says so for long enough anyway."""
    has_left = bot.final is None and bot.phase is MeetingStatus.ENDED and bot.withdrawn_at is None
    return timedelta(seconds=deadlines.ended / 4) if has_left else timedelta()


def _grown(patience: timedelta, asked_in_vain: int, deadlines: Deadlines) -> timedelta:
    """Twice as long after every question that brought no news, up to the time between two during a recording."""
    longest = max(patience, timedelta(seconds=deadlines.recording))
    factor: int = 2 ** min(asked_in_vain, 10)
    return min(patience * factor, longest)


def stays_until(bot: BotState, deadlines: Deadlines) -> datetime:
    """When a bot that has not left by itself is told to."""
    return bot.sent_at + timedelta(seconds=deadlines.longest)


def is_over(bot: BotState) -> bool:
    """Whether nothing more is to be expected of a bot.

    A `failed`, or a `complete` with nothing in it, is the last word only once the provider was asked again: a
    recording may follow. A bot that we took back before it could be there can bring nothing more.
    """
    if bot.given_up or bot.is_recorded:
        return True
    if bot.final is None:
        return False
    taken_back = bot.withdrawn_at is not None and bot.withdrawn_at < bot.join_at and not bot.recording_seen
    return taken_back or bot.asked_after_final


def is_abandoned(bot: BotState, now: datetime, deadlines: Deadlines) -> bool:
    """Whether the provider has been asked in vain for so long that it will not be asked again."""
    return now >= bot.sent_at + timedelta(seconds=deadlines.abandon)


def is_beyond_help(bot: BotState, now: datetime, deadlines: Deadlines) -> bool:
    """Whether "still at work" is no longer believed of a bot: it was sent away long ago."""
    sent_away = bot.withdrawn_at is not None and now >= bot.withdrawn_at + timedelta(seconds=deadlines.ended)
    return sent_away or is_abandoned(bot, now, deadlines)


def may_try_again(bots: Sequence[BotState]) -> bool:
    """Whether the last of a meeting's bots failed for a reason that another bot could cure.

    Words that are unknown here may stand for such a reason, so they are worth one more try, but no third.
    """
    *earlier, bot = bots
    if bot.final is None or bot.final.reason is None or bot.has_recording or bot.withdrawn_at is not None:
        return False
    if bot.final.reason is FailureReason.UNKNOWN:
        return not any(each.final and each.final.reason is FailureReason.UNKNOWN for each in earlier)
    return is_curable(bot.final.reason) or _was_taken_from_us(bot)


def _was_taken_from_us(bot: BotState) -> bool:
    """A shared bot that its own meeting sent away leaves this meeting without one."""
    return bool(bot.shared_with) and bot.final is not None and bot.final.reason is FailureReason.STOPPED


def failure_of(bot: BotState) -> tuple[FailureReason, Evidence]:
    """Why a bot brought nothing home, with the event that says so."""
    if bot.final is None:
        text = f"bot {bot.bot_id}: no final event, and the provider gave none when asked"
        return FailureReason.NO_ANSWER, Evidence(event="deadline", at=bot.asked_at or bot.sent_at, text=text)
    evidence = Evidence(event=bot.final.kind.value, at=bot.final.at, text=bot.final.text)
    if bot.final.kind is BotEventKind.COMPLETE:
        return FailureReason.EMPTY_RECORDING, evidence
    return bot.final.reason or FailureReason.UNKNOWN, evidence
