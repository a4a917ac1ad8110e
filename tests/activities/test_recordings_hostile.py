"""Servers that send too much, too slowly or nonsense: they cost little, and never more than one attempt."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import pytest

from minutekeeper.downloads import range_requests
from minutekeeper.downloads.downloader import (
    Downloader,
    DownloadError,
    DownloadLimits,
    FileOverLimitError,
    UrlRefusedError,
)
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.recorded_content import Media
from minutekeeper.storage.store import ArtifactStore
from tests.activities.media_server import BLOCK, Fault, MediaServer

PATH = "m/recording.mp4"
LIMITS = DownloadLimits(piece_bytes=BLOCK, pause=0)


@dataclass
class Pushed:
    """A link that came from outside; `renewed` are the provider's own ones, of which the last stays."""

    session: aiohttp.ClientSession
    store: ArtifactStore
    link: str
    renewed: list[str]
    renewals: int = 0

    async def fetch(
        self, limits: DownloadLimits = LIMITS, seen: Callable[[Downloader], None] = lambda _: None
    ) -> Artifact:
        download = Downloader(self.session, ResumableFile(self.store, "m/.unfinished/x"), self._renew, limits)
        seen(download)
        return await download.run(_media(self.link), lambda _: PATH, 0)

    async def _renew(self) -> Media:
        self.renewals += 1
        return _media(self.renewed.pop(0) if len(self.renewed) > 1 else self.renewed[0])


def _media(link: str) -> Media:
    return Media(url=link, extension="mp4", expires_at=None)


@pytest.fixture
def pushed(media_server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> Pushed:
    return Pushed(session, store, media_server.link(), [media_server.link()])


async def held(store: ArtifactStore) -> int:
    """Bytes that the next attempt need not fetch."""
    pieces = ResumableFile(store, "m/.unfinished/x")
    await pieces.open(BLOCK)
    pieces.close()
    return pieces.size


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/x.mp4",
        "http://nowhere.invalid/x.mp4",
        "http://[",
        "https://127.0.0.1:{port}/x.mp4?sig=t0",
    ],
)
async def test_a_dead_link_from_outside_is_cured_by_asking_the_provider(
    pushed: Pushed, media_server: MediaServer, link: str
) -> None:
    pushed.link = link.format(port=media_server.url.rpartition(":")[2])

    artifact = await pushed.fetch()

    assert await pushed.store.get(artifact.path) == media_server.content
    assert pushed.renewals == 1


@pytest.mark.parametrize("says_length", [True, False])
async def test_a_file_that_is_too_large_is_not_fetched(
    pushed: Pushed, media_server: MediaServer, *, says_length: bool
) -> None:
    media_server.says_length = says_length

    with pytest.raises(
        FileOverLimitError, match=rf"larger than {4 * BLOCK} bytes.*MINUTEKEEPER_DOWNLOAD_MAX_BYTES"
    ):
        await pushed.fetch(DownloadLimits(piece_bytes=BLOCK, pause=0.001, max_bytes=4 * BLOCK))

    assert await pushed.store.list() == []


async def test_a_file_of_just_the_allowed_size_is_fetched(pushed: Pushed, media_server: MediaServer) -> None:
    artifact = await pushed.fetch(DownloadLimits(piece_bytes=BLOCK, max_bytes=media_server.size))

    assert artifact.size == media_server.size


async def test_a_part_that_announces_too_much_is_not_fetched(pushed: Pushed, media_server: MediaServer) -> None:
    media_server.headers = {"Content-Range": f"bytes 0-1/{10**14}"}
    media_server.faults.extend([Fault(only=BLOCK)] * 2)

    with pytest.raises(FileOverLimitError):
        await pushed.fetch()


async def test_a_link_from_outside_that_is_too_large_is_cured_by_asking_the_provider(
    pushed: Pushed, media_server: MediaServer
) -> None:
    def grow() -> None:
        media_server.size, media_server.says_length, media_server.etag = 20 * BLOCK, False, ""

    def shrink() -> None:
        media_server.size, media_server.says_length, media_server.etag = 4 * BLOCK, True, '"v1"'

    media_server.faults.extend([Fault(before=grow), Fault(before=shrink)])

    artifact = await pushed.fetch(DownloadLimits(piece_bytes=BLOCK, pause=0.001, max_bytes=10 * BLOCK))

    assert await pushed.store.get(artifact.path) == media_server.content
    assert pushed.renewals == 1


