"""What each fault of a download does to the file."""

import asyncio
import hashlib
import time
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from tests.devtools.simulator.faults_support import faults, order
from tests.devtools.simulator.support import MEETING, Sim, running_sim

SIZE = 30_000


async def recorded(sim: Sim) -> tuple[str, str]:
    """Id and recording URL of a bot that is through."""
    bot_id = await sim.send_with([{"code": "complete"}])
    await sim.ended(bot_id)
    return bot_id, (await sim.data(bot_id))["mp4"]


async def parts(url: str, **headers: str) -> tuple[Any, bytes, bool]:
    """The answer, what arrived of its body, and whether it ended where it should."""
    async with aiohttp.request("GET", url, headers=headers) as response:
        body = bytearray()
        try:
            async for chunk in response.content.iter_any():
                body += chunk
        except aiohttp.ClientPayloadError:
            return response, bytes(body), False
        return response, bytes(body), True


async def statuses(sim: Sim) -> list[int | None]:
    return [r["status"] for r in (await sim.ledger())["requests"] if r["path"].startswith("/media/")]


@pytest.mark.parametrize(("after", "arrives"), [(0, 0), (0.5, SIZE // 2), (0.99, 29_700)])
async def test_a_download_is_cut_after_its_share(sim: Sim, after: float, arrives: int) -> None:
    bot_id, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    await order(sim, "cut", after=after, times=1)
    response, body, complete = await parts(url)
    assert (response.status, response.content_length, complete) == (200, SIZE, False)
    assert body == whole[:arrives]
    assert await statuses(sim) == [200, None]
    [fault] = await faults(sim)
    assert (fault["kind"], fault["bot_id"], fault["meeting_url"]) == ("cut", bot_id, MEETING)
    assert fault["path"].endswith("/recording.mp4")
    assert (await parts(url))[1:] == (whole, True)


async def test_a_range_is_cut_after_its_share(sim: Sim) -> None:
    _, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    await order(sim, "cut", after=0.5)
    response, body, complete = await parts(url, Range="bytes=1000-1999")
    assert (response.status, response.content_length, complete) == (206, 1000, False)
    assert body == whole[1000:1500]


async def test_a_short_download_looks_whole(sim: Sim) -> None:
    bot_id, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    await order(sim, "short", keep=0.4)
    response, body, complete = await parts(url)
    assert (response.status, response.content_length, complete) == (200, 12_000, True)
    assert body == whole[:12_000]
    truth = (await sim.bot(bot_id))["recording"]
    assert truth["size"] == SIZE
    assert truth["sha256"] != hashlib.sha256(body).hexdigest()


async def test_a_short_download_may_promise_the_whole(sim: Sim) -> None:
    _, url = await recorded(sim)
    await order(sim, "short", lie=True)
    response, body, complete = await parts(url)
    assert (response.content_length, len(body), complete) == (SIZE, SIZE // 2, False)
    assert await statuses(sim) == [None]


async def test_a_long_download_has_bytes_that_are_not_the_files(sim: Sim) -> None:
    _, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    await order(sim, "long", extra=7)
    response, body, complete = await parts(url)
    assert (response.status, response.content_length, complete) == (200, SIZE + 7, True)
    assert body == whole + bytes(7)
    response, _ = await sim.fetch(url, method="HEAD")
    assert response.headers["Content-Length"] == str(SIZE)


async def test_a_page_of_html_in_place_of_the_file(sim: Sim) -> None:
    _, url = await recorded(sim)
    await order(sim, "wrong_type")
    response, body, _ = await parts(url, Range="bytes=5-9")
    assert (response.status, response.content_type) == (200, "text/html")
    assert body.startswith(b"<!DOCTYPE html>")


async def test_a_url_counts_as_expired_until_the_fault_is_spent(sim: Sim) -> None:
    _, url = await recorded(sim)
    await order(sim, "expired", times=1)
    response, body, _ = await parts(url)
    assert (response.status, response.content_type) == (403, "application/xml")
    error = ET.fromstring(body)  # noqa: S314 - our own server's XML
    assert error.findtext("Code") == "AccessDenied"
    assert error.findtext("Message") == "Request has expired"
    assert (await parts(url))[0].status == 200


async def test_a_slow_download_is_whole_and_takes_its_time(sim: Sim) -> None:
    _, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    await order(sim, "slow", rate=SIZE * 2)
    begun = time.monotonic()
    _, body, complete = await parts(url)
    assert time.monotonic() - begun >= 0.4
    assert (body, complete) == (whole, True)


async def test_others_are_served_while_a_download_is_slow(sim: Sim) -> None:
    _, url = await recorded(sim)
    await order(sim, "slow", rate=1, times=1)
    async with aiohttp.request("GET", url) as slow:
        assert slow.status == 200
        assert len((await sim.fetch(url))[1]) == SIZE
    assert await statuses(sim) == [None, 200]


async def test_who_leaves_a_slow_download_is_noticed_and_nothing_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_sim(recording_size=50_000_000) as sim:
        _, url = await recorded(sim)
        await order(sim, "slow", rate=10_000_000)
        async with aiohttp.request("GET", url) as slow:
            await slow.content.readany()
        await asyncio.sleep(0.3)
        assert await statuses(sim) == [None]
    assert caplog.records == []


async def test_only_a_download_of_a_file_that_is_there_is_struck(sim: Sim) -> None:
    bot_id, url = await recorded(sim)
    await order(sim, "wrong_type")
    await sim.call("GET", "/bots/recent")
    assert (await sim.fetch(url.split("?")[0]))[0].status == 403
    assert (await sim.fetch(url, method="HEAD"))[0].status == 200
    await sim.ok("POST", f"/bots/{bot_id}/delete_data")
    assert (await sim.fetch(url))[0].status == 404
    assert await faults(sim) == []


async def test_downloads_match_by_file_and_meeting(sim: Sim) -> None:
    bot_id, url = await recorded(sim)
    audio = (await sim.data(bot_id))["audio"]
    await order(sim, "wrong_type", match={"path": ".wav", "meeting_url": MEETING})
    await order(sim, "expired", match={"meeting_url": "elsewhere"})
    assert (await parts(audio))[0].content_type == "text/html"
    assert (await parts(url))[0].content_type == "video/mp4"
