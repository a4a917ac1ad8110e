"""When the provider is asked about a bot, when a bot's story is over, and whether another bot would help. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.provider_choice import PROVIDER_FAULTS
from minutekeeper.meetings.status import FailureReason, MeetingStatus, is_curable
from minutekeeper.meetings.views import Evidence, Failure

_IN_SESSION = frozenset({MeetingStatus.RECORDING, MeetingStatus.PAUSED})
_MAX_DOUBLINGS = 10
_WORTH_ANOTHER = timedelta(minutes=5)
"""The part of a meeting that has to be left for a second bot after a recording that broke off."""
_LONGEST_REMOVAL_PAUSE = timedelta(minutes=8)
_NEVER_CAME = timedelta(minutes=30)
"""After its time, a bot of which its provider has no history at all will not come any more."""


def next_status_check(bot: BotState, deadlines: Deadlines) -> datetime:
    """The instant at which the provider is asked about a bot, unless there is news before."""
    if bot.final_event_at is not None:
        last_news = max(bot.final_event_at, bot.polled_at or bot.final_event_at)
        return last_news + timedelta(seconds=deadlines.removed_bot if bot.removed_at else deadlines.grace)
    known = [bot.sent_at, bot.last_event_at, bot.polled_at, bot.removed_at]
    last_news = max(each for each in known if each is not None)
    if bot.shared_with:
        # Its owner may take it away before the start, and at the start it should be certain that it comes.
        check = last_news + timedelta(seconds=deadlines.shared_bot)
        return min(check, bot.join_at) if last_news < bot.join_at else check
    if bot.settled_at is not None and bot.polls_without_news == 0:
        return bot.settled_at
    if bot.removed_at is not None or bot.settled_at is not None:
        return last_news + _doubled(timedelta(seconds=deadlines.removed_bot), bot.polls_without_news, deadlines)
    if not bot.events:
        last_news, patience = max(last_news, bot.join_at), timedelta(seconds=deadlines.first_webhook)
    elif bot.status is MeetingStatus.JOINING:
        # A bot that reports ahead of its time is not late before that time.
        last_news, patience = max(last_news, bot.join_at), deadlines.for_status(bot.status)
    else:
        patience = deadlines.for_status(bot.status)
    check = last_news + _doubled(patience, bot.polls_without_news, deadlines)
    return check if bot.has_left else min(check, relief_at(bot, deadlines))


def final_status_check(bot: BotState) -> datetime | None:
    """When the provider is asked for the last time about a bot that ended and was never seen to record.

    That is at once, where another bot has the meeting's recording, which should not wait for this one's grace
    period. None if the bot may have recorded, has not ended or was asked about since.
    """
    if bot.final_event_at is None or bot.recording_seen:
        return None
    was_asked = bot.polled_at is not None and bot.polled_at >= bot.final_event_at
    return None if was_asked else bot.final_event_at


def timer_instant(bot: BotState, expected_end: datetime, deadlines: Deadlines) -> datetime:
    """When a timer should fire to see whether the check is due; during a recording that may be somewhat late.

    Every timer is billed, and a recording that goes well sends news now and then. A bot that leaves at the planned
    end is asked about after `ended`; a timer for that instant serves the checks before it, too.
    """
    check = next_status_check(bot, deadlines)
    if not _is_in_session(bot):
        return check
    last_news = bot.last_event_at or bot.sent_at
    after_end = max(last_news, expected_end) + deadlines.for_status(MeetingStatus.ENDED)
    return min(check + timer_tolerance(bot, deadlines), max(check, after_end), relief_at(bot, deadlines))


def timer_tolerance(bot: BotState, deadlines: Deadlines) -> timedelta:
    """How much later than planned the check may come: a bot that has left says so for long enough anyway."""
    if _is_in_session(bot):
        return timedelta(seconds=deadlines.recording * 2 / 3)
    has_left = bot.final is None and bot.status is MeetingStatus.ENDED and bot.removed_at is None
    return timedelta(seconds=deadlines.ended / 4) if has_left else timedelta()


def _is_in_session(bot: BotState) -> bool:
    return bot.final is None and bot.status in _IN_SESSION and not bot.has_left and not bot.shared_with


def _doubled(patience: timedelta, polls_without_news: int, deadlines: Deadlines) -> timedelta:
    """Twice as long after every check that brought no news, up to the time between two during a recording."""
    longest = max(patience, timedelta(seconds=deadlines.recording))
    factor: int = 2 ** min(polls_without_news, _MAX_DOUBLINGS)
    return min(patience * factor, longest)


def max_lifetime_end(bot: BotState, deadlines: Deadlines) -> datetime:
    """When the provider's longest bot has left by itself."""
    return max(bot.sent_at, bot.join_at) + timedelta(seconds=deadlines.max_bot_lifetime)