async def test_a_server_that_trickles_is_left_and_what_it_sent_is_kept(
    pushed: Pushed, media_server: MediaServer
) -> None:
    media_server.size = 40 * BLOCK
    media_server.faults.extend([Fault(trickle=0.05)] * 12)
    limits = DownloadLimits(piece_bytes=20 * BLOCK, pause=0.001, least_rate=2**30, rate_seconds=0.03)

    with pytest.raises(
        DownloadError, match="makes no progress: the server sends fewer than 1073741824 bytes a second"
    ):
        await pushed.fetch(limits)

    kept = await held(pushed.store)
    assert kept >= BLOCK
    artifact = await pushed.fetch()
    assert await pushed.store.get(artifact.path) == media_server.content
    assert media_server.log[-1].start == kept


async def test_time_that_the_store_takes_is_not_the_servers(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = ResumableFile.write

    async def slow(pieces: ResumableFile, data: bytes) -> None:
        await asyncio.sleep(0.2)
        await write(pieces, data)

    monkeypatch.setattr(ResumableFile, "write", slow)

    await pushed.fetch(DownloadLimits(piece_bytes=5 * BLOCK, least_rate=2**20, rate_seconds=0.1))


async def test_a_server_that_never_answers_is_left(
    pushed: Pushed, media_server: MediaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(range_requests, "_ANSWER_SECONDS", 0.2)

    dripping = []

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dripping.append(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        pushed.link = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.mp4"
        artifact = await pushed.fetch()
        await asyncio.gather(*filter(None, dripping))

    assert await pushed.store.get(artifact.path) == media_server.content


async def test_a_few_bytes_now_and_then_do_not_keep_an_attempt_going(
    pushed: Pushed, media_server: MediaServer
) -> None:
    media_server.faults.extend([Fault(cut_after=1000)] * 100)

    with pytest.raises(DownloadError, match="makes no progress"):
        await pushed.fetch(seen=lambda download: setattr(media_server, "received", lambda: download.progress.done))

    assert len(media_server.log) == 12
    assert await held(pushed.store) == 12_000


async def test_the_beginning_of_an_error_page_is_not_kept(pushed: Pushed, media_server: MediaServer) -> None:
    media_server.head = b"<html>" + b" " * 1000
    media_server.faults.extend([Fault(cut_after=900)] * 100)

    with pytest.raises(DownloadError):
        await pushed.fetch(seen=lambda download: setattr(media_server, "received", lambda: download.progress.done))

    assert await held(pushed.store) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"caf\u00e9"'},
        {"ETag": '"\udcff"', "Last-Modified": "\udcfe"},
        {"Content-Type": "\udcff/\udcff"},
        {"Content-Type": "video/mp4; charset=\u00fc"},
        {"ETag": "x" * 7000},
    ],
)
async def test_odd_headers_do_no_harm(pushed: Pushed, media_server: MediaServer, headers: dict[str, str]) -> None:
    media_server.etag = ""
    media_server.headers = headers
    media_server.faults.append(Fault(cut_after=3 * BLOCK))

    artifact = await pushed.fetch(
        seen=lambda download: setattr(media_server, "received", lambda: download.progress.done)
    )

    assert await pushed.store.get(artifact.path) == media_server.content


@pytest.mark.parametrize(
    "part", ["bytes 0-1/" + "9" * 5000, "bytes " + "9" * 5000 + "-1/2", "bytes -1-2/3", "nonsense"]
)
async def test_a_part_that_makes_no_sense_ends_the_attempt(
    pushed: Pushed, media_server: MediaServer, part: str
) -> None:
    media_server.headers = {"Content-Range": part}
    media_server.faults.extend([Fault(status=206, body=b"\0\0\0\x20ftypisom" + bytes(500))] * 40)

    with pytest.raises((DownloadError, FileOverLimitError)):
        await pushed.fetch()


async def test_a_new_link_that_is_refused_ends_the_attempt_with_its_reason(pushed: Pushed) -> None:
    pushed.link = "http://192.0.2.1/secret?sig=secret"
    pushed.renewed = ["http://example.com/secret?sig=secret"]

    with pytest.raises(UrlRefusedError) as refused:
        await pushed.fetch()

    assert str(refused.value) == "the link leads to example.com, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS"
