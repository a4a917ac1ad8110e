"""The provider and the stand-in for Meeting BaaS, which were written apart from each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from devtools.simulator.server import running_simulator
from devtools.simulator.settings import Shape, SimulatorSettings
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import BotDispatch, DispatchMode, RemovalResult
from minutekeeper.meetings.fields import BotOptions
from minutekeeper.providers.base import (
    AccountError,
    BotCallback,
    BotObservation,
    BotWebhook,
    DuplicateBotError,
    NotFoundError,
    ProviderBotStatus,
    RequestRejectedError,
)
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.meetingbaas.request_models import BotQuery, NewBot
from minutekeeper.providers.recorded_content import RecordedContent
from tests.providers.conftest import SECRET

MEETING_URL = "https://meet.google.com/abc-defg-hij"
ADDRESS = BotCallback(webhook_url="http://127.0.0.1:1/nobody", workflow_id="meeting-x")
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
ORDER = BotDispatch(
    key="mk-abc-3",
    dispatch=3,
    run="run-1",
    meeting_url=MEETING_URL,
    start_time=START,
    dispatch_at=START,
    mode=DispatchMode.IMMEDIATE,
    transcript=True,
    bot=BotOptions(entry_message="Hello", waiting_room_timeout=300),
)


class House:
    """A simulator and clients of it, all closed at the end."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.url = ""

    async def client(self, api_key: str = "sim-key", **settings: Any) -> MeetingBaasClient:
        if not self.url:
            chosen: dict[str, Any] = {"api_key": "sim-key", "speed": 1000, "recording_size": 5000} | settings
            self.url = await self._stack.enter_async_context(running_simulator(SimulatorSettings(**chosen)))
        client = MeetingBaasClient(self.url, api_key)
        self._stack.push_async_callback(client.aclose)
        return client

    async def provider(self, **settings: Any) -> MeetingBaasProvider:
        return MeetingBaasProvider(
            await self.client(**settings), webhook_keys=["sim-key"], signing_secrets=[SECRET]
        )


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(stack)


async def settled(provider: MeetingBaasProvider, bot_id: str) -> BotObservation:
    while (seen := await provider.get_bot_status(bot_id)).status is ProviderBotStatus.OPEN:  # noqa: ASYNC110 - asking again is the point
        await asyncio.sleep(0.05)
    return seen


def words(collected: RecordedContent) -> list[str]:
    assert collected.transcript
    return [word.text for segment in collected.transcript.segments for word in segment.words]


@pytest.mark.parametrize("shape", get_args(Shape))
async def test_a_whole_life(house: House, shape: Shape) -> None:
    provider = await house.provider(shape=shape)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    (found,) = await provider.find(ORDER.key, MEETING_URL, sent.sent_at)
    assert (found.bot_id, found.is_open) == (sent.bot_id, True)
    assert (found.key, found.workflow_id, found.run) == ("mk-abc-3", "meeting-x", "run-1")

    seen = await settled(provider, sent.bot_id)
    assert seen.status is ProviderBotStatus.COMPLETE
    final = seen.events[-1]
    assert (final.kind, final.has_recording, final.has_transcript) == (BotEventKind.COMPLETE, True, True)
    assert [bot.is_open for bot in await provider.find(ORDER.key, MEETING_URL, sent.sent_at)] == [False]

    collected = await provider.get_recorded_content(sent.bot_id, None)
    (recording,) = collected.media
    assert recording.extension == "mp4"
    assert recording.expires_at is not None
    assert timedelta(hours=1) < recording.expires_at - datetime.now(UTC) <= timedelta(hours=2)
    assert words(collected)
    assert await provider.remove_bot(sent.bot_id) in RemovalResult


@pytest.mark.parametrize("shape", get_args(Shape))
async def test_its_webhooks(house: House, shape: Shape) -> None:
    deliveries: asyncio.Queue[tuple[bytes, dict[str, str]]] = asyncio.Queue()

    async def receive(request: web.BaseRequest) -> web.Response:
        await deliveries.put((await request.read(), dict(request.headers)))
        return web.Response()

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider = await house.provider(shape=shape)
    address = BotCallback(webhook_url=f"http://127.0.0.1:{runner.addresses[0][1]}/", workflow_id="meeting-x")
    sent = await provider.dispatch(ORDER, address, ORDER.dispatch_at)
    notices: list[BotWebhook] = []
    while not notices or notices[-1].event.kind is BotEventKind.STATUS:
        body, headers = await deliveries.get()
        assert provider.accepts_webhook(headers, body)
        parsed = provider.parse_webhook(headers, body, datetime.now(UTC))
        assert isinstance(parsed, BotWebhook)
        notices.append(parsed)
    await runner.cleanup()
    events = [notice.event for notice in notices]
    assert [event.code for event in events] == [
        "joining_call",
        "in_waiting_room",
        "in_call_not_recording",
        "in_call_recording",
        "call_ended",
        "",
    ]
    assert {event.bot_id for event in events} == {sent.bot_id}
    assert notices[-1].keep_body
    assert (events[-1].has_recording, events[-1].has_transcript) == (True, True)
    assert (notices[-1].workflow_id, events[-1].dispatch) == (("meeting-x", 3) if shape == "newest" else ("", None))

    pushed, asked = (
        await provider.get_recorded_content(sent.bot_id, body),
        await provider.get_recorded_content(sent.bot_id, None),
    )
    assert words(pushed) == words(asked)
    assert pushed.media[0].extension == "mp4"


