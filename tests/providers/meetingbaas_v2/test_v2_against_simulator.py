"""The provider and the stand-in for Meeting BaaS v2, which were written apart from each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from devtools.simulator.meetingbaas_v2.server import running_meetingbaas_v2
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode, RemovalResult
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.meetings.status import FailureReason
from minutekeeper.providers.base import (
    AccountError,
    BotCallback,
    BotObservation,
    BotWebhook,
    DuplicateBotError,
    NotFoundError,
    ProviderBotStatus,
    QuotaError,
    RateLimitedError,
    RequestRejectedError,
)
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.conftest import SECRET
from tests.providers.meetingbaas_v2.bodies import WEBHOOK_SECRET

MEETING_URL = "https://meet.google.com/abc-defg-hij"


def order(mode: DispatchMode = DispatchMode.IMMEDIATE, key: str = "mk-abc-0", **changes: Any) -> BotDispatch:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    values: dict[str, Any] = {
        "key": key,
        "dispatch": 0,
        "run": "run-1",
        "meeting_url": MEETING_URL,
        "start_time": start,
        "dispatch_at": start,
        "mode": mode,
        "transcript": True,
        "bot": BotOptions(entry_message="Hello", waiting_room_timeout=60, silence_timeout=600),
    }
    return BotDispatch(**(values | changes))


class House:
    """A simulator and a provider for it, closed at the end. `heard` are the deliveries to one address."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.url = ""
        self.heard: list[tuple[dict[str, str], bytes]] = []

    async def provider(self, api_key: str = "sim-key", **settings: Any) -> MeetingBaasV2Provider:
        if not self.url:
            chosen: dict[str, Any] = {
                "api_key": "sim-key",
                "speed": 1000,
                "recording_size": 5000,
                "webhook_secret": WEBHOOK_SECRET,
            }
            simulator = running_meetingbaas_v2(MeetingBaasV2Settings(**(chosen | settings)))
            self.url = await self._stack.enter_async_context(simulator)
        client = MeetingBaasV2Client(self.url, api_key)
        self._stack.push_async_callback(client.aclose)
        return MeetingBaasV2Provider(client, webhook_secrets=[WEBHOOK_SECRET], signing_secrets=[SECRET])

    async def listen(self) -> str:
        async def hear(request: web.Request) -> web.Response:
            self.heard.append((dict(request.headers), await request.read()))
            return web.Response()

        app = web.Application()
        app.router.add_post("/{tail:.*}", hear)
        runner = web.AppRunner(app)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def script(self, script: str) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                f"{self.url}/_sim/scripts", json={"match": {"meeting_url": MEETING_URL}, "script": script}
            ) as answer,
        ):
            assert answer.status == 200, await answer.text()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


ADDRESS = BotCallback(webhook_url="http://127.0.0.1:1/webhooks/meetingbaas-v2/m/0/t0ken", workflow_id="meeting-x")


async def send(provider: MeetingBaasV2Provider, wanted: BotDispatch, address: BotCallback = ADDRESS) -> str:
    sent = await provider.dispatch(wanted, address, datetime.now(UTC))
    assert sent.mode is wanted.mode
    return sent.bot_id


async def settled(provider: MeetingBaasV2Provider, bot_id: str) -> BotObservation:
    async with asyncio.timeout(30):
        while (seen := await provider.get_bot_status(bot_id)).status is ProviderBotStatus.OPEN:  # noqa: ASYNC110 - asking again is the point
            await asyncio.sleep(0.05)
    return seen


