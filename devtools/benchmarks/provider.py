"""The simulated provider as the benchmarks use it: orders to it, and what it wrote down."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import aiohttp
from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.providers.meetingbaas.http import API_KEY_HEADER

_SECONDS = 120.0
"""A ledger of thousands of bots takes a while."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Request(_Entry):
    received_at: AwareDatetime
    method: str
    path: str
    range: str | None = None
    status: int | None = None
    body: dict[str, Any] | None = None

    @property
    def is_dispatch(self) -> bool:
        return (self.method, self.path.rstrip("/")) == ("POST", "/bots")


class Moment(_Entry):
    code: str
    at: AwareDatetime


class Bot(_Entry):
    id: str
    meeting_url: str
    webhook_url: str | None = None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    timeline: tuple[Moment, ...] = ()


class Ledger(_Entry):
    requests: tuple[Request, ...] = ()
    bots: tuple[Bot, ...] = ()

    def arrivals(self) -> dict[str, datetime]:
        """When the first request for a bot arrived, by the meeting's link."""
        first: dict[str, datetime] = {}
        for request in self.requests:
            if request.is_dispatch and request.body is not None:
                first.setdefault(request.body["meeting_url"], request.received_at)
        return first

    def bots_by_link(self) -> dict[str, list[Bot]]:
        found: dict[str, list[Bot]] = {}
        for bot in self.bots:
            found.setdefault(bot.meeting_url, []).append(bot)
        return found


class SimulatedProvider:
    """`address` is where the simulator answers, `key` that of its account."""

    def __init__(self, address: str, key: str, http: aiohttp.ClientSession) -> None:
        self.address = address
        self.key = key
        self._http = http

    async def script(self, script: str | dict[str, Any] | Sequence[dict[str, Any]], part_of_link: str = "") -> None:
        """How bots live from now on whose meeting's link has this part."""
        await self.order("scripts", {"match": {"meeting_url": part_of_link}, "script": script})

    async def ledger(self) -> Ledger:
        return Ledger.model_validate_json(await self._send("GET", "_sim/ledger"))

    async def order(self, what: str, body: object) -> Any:
        """Orders something of the simulation itself, under `/_sim/`."""
        return json.loads(await self._send("POST", f"_sim/{what}", body))

    async def ask(self, what: str, body: object) -> Any:
        """Asks for something as its customers do."""
        return json.loads(await self._send("POST", what, body, {API_KEY_HEADER: self.key}))

    async def _send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> bytes:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        url = f"{self.address}/{path}"
        async with self._http.request(
            method, url, json=body, headers=headers, timeout=timeout, raise_for_status=True
        ) as answer:
            return await answer.read()
