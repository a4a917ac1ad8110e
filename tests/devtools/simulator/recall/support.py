"""A client of the simulated Recall.ai and a receiver of its webhooks, both over real sockets."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from devtools.simulator.recall.app import running_recall
from devtools.simulator.recall.settings import RecallSettings
from tests.devtools.simulator.support import KEY, Receiver, eventually

MEETING = "https://meet.google.com/abc-defg-hij"
SECRET = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"
# A whole meeting takes some tenths of a second.
SPEED = 1000
TRANSCRIBED: dict[str, Any] = {"transcript": {"provider": {"recallai_streaming": {}}}}


class Recall:
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
        assert status in (200, 201, 204), answer
        return answer

    async def create(self, **fields: Any) -> Any:
        return await self.ok("POST", "/api/v1/bot/", json={"meeting_url": MEETING} | fields)

    async def create_with(self, script: Any, **fields: Any) -> str:
        """The id of an ad hoc bot that plays the script."""
        await self.ok("POST", "/_sim/scripts", json={"script": script, "times": 1})
        return str((await self.create(**fields))["id"])

    async def bot(self, identifier: str) -> Any:
        return await self.ok("GET", f"/api/v1/bot/{identifier}/")

    async def ledger(self) -> Any:
        return await self.ok("GET", "/_sim/ledger")

    async def known(self, identifier: str) -> Any:
        """What the ledger says of the bot."""
        return next(bot for bot in (await self.ledger())["bots"] if bot["id"] == identifier)

    async def until(self, identifier: str, fits: Callable[[Any], object]) -> Any:
        return await eventually(lambda: self.known(identifier), fits)

    async def until_code(self, identifier: str, code: str) -> Any:
        return await self.until(identifier, lambda bot: code in codes(bot))

    async def done(self, identifier: str) -> Any:
        """The bot as the API shows it once it and its recordings have ended."""
        await self.until(identifier, lambda bot: bot["ended_at"])
        return await eventually(lambda: self.bot(identifier), is_settled)

    async def order(self, kind: str, **fields: Any) -> None:
        await self.ok("POST", "/_sim/faults", json={"kind": kind} | fields)


def codes(bot: Any) -> list[str]:
    return [change["code"] for change in bot["timeline"]]


def is_settled(bot: Any) -> bool:
    return all(
        recording["status"]["code"] != "processing"
        and all(
            part is None or part["status"]["code"] != "processing" for part in recording["media_shortcuts"].values()
        )
        for recording in bot["recordings"]
    )


def ahead(**delay: float) -> str:
    return (datetime.now(UTC) + timedelta(**delay)).isoformat()


@asynccontextmanager
async def running(**changes: Any) -> AsyncIterator[Recall]:
    usual: dict[str, Any] = {"api_key": KEY, "speed": SPEED, "recording_size": 30_000, "webhook_secret": SECRET}
    async with (
        running_recall(RecallSettings(**(usual | changes))) as url,
        aiohttp.ClientSession(url, headers={"Authorization": f"Token {KEY}"}) as session,
    ):
        yield Recall(url, session)


def events(receiver: Receiver, identifier: str = "") -> list[str]:
    """Names of the events that have arrived, of one bot or of all."""
    return [
        body["event"] for body in receiver.bodies if identifier in ("", body["data"].get("bot", {}).get("id", ""))
    ]
