"""One provider of each kind beside its simulator, for tests of what every provider promises.

Another provider joins with a function like the ones below, and an entry in BENCHES.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from devtools.simulator.meetingbaas_v2.server import running_meetingbaas_v2
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.recall.app import running_recall
from devtools.simulator.recall.settings import RecallSettings
from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchMode
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    BotWebhook,
    CalendarWebhook,
    IgnoredWebhook,
    Provider,
    ProviderBotStatus,
)
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.http import open_recall
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.webhook_signatures import WebhookSignatures
from tests.devtools.simulator.support import Receiver, running_receiver

SECRET = "a-secret-of-the-tests-with-enough-letters"
WEBHOOK_SECRET = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"
V2_SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="
KEY = "key-of-the-contract-tests"
SPEED = 300
WORKFLOW_ID = "meeting-x"
_ENDS = {BotEventKind.COMPLETE, BotEventKind.FAILED, BotEventKind.SETTLED}
_PATIENCE_SECONDS = 20


@dataclass
class Bench:
    """A provider and what stands for its service; `receiver` gets all webhooks of the account and its bots."""

    provider: Provider
    receiver: Receiver
    control: aiohttp.ClientSession
    bots_path: str
    sent: list[DispatchedBot] = field(default_factory=list)

    async def tell(self, path: str, **order: Any) -> None:
        """Orders something of the simulator."""
        async with self.control.post(f"/_sim/{path}", json=order) as answer:
            assert answer.status < 300, await answer.text()

    async def play(self, script: str) -> None:
        """Has the next bot play this script."""
        await self.tell("scripts", script=script, times=1)

    async def lose_answer(self) -> None:
        """Has the next bot created, and its answer lost."""
        await self.tell("faults", kind="cut_answer", times=1, match={"path": f"{self.bots_path}$"})

    def order(self, key: str = "mk-abc-0", *, ahead: timedelta = timedelta(), **changes: Any) -> BotDispatch:
        now = datetime.now(UTC)
        plan = self.provider.dispatch_plan(now + ahead, now)
        fields: dict[str, Any] = {
            "key": key,
            "dispatch": 0,
            "run": "run-1",
            "meeting_url": "https://meet.google.com/abc-defg-hij",
            "start_time": now + ahead,
            "dispatch_at": plan.dispatch_at,
            "mode": plan.mode if ahead else DispatchMode.IMMEDIATE,
            "transcript": True,
            "bot": BotOptions(),
            "requested_since": now,
        }
        return BotDispatch(**(fields | changes))

    async def send(self, order: BotDispatch) -> DispatchedBot:
        address = BotCallback(webhook_url=self.receiver.url, workflow_id=WORKFLOW_ID)
        sent = await self.provider.dispatch(order, address, datetime.now(UTC))
        self.sent.append(sent)
        return sent

    async def seen(self, bot_id: str, fits: Callable[[BotObservation], object]) -> BotObservation:
        """The first observation of a bot that fits."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not fits(observed := await self.provider.get_bot_status(bot_id)):  # noqa: ASYNC110 - asking again is the point
                await asyncio.sleep(0.02)
            return observed

    async def ended(self, bot_id: str) -> BotObservation:
        return await self.seen(bot_id, lambda observed: observed.status is not ProviderBotStatus.OPEN)

    def notices(self) -> list[BotWebhook | CalendarWebhook | IgnoredWebhook]:
        """Everything that arrived, read as the bridge would read it."""
        arrived = zip(self.receiver.headers, self.receiver.raws, strict=True)
        found = []
        for headers, raw in arrived:
            token = self.receiver.url.rpartition("/")[2]
            assert self.provider.may_accept_webhook(headers, token=token)
            assert self.provider.accepts_webhook(headers, raw, token=token)
            found.append(self.provider.parse_webhook(headers, raw, datetime.now(UTC)))
        return found

    def news_of(self, bot_id: str) -> list[BotWebhook]:
        return [each for each in self.notices() if isinstance(each, BotWebhook) and each.event.bot_id == bot_id]

    async def all_news_of(self, bot_id: str) -> list[BotWebhook]:
        """The bot's webhooks up to its end."""
        await self.receiver.wait_for(lambda: any(each.event.kind in _ENDS for each in self.news_of(bot_id)))
        return self.news_of(bot_id)


@asynccontextmanager
async def _bench(
    url: str, provider: Provider, receiver: Receiver, headers: Mapping[str, str], bots_path: str
) -> AsyncIterator[Bench]:
    try:
        async with aiohttp.ClientSession(url, headers=headers) as control:
            yield Bench(provider, receiver, control, bots_path)
    finally:
        await provider.aclose()


@asynccontextmanager
async def meetingbaas() -> AsyncIterator[Bench]:
    settings = SimulatorSettings(api_key=KEY, speed=SPEED, recording_size=30_000, duplicate_window=0)
    async with running_receiver() as receiver, running_simulator(settings) as url:
        provider = MeetingBaasProvider(MeetingBaasClient(url, KEY), webhook_keys=[KEY], signing_secrets=[SECRET])
        async with _bench(url, provider, receiver, {"x-meeting-baas-api-key": KEY}, "/bots/") as bench:
            yield bench


@asynccontextmanager
async def recall() -> AsyncIterator[Bench]:
    async with running_receiver() as receiver:
        settings = RecallSettings(
            api_key=KEY,
            speed=SPEED,
            recording_size=30_000,
            webhook_url=receiver.url,
            webhook_secret=WEBHOOK_SECRET,
        )
        async with running_recall(settings) as url:
            provider = RecallProvider(
                RecallClient(open_recall(url, KEY)),
                signatures=WebhookSignatures([WEBHOOK_SECRET]),
                signing_secrets=[SECRET],
            )
            key = {"Authorization": f"Token {KEY}"}
            async with _bench(url, provider, receiver, key, "/api/v1/bot/") as bench:
                yield bench


@asynccontextmanager
async def meetingbaas_v2() -> AsyncIterator[Bench]:
    async with running_receiver() as receiver:
        settings = MeetingBaasV2Settings(
            api_key=KEY,
            speed=SPEED,
            recording_size=30_000,
            account_webhook_url=receiver.url,
            webhook_secret=V2_SECRET,
            duplicate_window=0,
        )
        async with running_meetingbaas_v2(settings) as url:
            client = MeetingBaasV2Client(url, KEY)
            provider = MeetingBaasV2Provider(client, webhook_secrets=[V2_SECRET], signing_secrets=[SECRET])
            key = {"x-meeting-baas-api-key": KEY}
            async with _bench(url, provider, receiver, key, "/v2/bots") as bench:
                yield bench


BENCHES: dict[str, Callable[[], AbstractAsyncContextManager[Bench]]] = {
    "meetingbaas": meetingbaas,
    "meetingbaas-v2": meetingbaas_v2,
    "recall": recall,
}
