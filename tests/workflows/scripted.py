"""A provider that does what a test tells it, so that a meeting can live for a year in seconds."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode, DispatchPlan, RemovalResult
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.meetings.request import ProviderScheduledBot
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    BotOrigin,
    BotWebhook,
    CalendarWebhook,
    FoundBot,
    IgnoredWebhook,
    NotFoundError,
    ProviderBotStatus,
    ProviderCapabilities,
    UnavailableError,
)
from minutekeeper.providers.recorded_content import BotScreenshot, RecordedContent
from minutekeeper.transcripts.model import Transcript

LEAD = timedelta(minutes=4)
LATE = timedelta(seconds=30)


@dataclass
class Bot:
    bot_id: str
    order: BotDispatch
    address: BotCallback
    removed: bool = False
    observation: BotObservation = field(
        default_factory=lambda: BotObservation(status=ProviderBotStatus.OPEN, events=())
    )


def set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class ScriptedProvider:
    """`failures` are raised by the next sends, one each; `after` marks those that strike after the bot exists.

    `armed` is set when a send is in an activity's hands; it stays there while `let_go` is not set.
    """

    failures: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    removal_failures: list[Exception] = field(default_factory=list)
    observation_failures: list[Exception] = field(default_factory=list)
    bots: list[Bot] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    retranscribed: list[str] = field(default_factory=list)
    has_screenshots: bool = False
    hidden: bool = False
    search_failures: list[Exception] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    """The bots that were told to leave, each time."""
    stays_open: bool = False
    """The provider says of removed bots that they are still there."""
    refuses_removal: bool = False
    """Bots cannot be removed for now, whenever they are told to leave."""
    name: str = "scripted"
    is_down: bool = False
    """No call is answered."""
    armed: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=set_event)

    @property
    def capabilities(self) -> ProviderCapabilities:
        return ProviderCapabilities()

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        dispatch_at = start_time - LEAD
        if now > dispatch_at:
            return DispatchPlan(dispatch_at=now, join_at=now, mode=DispatchMode.IMMEDIATE)
        return DispatchPlan(
            dispatch_at=dispatch_at,
            join_at=start_time,
            mode=DispatchMode.RESERVED,
        )

    def send_by_timer(self) -> ProviderScheduledBot:
        """A bot that nobody here asked for."""
        now = datetime.now(UTC)
        order = BotDispatch(
            key="mk-calendar-event",
            dispatch=0,
            run="",
            meeting_url="https://meet.google.com/abc-defg-hij",
            start_time=now,
            dispatch_at=now,
            mode=DispatchMode.RESERVED,
            transcript=True,
            bot=BotOptions(),
        )
        bot = Bot(f"bot-{len(self.bots)}", order, BotCallback(webhook_url="", workflow_id=""))
        self.bots.append(bot)
        return ProviderScheduledBot(bot_id=bot.bot_id, sent_at=now)

    def finished(self, bot_id: str, at: datetime | None = None) -> BotObservation:
        """What is said of a bot that left a recording, now if nothing else is said."""
        complete = BotEvent(
            kind=BotEventKind.COMPLETE,
            bot_id=bot_id,
            occurred_at=at or datetime.now(UTC),
            has_recording=True,
            has_transcript=True,
            source=EventSource.API,
        )
        return BotObservation(status=ProviderBotStatus.COMPLETE, events=(complete,))

    def refused(self, bot_id: str) -> BotObservation:
        """What is said of a bot that people did not let in."""
        failed = _failed(bot_id, "BotNotAccepted", FailureReason.NOT_ACCEPTED)
        return BotObservation(status=ProviderBotStatus.FAILED, events=(failed,))

    def adds_double_of(self, bot: Bot) -> None:
        """A second bot of the same request, which nobody was told of."""
        self.bots.append(Bot("double", bot.order, bot.address))

    async def warm_up(self, calls: int) -> None:
        assert calls
        self.armed.set()
        await self.let_go.wait()

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        if order.mode is DispatchMode.RESERVED and now > order.dispatch_at + LATE and not order.stays_reserved:
            order = order.model_copy(update={"mode": DispatchMode.IMMEDIATE})
        self._fail_if_down()
        if self.failures:
            raise self.failures.pop(0)
        prefix = "" if self.name == "scripted" else f"{self.name}-"
        bot = Bot(f"{prefix}bot-{len(self.bots)}", order, address)
        self.bots.append(bot)
        if self.after:
            raise self.after.pop(0)
        return DispatchedBot(bot_id=bot.bot_id, sent_at=order.dispatch_at, provider=self.name, mode=order.mode)

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        self._fail_if_down()
        if self.search_failures:
            raise self.search_failures.pop(0)
        if self.hidden:
            return []
        return [
            FoundBot(
                bot_id=bot.bot_id,
                created_at=bot.order.dispatch_at,
                is_open=not bot.removed,
                key=bot.order.key,
                workflow_id=bot.address.workflow_id,
                run=bot.order.run,
            )
            for bot in reversed(self.bots)
            if bot.order.dispatch_at >= since and (bot.order.key == key or bot.order.meeting_url == meeting_url)
        ]

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        self._fail_if_down()
        if self.removal_failures:
            raise self.removal_failures.pop(0)
        self.removed.append(bot_id)
        if self.refuses_removal:
            return RemovalResult.REFUSED_NOW
        bot = self.bot(bot_id)
        already, bot.removed = bot.removed, True
        if not bot.observation.events and not self.stays_open:
            bot.observation = BotObservation(
                status=ProviderBotStatus.FAILED, events=(_failed(bot_id, "ApiRequest", FailureReason.STOPPED),)
            )
        return RemovalResult.ALREADY_GONE if already else RemovalResult.LEAVING

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        self.asked.append(bot_id)
        self._fail_if_down()
        if self.observation_failures:
            raise self.observation_failures.pop(0)
        return self.bot(bot_id).observation

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        raise NotFoundError(bot_id)

    async def recent_origins(self, since: datetime) -> AsyncIterator[list[BotOrigin]]:  # noqa: ARG002 - the port has it
        yield []

    async def account_webhook_url(self) -> str:
        return ""

    def may_accept_webhook(
        self, headers: Mapping[str, str], *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        return bool(headers) or bool(token) or allow_missing_key

    def accepts_webhook(
        self, headers: Mapping[str, str], body: bytes, *, allow_missing_key: bool = False, token: str = ""
    ) -> bool:
        return bool(body) and self.may_accept_webhook(headers, allow_missing_key=allow_missing_key, token=token)

    def parse_webhook(
        self, headers: Mapping[str, str], body: bytes, received_at: datetime
    ) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
        return IgnoredWebhook(detail=f"{len(headers)} headers, {len(body)} bytes at {received_at}")

    def parse_transcript(self, body: bytes) -> Transcript:
        return Transcript(language=str(len(body)))

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        return RecordedContent(media=(), transcript=None, deleted=pushed is None and not bot_id)

    async def screenshots(self, bot_id: str) -> list[BotScreenshot]:
        return [BotScreenshot(url=f"http://127.0.0.1:1/{bot_id}.png")] if self.has_screenshots else []

    async def retranscribe(self, bot_id: str, request: str = "") -> None:
        assert request
        self.retranscribed.append(bot_id)

    async def aclose(self) -> None:
        return

    def _fail_if_down(self) -> None:
        if self.is_down:
            raise UnavailableError("503: down")

    def bot(self, bot_id: str) -> Bot:
        return next(bot for bot in self.bots if bot.bot_id == bot_id)


class NoWaiting:
    """An armed dispatch does not wait in virtual time: its worker's clock is not the workflow's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, instant: datetime) -> None:
        _ = instant.astimezone(UTC)

    def hear(self, server_time: datetime) -> None:
        _ = server_time


def _failed(bot_id: str, code: str, reason: FailureReason) -> BotEvent:
    return BotEvent(
        kind=BotEventKind.FAILED,
        bot_id=bot_id,
        occurred_at=datetime.now(UTC),
        code=code,
        reason=reason,
        source=EventSource.API,
    )
