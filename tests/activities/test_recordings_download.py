"""The resumable fetch against a real server that misbehaves."""

import asyncio
import signal
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from activities import guard
from activities.download import Download, DownloadError, Limits, MissingError, TooSmallError
from artifacts.pieces import Pieces
from artifacts.store import ArtifactStore
from meetings.outcome import Artifact
from providers.base import Media
from tests.activities.conftest import LOOPBACK, sha256
from tests.activities.media_server import BLOCK, Fault, MediaServer
from tests.artifacts.s3_server import S3Server

LIMITS = Limits(piece_bytes=BLOCK, pause=0.001)
PATH = "m/recording.mp4"

Fetch = Callable[..., Awaitable[Artifact]]


class Fetcher:
    """Downloads from the media server; `renewals` counts the fresh links it asked for."""

    def __init__(self, server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.store = store
        self.session = session
        self.renewals = 0
        self.expires_at: datetime | None = None

    def media(self, signature: str = "t0") -> Media:
        return Media(url=self.server.link(signature), extension="mp4", expires_at=self.expires_at)

    async def renew(self) -> Media:
        self.renewals += 1
        self.expires_at = None
        self.server.tokens = {f"t{self.renewals}"}
        return self.media(f"t{self.renewals}")

    def pieces(self) -> Pieces:
        return Pieces(self.store, "m/.unfinished/bot-1")

    async def run(self, limits: Limits = LIMITS, least_bytes: int = 0) -> Artifact:
        download = Download(self.session, self.pieces(), self.renew, limits)
        self.server.received = lambda: download.progress.done
        artifact = await download.run(self.media(), lambda media: f"m/recording.{media.extension}", least_bytes)
        assert download.progress.done == artifact.size
        return artifact

    async def assert_whole(self, artifact: Artifact) -> None:
        content = self.server.content
        assert artifact == Artifact(path=PATH, size=len(content), sha256=sha256(content))
        assert await self.store.get(PATH) == content
        assert [entry.path for entry in await self.store.list("m")] == [
            "m/.unfinished/bot-1/done.json",
            "m/.unfinished/bot-1/version.json",
            PATH,
        ]
        assert await self.pieces().finished() == artifact

    async def assert_nothing_visible(self) -> None:
        assert not await self.store.exists(PATH)


@pytest.fixture
def fetcher(media_server: MediaServer, store: ArtifactStore, session: aiohttp.ClientSession) -> Fetcher:
    return Fetcher(media_server, store, session)


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 10 * BLOCK + 17])
async def test_any_size_comes_home_in_one_request(fetcher: Fetcher, size: int) -> None:
    fetcher.server.size = size

    await fetcher.assert_whole(await fetcher.run())

    assert len(fetcher.server.log) == 1


async def test_a_signed_link_is_sent_as_it_was_written(fetcher: Fetcher) -> None:
    await fetcher.run()

    assert fetcher.server.log[0].raw_path == "/r%2Fec~%7Eording.mp4?X-Amz-Credential=AK%2F1&sig=t0%3D"


async def test_a_file_of_unknown_length(fetcher: Fetcher) -> None:
    fetcher.server.says_length = False

    await fetcher.assert_whole(await fetcher.run())


async def test_a_cut_connection_is_taken_up_where_it_broke(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(cut_after=3 * BLOCK + 100), Fault(cut_after=50)])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent == fetcher.server.size
    assert [request.start for request in fetcher.server.log] == [None, 3 * BLOCK + 100, 3 * BLOCK + 150]
    assert [request.if_range for request in fetcher.server.log] == ["", '"v1"', '"v1"']


async def test_a_cut_connection_to_a_server_without_ranges(fetcher: Fetcher) -> None:
    fetcher.server.has_ranges = False
    fetcher.server.faults.append(Fault(cut_after=3 * BLOCK + 100))

    await fetcher.assert_whole(await fetcher.run())


@pytest.mark.parametrize("has_etag", [True, False])
async def test_a_cut_connection_of_unknown_length(fetcher: Fetcher, *, has_etag: bool) -> None:
    fetcher.server.says_length = False
    fetcher.server.etag = '"v1"' if has_etag else ""
    fetcher.server.faults.append(Fault(cut_after=3 * BLOCK + 100))

    await fetcher.assert_whole(await fetcher.run())