async def test_a_bot_from_its_order_to_its_transcript(house: House) -> None:
    provider = await house.provider()
    assert await provider.account_webhook_url() == ""
    bot_id = await send(provider, order())
    (found,) = await provider.find("mk-abc-0", MEETING_URL, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.bot_id, found.key, found.workflow_id, found.run) == (bot_id, "mk-abc-0", "meeting-x", "run-1")
    origin = await provider.get_bot_origin(bot_id)
    assert (origin.is_ours, origin.workflow_id, origin.dispatch, origin.meeting_url) == (
        True,
        "meeting-x",
        0,
        MEETING_URL,
    )
    seen = await settled(provider, bot_id)
    assert seen.status is ProviderBotStatus.COMPLETE
    final = seen.events[-1]
    assert (final.kind, final.has_recording, final.has_transcript) == (BotEventKind.COMPLETE, True, True)
    content = await provider.get_recorded_content(bot_id, None)
    assert [media.extension for media in content.media] == ["mp4"]
    assert content.audio is not None
    assert content.audio.extension == "flac"
    async with aiohttp.ClientSession() as http, http.get(content.transcript_links[0].url) as answer:
        transcript = provider.parse_transcript(await answer.read())
    assert not transcript.is_empty
    assert await provider.remove_bot(bot_id) is RemovalResult.ALREADY_GONE


async def test_a_bot_ordered_ahead_is_found_asked_about_and_cancelled(house: House) -> None:
    provider = await house.provider()
    wanted = order(DispatchMode.RESERVED)
    sent = await provider.dispatch(wanted, ADDRESS, datetime.now(UTC))
    assert (sent.mode, sent.join_at) == (DispatchMode.RESERVED, wanted.start_time - timedelta(seconds=90))
    (found,) = await provider.find("mk-abc-0", MEETING_URL, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.bot_id, found.is_open) == (sent.bot_id, True)
    assert (await provider.get_bot_origin(sent.bot_id)).workflow_id == "meeting-x"
    seen = await provider.get_bot_status(sent.bot_id)
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, ())
    assert await provider.remove_bot(sent.bot_id) is RemovalResult.LEAVING
    assert await provider.remove_bot(sent.bot_id) is RemovalResult.ALREADY_GONE
    assert (await provider.get_bot_status(sent.bot_id)).events[-1].reason is FailureReason.STOPPED
    assert [bot.is_open for bot in await provider.find("mk-abc-0", MEETING_URL, datetime.now(UTC))] == [False]


async def test_our_own_cancellation_is_no_failure_of_the_provider(house: House) -> None:
    provider = await house.provider(speed=20, queue_delay=40)
    bot_id = await send(provider, order())
    assert await provider.remove_bot(bot_id) is RemovalResult.LEAVING
    seen = await settled(provider, bot_id)
    assert seen.status is ProviderBotStatus.FAILED
    assert (seen.events[-1].code, seen.events[-1].reason) == (
        "EXITING_MEETING_BEFORE_RECORD",
        FailureReason.STOPPED,
    )


@pytest.mark.parametrize("wording", ["spec", "pages"])
async def test_webhooks_and_callbacks_are_accepted_and_understood(house: House, wording: str) -> None:
    address = await house.listen()
    provider = await house.provider(account_webhook_url=f"{address}/account", wording=wording)
    own = BotCallback(webhook_url=f"{address}/webhooks/meetingbaas-v2/meeting-x/0/t0ken", workflow_id="meeting-x")
    bot_id = await send(provider, order(), own)
    await settled(provider, bot_id)
    async with asyncio.timeout(20):
        while sum(b"bot.completed" in body for _, body in house.heard) < 2:  # noqa: ASYNC110 - it comes from elsewhere
            await asyncio.sleep(0.05)
    deliveries, statuses = set(), []
    for headers, body in house.heard:
        is_callback = "svix-id" not in {name.lower() for name in headers}
        assert provider.accepts_webhook(headers, body, token="t0ken" if is_callback else "")
        assert provider.accepts_webhook(headers, body) is not is_callback
        notice = provider.parse_webhook(headers, body, datetime.now(UTC))
        assert isinstance(notice, BotWebhook)
        assert (notice.workflow_id, notice.event.dispatch, notice.event.bot_id) == ("meeting-x", 0, bot_id)
        deliveries.add(notice.delivery)
        if notice.event.kind is BotEventKind.STATUS:
            statuses.append(notice.event.status)
        else:
            assert (notice.event.kind, notice.event.has_recording) == (BotEventKind.COMPLETE, True)
            content = await provider.get_recorded_content(bot_id, body)
            assert (len(content.media), len(content.transcript_links)) == (1, 1)
    assert len(deliveries) == len(house.heard)
    assert None not in statuses


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("rejected", FailureReason.NOT_ACCEPTED),
        ("waiting_room_timeout", FailureReason.WAITING_TIMEOUT),
        ("nobody_came", FailureReason.NOBODY_CAME),
        ("removed_early", FailureReason.REMOVED),
        ("invalid_url", FailureReason.INVALID_MEETING_URL),
        ("login_required", FailureReason.NEEDS_AUTHORISATION),
        ("crashed", FailureReason.PROVIDER_ERROR),
    ],
)
async def test_a_bot_that_recorded_nothing(house: House, script: str, reason: FailureReason) -> None:
    provider = await house.provider()
    await house.script(script)
    seen = await settled(provider, await send(provider, order()))
    assert (seen.status, seen.events[-1].reason) == (ProviderBotStatus.FAILED, reason)