def relief_at(bot: BotState, deadlines: Deadlines) -> datetime:
    """When a bot that is still there is told to leave, so that another one can go on before its time is up."""
    return max_lifetime_end(bot, deadlines) - timedelta(seconds=deadlines.relief)


def is_over(bot: BotState) -> bool:
    """Whether nothing more is to be expected of a bot.

    A `failed`, or a `complete` with nothing in it, is the last word only once the provider was asked again: a
    recording may follow. A bot that was removed before it could be there can bring nothing more.
    """
    if bot.final is None:
        return False
    if bot.has_recording:
        return True
    removed_unseen = bot.removed_at is not None and bot.removed_at < bot.join_at and not bot.recording_seen
    return removed_unseen or bot.polled_after_final


def has_given_up(bot: BotState, now: datetime, deadlines: Deadlines) -> bool:
    """Whether the provider was asked in vain for so long that it is not asked any more."""
    return now >= max(bot.sent_at, bot.join_at) + timedelta(seconds=deadlines.give_up)


def removal_pause(refusals: int, deadlines: Deadlines) -> timedelta:
    """How long after a refused removal the bot is told again; `refusals` counts those before it."""
    factor: int = 2 ** min(refusals, _MAX_DOUBLINGS)
    return min(timedelta(seconds=deadlines.removed_bot / 4) * factor, _LONGEST_REMOVAL_PAUSE)


def is_refusal_checked(bot: BotState, now: datetime, deadlines: Deadlines) -> bool:
    """Whether the provider is asked about a bot that refuses to leave, before that is told again."""
    return now >= min(next_status_check(bot, deadlines), max_lifetime_end(bot, deadlines))


def is_refusal_final(bot: BotState, now: datetime, deadlines: Deadlines) -> bool:
    """Whether a bot that refuses to leave, and of which the provider was asked just now, is as good as gone."""
    never_came = not bot.events and now >= bot.join_at + _NEVER_CAME
    return never_came or now >= max_lifetime_end(bot, deadlines)


def may_try_again(bots: Sequence[BotState]) -> bool:
    """Whether the last of a meeting's bots failed for a reason that another bot could cure.

    Words that are unknown here may stand for such a reason, so they are worth one more try, but no third.
    """
    *earlier, bot = bots
    if bot.final is None or bot.final.reason is None or bot.has_recording or bot.removed_at is not None:
        return False
    if bot.final.reason is FailureReason.UNKNOWN:
        return not any(each.final and each.final.reason is FailureReason.UNKNOWN for each in earlier)
    return is_curable(bot.final.reason)


def broke_off(bot: BotState, expected_end: datetime) -> bool:
    """Whether a fault of the provider ended a recording so early that another bot should go on with it."""
    final = bot.final
    if final is None or final.kind is not BotEventKind.FAILED or bot.removed_at is not None or bot.shared_with:
        return False
    was_recording = bot.recording_seen or bot.has_recording
    return was_recording and final.reason in PROVIDER_FAULTS and expected_end - final.at >= _WORTH_ANOTHER


def failure_reason_for(bot: BotState) -> Failure:
    """Why a bot brought no recording, with the event that says so."""
    if bot.final is None:
        text = f"bot {bot.bot_id}: no final event, and the provider gave none when asked"
        evidence = Evidence(event="deadline", at=bot.polled_at or bot.sent_at, text=text)
        return Failure(reason=FailureReason.NO_ANSWER, evidence=evidence)
    evidence = Evidence(event=bot.final.kind.value, at=bot.final.at, text=bot.final.text)
    if bot.final.kind is BotEventKind.COMPLETE:
        return Failure(reason=FailureReason.EMPTY_RECORDING, evidence=evidence)
    return Failure(reason=bot.final.reason or FailureReason.UNKNOWN, evidence=evidence)