async def test_a_part_that_is_shorter_than_announced_is_followed_by_the_rest(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(only=2 * BLOCK)])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent == fetcher.server.size


async def test_a_server_that_sends_too_much_once_is_forgiven(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(extra=b"too much")])

    await fetcher.assert_whole(await fetcher.run())


async def test_a_server_that_always_sends_too_much_is_given_up(fetcher: Fetcher) -> None:
    for _ in range(8):
        fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(extra=b"too much")])

    with pytest.raises(DownloadError, match="changed again and again"):
        await fetcher.run()

    await fetcher.assert_nothing_visible()


@pytest.mark.parametrize("status", [403, 400, 401])
async def test_a_link_that_expires_in_the_middle_is_renewed(fetcher: Fetcher, status: int) -> None:
    fetcher.server.faults.extend([Fault(cut_after=4 * BLOCK), Fault(status=status)])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.renewals == 1
    assert fetcher.server.sent == fetcher.server.size
    assert [request.start for request in fetcher.server.log] == [None, 4 * BLOCK, 4 * BLOCK]


async def test_links_may_expire_as_often_as_they_bring_something(fetcher: Fetcher) -> None:
    for _ in range(4):
        fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(status=403)])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.renewals == 4


async def test_a_fresh_link_that_is_refused_ends_the_attempt(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(status=403), Fault(status=403)])

    with pytest.raises(DownloadError, match="refused with 403"):
        await fetcher.run()

    assert fetcher.renewals == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_a_fresh_link_to_nothing_is_told_apart(fetcher: Fetcher, status: int) -> None:
    fetcher.server.faults.extend([Fault(status=status), Fault(status=status)])

    with pytest.raises(MissingError):
        await fetcher.run()


async def test_a_link_that_is_about_to_expire_is_not_even_tried(fetcher: Fetcher) -> None:
    fetcher.expires_at = datetime.now(UTC) + timedelta(seconds=20)

    await fetcher.assert_whole(await fetcher.run())

    assert len(fetcher.server.log) == fetcher.renewals == 1


async def test_a_link_that_is_no_url(fetcher: Fetcher, store: ArtifactStore) -> None:
    async def renew() -> Media:
        return Media(url="http://[::1", extension="mp4", expires_at=None)

    download = Download(fetcher.session, Pieces(store, "m/.unfinished/x"), renew, LIMITS)
    with pytest.raises(DownloadError, match=r"^the link to the recording is no URL$"):
        await download.run(await renew(), lambda _: PATH, 0)


async def test_another_file_under_the_same_link_is_fetched_from_its_start(fetcher: Fetcher) -> None:
    def replace() -> None:
        fetcher.server.etag = '"v2"'
        fetcher.server.block = bytes(BLOCK)

    fetcher.server.faults.extend([Fault(cut_after=4 * BLOCK), Fault(before=replace)])

    await fetcher.assert_whole(await fetcher.run())


async def test_another_length_is_another_file(fetcher: Fetcher) -> None:
    fetcher.server.etag = ""

    def grow() -> None:
        fetcher.server.size += 5
        fetcher.server.block = bytes(BLOCK)

    fetcher.server.faults.extend([Fault(cut_after=4 * BLOCK), Fault(before=grow)])

    await fetcher.assert_whole(await fetcher.run())


async def test_a_file_that_became_shorter_than_what_is_there(fetcher: Fetcher) -> None:
    def shrink() -> None:
        fetcher.server.size = BLOCK

    fetcher.server.faults.extend([Fault(cut_after=4 * BLOCK), Fault(before=shrink)])

    await fetcher.assert_whole(await fetcher.run())


async def test_a_file_that_never_stays_the_same_is_given_up(fetcher: Fetcher) -> None:
    for number in range(18):
        fetcher.server.faults.append(
            Fault(cut_after=2 * BLOCK, before=lambda n=number: setattr(fetcher.server, "etag", f'"{n}"'))  # type: ignore[misc]  # a default is the way to bind a loop variable
        )

    with pytest.raises(DownloadError, match="changed again and again"):
        await fetcher.run()

    await fetcher.assert_nothing_visible()


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=429), Fault(cut_after=0)])
async def test_short_trouble_is_sat_out(fetcher: Fetcher, fault: Fault) -> None:
    fetcher.server.faults.extend([fault, fault])

    await fetcher.assert_whole(await fetcher.run())