@pytest.mark.parametrize(
    "script", ["rejected", "removed_early", "internal_error", "tiny_complete", "empty_complete"]
)
async def test_other_ends(house: House, script: str) -> None:
    provider = await house.provider(script=script)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    final = (await settled(provider, sent.bot_id)).events[-1]
    if script.endswith("complete"):
        assert final.kind is BotEventKind.COMPLETE
        assert final.has_recording is (script == "tiny_complete")
    else:
        assert final.kind is BotEventKind.FAILED
        assert final.code


async def test_a_second_bot_is_refused_and_the_first_one_found(house: House) -> None:
    provider = await house.provider()
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    with pytest.raises(DuplicateBotError):
        await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    other = await provider.dispatch(ORDER.model_copy(update={"key": "mk-other-0"}), ADDRESS, ORDER.dispatch_at)
    found = await provider.find(ORDER.key, MEETING_URL, sent.sent_at)
    assert [bot.bot_id for bot in found] == [other.bot_id, sent.bot_id]


@pytest.mark.no_cover
async def test_a_bot_among_very_many_is_found(house: House) -> None:
    provider = await house.provider(duplicate_window=0)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    for number in range(120):
        url = f"https://zoom.us/j/{12345678900 + number}"
        await provider.dispatch(
            ORDER.model_copy(update={"key": f"mk-x-{number}", "meeting_url": url}), ADDRESS, ORDER.dispatch_at
        )
    found = await provider.find(ORDER.key, MEETING_URL, sent.sent_at)
    assert [bot.bot_id for bot in found] == [sent.bot_id]


@pytest.mark.parametrize("gone", [200, 409])
async def test_removal(house: House, gone: int) -> None:
    provider = await house.provider(speed=100, delete_ended_status=gone)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    assert await provider.remove_bot(sent.bot_id) is RemovalResult.LEAVING
    assert (await settled(provider, sent.bot_id)).status is ProviderBotStatus.FAILED
    assert await provider.remove_bot(sent.bot_id) is (
        RemovalResult.LEAVING if gone == 200 else RemovalResult.ALREADY_GONE
    )
    assert await provider.remove_bot(str(uuid4())) is RemovalResult.ALREADY_GONE
    assert (await provider.get_bot_status(str(uuid4()))).status is ProviderBotStatus.GONE


async def test_a_bot_at_work_is_open_even_if_only_the_list_says_so(house: House) -> None:
    provider = await house.provider(running_meeting_data_status=404, speed=100)
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    assert (await provider.get_bot_status(sent.bot_id)).status is ProviderBotStatus.OPEN


async def test_a_wrong_key_and_a_wrong_wish(house: House) -> None:
    provider = await house.provider()
    stranger = MeetingBaasProvider(await house.client("another-key"), webhook_keys=[], signing_secrets=[SECRET])
    with pytest.raises(AccountError, match="key"):
        await stranger.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    order = ORDER.model_copy(update={"bot": BotOptions(image="no address")})
    with pytest.raises(RequestRejectedError, match="bot_image"):
        await provider.dispatch(order, ADDRESS, ORDER.dispatch_at)


@pytest.mark.parametrize("shape", get_args(Shape))
async def test_the_other_endpoints(house: House, shape: Shape) -> None:
    client = await house.client(shape=shape, account_webhook_url="http://127.0.0.1:1/account")
    provider = MeetingBaasProvider(client, webhook_keys=[], signing_secrets=[SECRET])
    assert await provider.account_webhook_url() == "http://127.0.0.1:1/account"
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    await settled(provider, sent.bot_id)
    assert [shot.url for shot in await provider.screenshots(sent.bot_id)]
    assert await provider.screenshots("00000000-0000-4000-8000-000000000000") == ()
    await provider.retranscribe(sent.bot_id)
    assert [bot.bot_id async for bot in client.list_bots(BotQuery(bot_name="minutekeeper"))] == [sent.bot_id]
    async with aiohttp.ClientSession(house.url, headers={"x-meeting-baas-api-key": "sim-key"}) as http:
        assert (await http.post(f"/bots/{sent.bot_id}/delete_data")).status == 200
    assert (await provider.get_recorded_content(sent.bot_id, None)).media == ()
    reality = (await provider.get_bot_status(sent.bot_id)).status
    assert reality is (ProviderBotStatus.COMPLETE if shape == "newest" else ProviderBotStatus.GONE)


async def test_where_a_bot_comes_from(house: House) -> None:
    provider = await house.provider()
    sent = await provider.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    ours = await provider.get_bot_origin(sent.bot_id)
    assert (ours.bot_id, ours.meeting_url, ours.is_ours) == (sent.bot_id, MEETING_URL, True)
    assert (ours.workflow_id, ours.dispatch, ours.event_id) == ("meeting-x", 3, "")
    stranger = await (await house.client()).create_bot(
        NewBot(
            meeting_url=MEETING_URL, bot_name="x", reserved=False, deduplication_key="x", extra={"dispatch": "1"}
        )
    )
    theirs = await provider.get_bot_origin(stranger)
    assert (theirs.is_ours, theirs.workflow_id, theirs.dispatch) == (False, "", None)
    with pytest.raises(NotFoundError):
        await provider.get_bot_origin(str(uuid4()))
