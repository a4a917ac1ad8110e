"""The simulated provider's own controls: scripts, faults, and the ledger."""

from typing import Any

import aiohttp

from devtools.chaos.ledger import Ledger

_SECONDS = 120.0
"""The ledger of a long run takes a while, as it says the SHA-256 of every recording."""


class SimulatedProvider:
    """`address` is where the simulator answers."""

    def __init__(self, address: str, http: aiohttp.ClientSession) -> None:
        self._address = address
        self._http = http

    async def add_script(self, rule: dict[str, Any]) -> None:
        await self._send("POST", "scripts", rule)

    async def add_faults(self, *orders: dict[str, Any]) -> None:
        await self._send("POST", "faults", list(orders))

    async def remove_faults(self) -> None:
        await self._send("DELETE", "faults")

    async def ledger(self) -> Ledger:
        return Ledger.model_validate_json(await self._send("GET", "ledger"))

    async def _send(self, method: str, what: str, body: object = None) -> bytes:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        url = f"{self._address}/_sim/{what}"
        async with self._http.request(method, url, json=body, timeout=timeout, raise_for_status=True) as answer:
            return await answer.read()
