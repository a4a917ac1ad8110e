"""Signed URLs, ranges, and files that players accept."""

import asyncio
import hashlib
from collections import Counter
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import aiohttp
import av
import pytest

from tests.devtools.simulator.support import Sim, eventually, running_sim


async def recorded(sim: Sim, **fields: Any) -> tuple[str, str]:
    """Id and recording URL of a bot that is through."""
    bot_id = await sim.send_with([{"code": "complete"}], **fields)
    await sim.ended(bot_id)
    return bot_id, (await sim.data(bot_id))["mp4"]


def decoded(content: bytes) -> dict[str, int]:
    """How many frames a player finds in each kind of stream."""
    with av.open(BytesIO(content), mode="r") as container:
        return Counter(packet.stream.type for packet in container.demux() for _ in packet.decode())


async def test_mp4_plays_and_matches_the_ledger(sim: Sim) -> None:
    bot_id, url = await recorded(sim)
    response, content = await sim.fetch(url)
    assert (response.status, response.content_type) == (200, "video/mp4")
    assert response.headers["Accept-Ranges"] == "bytes"
    expected = (await sim.bot(bot_id))["recording"]
    assert response.content_length == len(content) == expected["size"] == 30_000
    assert hashlib.sha256(content).hexdigest() == expected["sha256"]
    frames = decoded(content)
    assert frames["video"] == 40
    assert frames["audio"] > 100


async def test_audio_only_is_an_mp3(sim: Sim) -> None:
    bot_id, url = await recorded(sim, recording_mode="audio_only")
    response, content = await sim.fetch(url)
    assert response.content_type == "audio/mpeg"
    assert urlsplit(url).path.endswith(".mp3")
    assert hashlib.sha256(content).hexdigest() == (await sim.bot(bot_id))["recording"]["sha256"]
    assert len(content) == 30_000
    assert decoded(content)["audio"] > 200


async def test_separate_audio_is_a_wav(sim: Sim) -> None:
    bot_id, _ = await recorded(sim)
    response, content = await sim.fetch((await sim.data(bot_id))["audio"])
    assert response.content_type == "audio/wav"
    assert decoded(content)["audio"] > 10
    assert len(content) == (await sim.bot(bot_id))["audio"]["size"]


async def test_two_bots_never_have_the_same_recording(sim: Sim) -> None:
    for mode in ("speaker_view", "audio_only"):
        first, _ = await recorded(sim, recording_mode=mode)
        second, _ = await recorded(sim, recording_mode=mode)
        hashes = {(await sim.bot(bot))["recording"]["sha256"] for bot in (first, second)}
        assert len(hashes) == 2


@pytest.mark.parametrize(
    ("header", "first", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=17000-19000", 17_000, 19_001),
        ("bytes=29990-", 29_990, 30_000),
        ("bytes=29990-99999", 29_990, 30_000),
        ("bytes=-100", 29_900, 30_000),
        ("bytes=-99999", 0, 30_000),
    ],
)
async def test_ranges(sim: Sim, header: str, first: int, stop: int) -> None:
    _, url = await recorded(sim)
    whole = (await sim.fetch(url))[1]
    response, part = await sim.fetch(url, Range=header)
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{stop - 1}/30000"
    assert response.content_length == stop - first
    assert part == whole[first:stop]


@pytest.mark.parametrize("header", ["bytes=30000-", "bytes=40000-50000", "bytes=-0"])
async def test_ranges_out_of_the_file(sim: Sim, header: str) -> None:
    _, url = await recorded(sim)
    response, body = await sim.fetch(url, Range=header)
    assert response.status == 416
    assert response.headers["Content-Range"] == "bytes */30000"
    assert ET.fromstring(body).findtext("Code") == "InvalidRange"  # noqa: S314 - our own server's XML


@pytest.mark.parametrize("header", ["bytes=5-1", "bytes=-", "lines=1-2", "bytes=0-1,5-6"])
async def test_ranges_that_are_ignored(sim: Sim, header: str) -> None:
    _, url = await recorded(sim)
    response, body = await sim.fetch(url, Range=header)
    assert (response.status, len(body)) == (200, 30_000)


