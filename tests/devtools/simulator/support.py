"""A client of the simulator and a receiver of its webhooks, both over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy

from devtools.simulator.server import running_simulator
from devtools.simulator.settings import SimulatorSettings

KEY = "key-of-the-tests"
MEETING = "https://meet.google.com/abc-defg-hij"
# Fast enough for a whole meeting in a tenth of a second.
SPEED = 3000


class Receiver:
    """Keeps what arrives; answers with `answers` in turn, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[Any] = []
        self.raws: list[bytes] = []
        self.headers: list[CIMultiDictProxy[str]] = []
        self.answers: list[int] = []
        self.pause = 0.0
        self._arrived = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        await asyncio.sleep(self.pause)
        async with self._arrived:
            self.bodies.append(body)
            self.raws.append(await request.read())
            self.headers.append(request.headers)
            self._arrived.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def wait_for(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._arrived:
            await self._arrived.wait_for(fits)

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return [b["data"]["status"] for b in self.bodies if b["event"] == "bot.status_change"]

    @property
    def finals(self) -> list[dict[str, Any]]:
        return [b for b in self.bodies if b["event"] != "bot.status_change"]

    async def final(self, number: int = 1) -> Any:
        """The data of the n-th event that is not a status."""
        await self.wait_for(lambda: len(self.finals) >= number)
        return self.finals[number - 1]["data"]


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


class Sim:
    """The API as a caller sees it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status and JSON of the answer, or its text."""
        async with self.session.request(method, path, allow_redirects=False, **options) as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        status, answer = await self.call(method, path, **options)
        assert status == 200, answer
        return answer

    async def send(self, **fields: Any) -> str:
        body = {"meeting_url": MEETING, "bot_name": "Scribe"} | fields
        answer = await self.ok("POST", "/bots/", json=body)
        return str(answer["bot_id"])

    async def send_with(self, script: Any, **fields: Any) -> str:
        await self.ok("POST", "/_sim/scripts", json={"script": script, "times": 1})
        return await self.send(**fields)

    async def data(self, bot_id: str, **params: str) -> Any:
        return await self.ok("GET", "/bots/meeting_data", params={"bot_id": bot_id, **params})

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

    async def arrive(self, bot_id: str) -> None:
        """Bring a reserved bot to the meeting."""
        await self.ok("POST", f"/_sim/bots/{bot_id}/advance")

    async def fetch(self, url: str, method: str = "GET", **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
        """Get a signed URL without the API key."""
        assert urlsplit(url).netloc == urlsplit(self.url).netloc
        async with aiohttp.request(method, url, headers=headers) as response:
            return response, await response.read()


async def eventually(ask: Callable[[], Awaitable[Any]], fits: Callable[[Any], object]) -> Any:
    """The first answer that fits."""
    async with asyncio.timeout(20):
        while True:
            answer = await ask()
            if fits(answer):
                return answer
            await asyncio.sleep(0.02)


def codes(bot: Any) -> list[str]:
    return [moment["code"] for moment in bot["timeline"]]


def settings_with(**changes: Any) -> SimulatorSettings:
    small: dict[str, Any] = {"api_key": KEY, "speed": SPEED, "recording_size": 30_000, "duplicate_window": 0}
    return SimulatorSettings(**(small | changes))


@asynccontextmanager
async def running_sim(**changes: Any) -> AsyncIterator[Sim]:
    async with (
        running_simulator(settings_with(**changes)) as url,
        aiohttp.ClientSession(url, headers={"x-meeting-baas-api-key": KEY}) as session,
    ):
        yield Sim(url, session)
