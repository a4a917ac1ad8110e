"""A client of the simulated Meeting BaaS v2 and a receiver of its webhooks, both over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy
from standardwebhooks import Webhook

from devtools.simulator.meetingbaas_v2.server import running_meetingbaas_v2
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from tests.devtools.simulator.support import KEY, MEETING, SPEED, codes, eventually

SECRET = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw=="
OTHER_MEETING = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x"
Answer = tuple[int, Any]


class SvixReceiver:
    """Keeps what arrives; answers with `answers` in turn, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Any] = []
        self.raws: list[str] = []
        self.headers: list[CIMultiDictProxy[str]] = []
        self.methods: list[str] = []
        self.answers: list[int] = []
        self.pause = 0.0
        self._arrived = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.text()
        if self.pause:
            await asyncio.sleep(self.pause)
        async with self._arrived:
            self.raws.append(raw)
            self.bodies.append(json.loads(raw))
            self.headers.append(request.headers)
            self.methods.append(request.method)
            self._arrived.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def wait_for(self, fits: Callable[[], object]) -> None:
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(lambda: bool(fits()))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [body for body in self.bodies if body["event"] == event]

    async def first(self, event: str) -> dict[str, Any]:
        await self.wait_for(lambda: self.of(event))
        return self.of(event)[0]

    @property
    def statuses(self) -> list[str]:
        return [body["data"]["status"]["code"] for body in self.of("bot.status_change")]

    def verify(self, number: int, secret: str = SECRET) -> Any:
        """Raises unless the delivery is signed with the secret, by the names of Standard Webhooks."""
        headers = {
            f"webhook-{name}": self.headers[number][f"svix-{name}"] for name in ("id", "timestamp", "signature")
        }
        return Webhook(secret).verify(self.raws[number], headers)


@asynccontextmanager
async def running_svix_receiver() -> AsyncIterator[SvixReceiver]:
    receiver = SvixReceiver()
    app = web.Application()
    app.router.add_route("*", "/hook", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class V2Sim:
    """The API as a caller sees it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def raw(self, method: str, path: str, **options: Any) -> tuple[aiohttp.ClientResponse, Any]:
        async with self.session.request(method, path, **options) as response:
            is_json = response.content_type == "application/json"
            return response, await response.json() if is_json else await response.read()

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        response, answer = await self.raw(method, path, **options)
        return response.status, answer

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        """What a success brings: its data if it has such."""
        status, answer = await self.call(method, path, **options)
        assert status in (200, 201), answer
        return answer["data"] if "success" in answer else answer

    async def refused(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Status and code of a refusal."""
        status, answer = await self.call(method, path, **options)
        assert answer["success"] is False
        assert answer["statusCode"] == status
        return status, answer["code"]

    async def send(self, **fields: Any) -> str:
        return str((await self.ok("POST", "/v2/bots", json=body(**fields)))["bot_id"])

    async def send_with(self, script: Any, **fields: Any) -> str:
        await self.ok("POST", "/_sim/scripts", json={"script": script, "times": 1})
        return await self.send(**fields)

    async def schedule(self, join_at: datetime | None = None, **fields: Any) -> str:
        fields["join_at"] = zulu(join_at or soon(hours=1))
        return str((await self.ok("POST", "/v2/bots/scheduled", json=body(**fields)))["bot_id"])

    async def details(self, bot_id: str) -> Any:
        return await self.ok("GET", f"/v2/bots/{bot_id}")

    async def listed(self, path: str = "/v2/bots", **query: str) -> list[str]:
        return [each["bot_id"] for each in await self.ok("GET", path, params=query)]

    async def ledger(self) -> Any:
        return await self.ok("GET", "/_sim/ledger")

    async def bot(self, bot_id: str) -> Any:
        return next(bot for bot in (await self.ledger())["bots"] if bot["id"] == bot_id)

    async def until(self, bot_id: str, fits: Callable[[Any], object]) -> Any:
        """The bot's ledger entry as soon as it fits."""
        return await eventually(lambda: self.bot(bot_id), fits)

    async def until_code(self, bot_id: str, code: str) -> Any:
        return await self.until(bot_id, lambda bot: code in codes(bot))

    async def ended(self, bot_id: str) -> Any:
        return await self.until(bot_id, lambda bot: bot["ended_at"])

    async def advance(self, bot_id: str) -> None:
        await self.ok("POST", f"/_sim/bots/{bot_id}/advance")

    async def advance_to(self, bot_id: str, code: str) -> Any:
        """Bring a bot on step by step, while its clock would stand nearly still."""
        while code not in codes(bot := await self.bot(bot_id)):
            happened = len(bot["timeline"])
            await self.advance(bot_id)
            await self.until(bot_id, partial(_is_further, happened))
        return bot

    async def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ledger())["deliveries"]
        return found


def _is_further(happened: int, bot: Any) -> bool:
    return len(bot["timeline"]) > happened


def body(**fields: Any) -> dict[str, Any]:
    return {"meeting_url": MEETING, "bot_name": "Scribe"} | fields


def soon(**delay: float) -> datetime:
    return datetime.now(UTC) + timedelta(**delay)


def zulu(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@asynccontextmanager
async def running_v2(**changes: Any) -> AsyncIterator[V2Sim]:
    small: dict[str, Any] = {"api_key": KEY, "speed": SPEED, "recording_size": 30_000, "webhook_secret": SECRET}
    async with (
        running_meetingbaas_v2(MeetingBaasV2Settings(**(small | changes))) as url,
        aiohttp.ClientSession(url, headers={"x-meeting-baas-api-key": KEY}) as session,
    ):
        yield V2Sim(url, session)