async def test_if_range(sim: Sim) -> None:
    _, url = await recorded(sim)
    headers = (await sim.fetch(url))[0].headers
    for validator in (headers["ETag"], headers["Last-Modified"]):
        response, _ = await sim.fetch(url, **{"Range": "bytes=0-9", "If-Range": validator})
        assert response.status == 206
    response, _ = await sim.fetch(url, **{"Range": "bytes=0-9", "If-Range": '"another"'})
    assert response.status == 200


async def test_head(sim: Sim) -> None:
    _, url = await recorded(sim)
    response, body = await sim.fetch(url, method="HEAD")
    assert (response.status, response.headers["Content-Length"], body) == (200, "30000", b"")
    response, body = await sim.fetch(url, method="HEAD", Range="bytes=0-9")
    assert (response.status, response.headers["Content-Length"], body) == (206, "10", b"")


def error_code(body: bytes) -> str | None:
    return ET.fromstring(body).findtext("Code")  # noqa: S314 - our own server's XML


async def test_signatures_are_checked(sim: Sim) -> None:
    bot_id, url = await recorded(sim)
    query = parse_qs(urlsplit(url).query)
    assert query["X-Amz-Expires"] == ["7200"]
    forgeries = {
        url.split("?")[0]: "AccessDenied",
        url.replace("X-Amz-Expires=7200", "X-Amz-Expires=720000"): "SignatureDoesNotMatch",
        url[:-1] + ("0" if url[-1] != "0" else "1"): "SignatureDoesNotMatch",
        url.replace("recording.mp4", "audio.wav"): "SignatureDoesNotMatch",
        url.replace(bot_id, bot_id[::-1]): "SignatureDoesNotMatch",
        url + "&response-content-type=text/html": "SignatureDoesNotMatch",
    }
    for forgery, code in forgeries.items():
        response, body = await sim.fetch(forgery)
        assert (response.status, response.content_type) == (403, "application/xml")
        assert error_code(body) == code


async def test_urls_expire_and_are_signed_anew() -> None:
    async with running_sim(url_validity=2) as sim:
        bot_id, url = await recorded(sim)
        _, body = await eventually(lambda: sim.fetch(url), lambda answer: answer[0].status == 403)
        assert b"expired" in body
        fresh = (await sim.data(bot_id))["mp4"]
        assert (await sim.fetch(fresh))[0].status == 200


async def test_a_recording_beyond_four_gibibytes() -> None:
    size = 5 * 2**30
    async with running_sim(recording_size=size) as sim:
        bot_id = await sim.send_with([{"code": "complete"}])
        url = (await eventually(lambda: sim.data(bot_id), lambda data: data["mp4"]))["mp4"]
        response, body = await sim.fetch(url, Range=f"bytes={size - 4}-")
        assert response.headers["Content-Range"] == f"bytes {size - 4}-{size - 1}/{size}"
        assert len(body) == 4
        response, _ = await sim.fetch(url, method="HEAD")
        assert response.headers["Content-Length"] == str(size)


async def test_a_download_that_was_cut_has_no_status(caplog: pytest.LogCaptureFixture) -> None:
    async with running_sim(recording_size=50_000_000) as sim:
        _, url = await recorded(sim)
        async with aiohttp.ClientSession() as session:
            response = await session.get(url)
            await response.content.read(1)
            response.close()
        await asyncio.sleep(0.1)
        assert (await sim.ledger())["requests"][-1]["status"] is None
    assert caplog.records == []


async def test_media_requests_are_in_the_ledger_without_their_signature(sim: Sim) -> None:
    _, url = await recorded(sim)
    await sim.fetch(url, Range="bytes=5-9")
    entry = (await sim.ledger())["requests"][-1]
    assert (entry["path"], entry["range"], entry["status"]) == (urlsplit(url).path, "bytes=5-9", 206)
    assert "X-Amz-Signature" not in entry["query"]
    assert "X-Amz-Date" in entry["query"]