async def test_lasting_trouble_ends_the_attempt_and_keeps_the_pieces(fetcher: Fetcher) -> None:
    fetcher.server.faults.append(Fault(cut_after=4 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError, match=r"^the download does not get on: the server answered 500$"):
        await fetcher.run()
    await fetcher.assert_nothing_visible()

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent <= fetcher.server.size + BLOCK


async def test_nobody_answers(fetcher: Fetcher) -> None:
    fetcher.server.url = "http://127.0.0.1:1"

    with pytest.raises(DownloadError, match=r"^the download does not get on: the connection fails \(\w+\)$"):
        await fetcher.run()


@pytest.mark.parametrize(
    "page",
    [
        Fault(body=b"<?xml version='1.0'?><Error>expired</Error>", content_type="application/octet-stream"),
        Fault(body=b'{"error": "expired"}' * 200, content_type="video/mp4"),
        Fault(body="<html>abgelaufen für immer</html>".encode(), content_type="text/html"),
        Fault(body=b"\x80binary, but the server says it is a page", content_type="text/html"),
    ],
)
async def test_an_error_page_is_no_recording(fetcher: Fetcher, page: Fault) -> None:
    fetcher.server.faults.append(page)
    await fetcher.assert_whole(await fetcher.run())
    assert fetcher.renewals == 1

    await fetcher.store.delete_prefix("m")
    fetcher.server.faults.extend([page, page])
    fetcher.server.tokens = {"t0"}
    with pytest.raises(DownloadError, match="something else than a recording"):
        await fetcher.run()
    await fetcher.assert_nothing_visible()


@pytest.mark.parametrize(
    "head", [b"ID3\x04\0\0", b"\xff\xfb\x90\x64", b"\0\0\0\x18styp", b"\x1aE\xdf\xa3 a format of another day"]
)
async def test_other_beginnings_of_recordings(fetcher: Fetcher, head: bytes) -> None:
    fetcher.server.head = head
    fetcher.server.content_type = "binary/octet-stream"

    await fetcher.assert_whole(await fetcher.run())


@pytest.mark.parametrize("size", [0, 312, 1023])
async def test_too_small_to_be_a_recording(fetcher: Fetcher, size: int) -> None:
    fetcher.server.size = size

    with pytest.raises(TooSmallError, match=f"only {size} bytes"):
        await fetcher.run(least_bytes=1024)

    assert await fetcher.store.list() == []


async def test_a_killed_download_goes_on_elsewhere_from_the_first_missing_piece(fetcher: Fetcher) -> None:
    server = fetcher.server
    held_back = 5 * BLOCK + 1000
    server.faults.append(Fault(wait_after=held_back))
    first = asyncio.create_task(fetcher.run())
    await server.reached.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await fetcher.assert_nothing_visible()

    await fetcher.assert_whole(await fetcher.run())

    again = server.log[1].start
    assert again is not None
    assert held_back - BLOCK <= again <= held_back
    assert server.sent <= server.size + BLOCK


async def test_a_file_that_changed_between_two_attempts_is_fetched_anew(fetcher: Fetcher) -> None:
    fetcher.server.faults.append(Fault(cut_after=4 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError):
        await fetcher.run()
    fetcher.server.etag = '"v2"'
    fetcher.server.block = bytes(BLOCK)

    await fetcher.assert_whole(await fetcher.run())


async def test_a_hole_in_the_pieces_is_fetched_again(fetcher: Fetcher) -> None:
    fetcher.server.faults.append(Fault(cut_after=6 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError):
        await fetcher.run()
    held = [entry.path for entry in await fetcher.store.list("m") if entry.path[-3:].isdigit()]
    await fetcher.store.delete(held[1])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.log[-1].start == int(held[1].rpartition("/")[2])


async def test_a_crash_between_assembling_and_noting_it_fetches_nothing_again(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise asyncio.CancelledError

    fetcher.server.size = 4 * BLOCK
    with monkeypatch.context() as patch:
        patch.setattr(Pieces, "finish", crash)
        with pytest.raises(asyncio.CancelledError):
            await fetcher.run()
    before = fetcher.server.sent

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent <= before + BLOCK


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"{"])
async def test_notes_that_a_power_cut_emptied_are_no_obstacle(fetcher: Fetcher, content: bytes) -> None:
    await fetcher.store.put("m/.unfinished/bot-1/done.json", content)
    assert await fetcher.pieces().finished() is None
    await fetcher.store.put("m/.unfinished/bot-1/version.json", content)

    await fetcher.assert_whole(await fetcher.run())


async def test_memory_holds_a_few_pieces_not_the_file(fetcher: Fetcher) -> None:
    fetcher.server.size = 64 * 1024 * 1024
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        artifact = await fetcher.run(Limits())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert artifact.size == fetcher.server.size
    assert peak - before < 40 * 1024 * 1024


async def test_a_process_that_is_killed_leaves_what_the_next_one_needs(fetcher: Fetcher, tmp_path: Path) -> None:
    server = fetcher.server
    held_back = 6 * BLOCK + 1000
    server.faults.append(Fault(wait_after=held_back))
    program = (
        "import asyncio, sys\n"
        "from activities.download import Download, Limits\n"
        "from activities.guard import download_session\n"
        "from activities.links import LinkPolicy\n"
        "from artifacts.pieces import Pieces\n"
        "from artifacts.store import ArtifactStore\n"
        "from providers.base import Media\n"
        "async def main(store, link):\n"
        "    policy = LinkPolicy(hosts=('127.0.0.1:*',), private_addresses=True)\n"
        "    async with download_session(1, policy) as session:\n"
        "        pieces = Pieces(ArtifactStore(store), 'm/.unfinished/bot-1')\n"
        f"        download = Download(session, pieces, None, Limits(piece_bytes={BLOCK}))\n"
        "        work = download.run(Media(url=link, extension='mp4', expires_at=None), None, 0)\n"
        "        task = asyncio.create_task(work)\n"
        "        while True:\n"
        "            await asyncio.sleep(0.01)\n"
        "            print(download.progress.done, flush=True)\n"
        "asyncio.run(main(*sys.argv[1:]))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, f"file://{tmp_path}", server.link(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if int(line) == held_back:
            process.kill()
    assert await process.wait() == -signal.SIGKILL
    await fetcher.assert_nothing_visible()

    await fetcher.assert_whole(await fetcher.run())

    again = server.log[1].start
    assert again is not None
    assert held_back - BLOCK <= again <= held_back


async def test_a_silent_server_is_asked_again(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher.server.faults.append(Fault(wait_after=4 * BLOCK))
    monkeypatch.setattr(guard, "_SILENCE_SECONDS", 0.2)

    async with guard.download_session(1, LOOPBACK) as impatient:
        fetcher.session = impatient
        await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.log[1].start == 4 * BLOCK


async def test_a_bucket_takes_pieces_and_file_as_a_folder_does(fetcher: Fetcher, bucket: S3Server) -> None:
    fetcher.store = ArtifactStore(f"s3://{bucket.bucket}/prefix")
    fetcher.server.size = 20 * 1024 * 1024 + 1
    fetcher.server.faults.extend([Fault(cut_after=18 * 1024 * 1024), Fault(status=403)])

    await fetcher.assert_whole(await fetcher.run(Limits(pause=0.001)))

    assert fetcher.server.sent == fetcher.server.size


@pytest.mark.parametrize("pretended", [5 * BLOCK, 11 * BLOCK])
async def test_another_answer_finds_out_a_file_that_was_announced_as_shorter_or_longer_than_it_is(
    fetcher: Fetcher, pretended: int
) -> None:
    fetcher.server.faults.append(Fault(pretend=pretended))

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.measured > 1


async def test_a_file_whose_size_is_another_one_each_time_is_not_kept(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(pretend=5 * BLOCK)] * 12)

    with pytest.raises(DownloadError, match="changed again and again"):
        await fetcher.run()

    await fetcher.assert_nothing_visible()
