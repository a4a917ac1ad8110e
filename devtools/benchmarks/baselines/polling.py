"""What most others do: look once a minute which bots are due, and send those."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp

from devtools.benchmarks.provider import SimulatedProvider
from minutekeeper.providers.meetingbaas.http import API_KEY_HEADER

PERIOD_SECONDS = 60.0


async def poll(
    provider: SimulatedProvider, due: Mapping[str, datetime], http: aiohttp.ClientSession, began: datetime
) -> None:
    """Sends a bot to every link of `due` at the first look after its instant; the first look is when it `began`."""
    waiting = dict(due)
    looks = 0
    while waiting:
        at = began.timestamp() + looks * PERIOD_SECONDS
        await asyncio.sleep(max(0.0, at - datetime.now(UTC).timestamp()))
        looks += 1
        for link in [link for link, instant in waiting.items() if instant <= datetime.now(UTC)]:
            del waiting[link]
            await _send(provider, link, http)


async def _send(provider: SimulatedProvider, link: str, http: aiohttp.ClientSession) -> None:
    body = {"meeting_url": link, "bot_name": "Poller", "reserved": True}
    headers = {API_KEY_HEADER: provider.key}
    async with http.post(f"{provider.address}/bots/", json=body, headers=headers, raise_for_status=True):
        pass
