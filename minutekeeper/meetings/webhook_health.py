"""Whether bots report by webhook as they should, and when that is worth an alarm. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.bot_events import EventSource, ObservedBot
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.status import FailureReason, WebhookState

WINDOW = timedelta(minutes=15)
"""Bots are asked about minutes after they were due: this holds all that began together."""

_DELIVERY_DELAY = timedelta(minutes=1)
"""A webhook may be that late, or the clocks of bot and provider that far apart."""

_FEW = 3
_SHARE = 10


class BotStatusQuery(BaseModel):
    """A bot that the provider is asked about, with what is known of its reports.

    `due_at` is since when it should report to that meeting, None if it does not have to; `reported_until` is the
    provider's time of its newest report.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    asked_at: AwareDatetime
    provider: str = ""
    shared_with: str = ""
    """The workflow that owns the bot, which is asked whether it told the bot to leave."""
    due_at: AwareDatetime | None = None
    reported_until: AwareDatetime | None = None
    known_to_be_silent: bool = False


def status_query_for(bot: BotState, now: datetime) -> BotStatusQuery:
    return BotStatusQuery(
        bot_id=bot.bot_id,
        asked_at=now,
        provider=bot.provider,
        shared_with=bot.shared_with,
        due_at=None if bot.shared_with else bot.join_at,
        reported_until=bot.reported_until,
        known_to_be_silent=webhook_state(bot) is WebhookState.SILENT,
    )


def is_silent(question: BotStatusQuery, seen: ObservedBot) -> bool:
    """Whether the provider's answer shows a bot that should have reported and did not."""
    if question.due_at is None or question.asked_at < question.due_at or seen.gone:
        return False
    if question.reported_until is None:
        return True
    told = [event.occurred_at for event in seen.events if event.occurred_at < question.asked_at - _DELIVERY_DELAY]
    return any(at > question.reported_until + _DELIVERY_DELAY for at in told)


def webhook_state(bot: BotState) -> WebhookState:
    """What is to be said of a bot's webhooks, from what is known of it."""
    if bot.shared_with:
        return WebhookState.NOT_EXPECTED
    if bot.reported_until is not None:
        until = bot.reported_until + _DELIVERY_DELAY
        missed = any(event.source is EventSource.API and event.occurred_at > until for event in bot.events)
        return WebhookState.SILENT if missed and not _is_unknown_to_provider(bot) else WebhookState.HEARD
    was_due = bot.polled_at is not None and bot.polled_at >= bot.join_at
    return WebhookState.SILENT if was_due and not _is_unknown_to_provider(bot) else WebhookState.AWAITED


def _is_unknown_to_provider(bot: BotState) -> bool:
    return bot.final is not None and bot.final.reason is FailureReason.NO_ANSWER


def should_alarm(silent: int, known: int) -> bool:
    """Whether so many silent bots, of those that had to report, mean that something of ours is broken.

    One bot that breaks at the provider is silent, too; all of them, or several that are a tenth, are no accident.
    """
    return silent > 0 and (silent == known or (silent >= _FEW and silent * _SHARE >= known))


@dataclass(frozen=True)
class AlarmChange:
    """Webhooks stopped coming, or come again: `silent` of `known` bots that had to report in the last while."""

    silent: int
    known: int


class WebhookHealthWindow:
    """The bots of the last while, each as it was last known. Remembers whether the alarm was given."""

    def __init__(self) -> None:
        self._bots: dict[str, tuple[datetime, bool]] = {}
        self._silent = 0
        self._alarmed = False

    def record(self, bot_id: str, at: datetime, *, silent: bool) -> AlarmChange | None:
        """What is new of a bot at an instant; a Turn if it turns the whole, one each way."""
        self._forget(bot_id)
        self._bots[bot_id] = (at, silent)
        self._silent += silent
        while self._bots[oldest := next(iter(self._bots))][0] < at - WINDOW:
            self._forget(oldest)
        is_turn = not self._silent if self._alarmed else should_alarm(self._silent, len(self._bots))
        if not is_turn:
            return None
        self._alarmed = not self._alarmed
        return AlarmChange(self._silent, len(self._bots))

    def _forget(self, bot_id: str) -> None:
        _, was_silent = self._bots.pop(bot_id, (None, False))
        self._silent -= was_silent