@pytest.mark.parametrize(
    ("script", "end", "transcript_fails"),
    [
        ("failed_with_recording", BotEventKind.FAILED, False),
        ("transcription_failed", BotEventKind.COMPLETE, True),
        ("stops_at_transcribing", BotEventKind.COMPLETE, False),
    ],
)
async def test_a_recording_is_found_behind_every_end(
    house: House,
    script: str,
    end: BotEventKind,
    transcript_fails: bool,
) -> None:
    provider = await house.provider()
    await house.script(script)
    bot_id = await send(provider, order())
    seen = await settled(provider, bot_id)
    kinds = {event.kind for event in seen.events if event.has_recording}
    assert (seen.status.value, kinds) == (end.value, {end})
    assert (BotEventKind.TRANSCRIPTION_FAILED in {event.kind for event in seen.events}) is transcript_fails
    content = await provider.get_recorded_content(bot_id, None)
    assert (len(content.media), content.transcript_failed) == (1, transcript_fails)


async def test_the_account_is_at_fault(house: House) -> None:
    provider = await house.provider(tokens=0.5)
    await send(provider, order())
    with pytest.raises(AccountError, match="no tokens left"):
        await send(provider, order(dispatch=1))
    stranger = await house.provider("wrong-key")
    with pytest.raises(AccountError):
        await stranger.account_webhook_url()


async def test_the_bots_of_a_day_are_a_quota(house: House) -> None:
    provider = await house.provider(daily_bot_cap=1)
    await send(provider, order())
    with pytest.raises(QuotaError):
        await send(provider, order(dispatch=1))


async def test_the_rate_limit_says_how_long_to_wait(house: House) -> None:
    provider = await house.provider(requests_per_second=1)
    wanted = order(DispatchMode.RESERVED)
    await provider.dispatch(wanted, ADDRESS, datetime.now(UTC))
    with pytest.raises(RateLimitedError) as limited:
        await provider.dispatch(wanted, ADDRESS, datetime.now(UTC))
    assert limited.value.retry_after is not None


async def test_a_second_bot_is_refused_and_found(house: House) -> None:
    provider = await house.provider(speed=1)
    bot_id = await send(provider, order())
    with pytest.raises(DuplicateBotError):
        await send(provider, order(key="mk-other"))
    found = await provider.find("mk-other", MEETING_URL, datetime.now(UTC))
    assert [(bot.bot_id, bot.is_open) for bot in found] == [(bot_id, True)]
    assert await send(provider, order(key="mk-other", dispatch=1)) != bot_id


async def test_what_is_unknown(house: House) -> None:
    provider = await house.provider()
    nobody = str(uuid4())
    assert (await provider.get_bot_status(nobody)).status is ProviderBotStatus.GONE
    assert await provider.remove_bot(nobody) is RemovalResult.ALREADY_GONE
    assert (await provider.get_recorded_content(nobody, None)).deleted
    assert await provider.screenshots(nobody) == ()
    with pytest.raises(NotFoundError):
        await provider.get_bot_origin(nobody)


async def test_a_link_that_is_none_is_refused(house: House) -> None:
    provider = await house.provider()
    wanted = order(DispatchMode.RESERVED, start_time=datetime.now(UTC) + timedelta(days=200))
    with pytest.raises(RequestRejectedError):
        await send(provider, wanted)
