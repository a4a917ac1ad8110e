"""Servers that answer oddly: a mere check undoes no whole file, and what is compressed is kept as it was before."""

import functools
import gzip
import hashlib
import zlib

import pytest
from aiohttp import web

from minutekeeper.downloads.downloader import DownloadError, FileOverLimitError
from minutekeeper.providers.base import NotFoundError, UnavailableError
from tests.activities.fetcher import PATH, Fetcher
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import LIMITS

compressed = functools.partial(gzip.compress, mtime=0)
PLAIN = b"\0\0\0\x20ftypisom" + bytes(range(256)) * 2000


def answer(status: int, content_range: str = "", body: bytes = b"\0", **headers: str) -> web.Response:
    given = {"Content-Type": "video/mp4"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if content_range:
        given["Content-Range"] = content_range
    return web.Response(status=status, body=body, headers=given)


ODD_CHECKS = {
    "200 with a range": lambda: answer(200, f"bytes 0-0/{10 * BLOCK}"),
    "200 with one byte": lambda: answer(200),
    "200 without a byte": lambda: answer(200, body=b""),
    "206 without a range": lambda: answer(206),
    "206 with nonsense": lambda: answer(206, "bytes of all kinds"),
    "206 of unknown size": lambda: answer(206, "bytes 0-0/*"),
    "206 compressed": lambda: answer(206, "bytes 0-0/77", Content_Encoding="gzip"),
    "a page": lambda: answer(200, body=b"<html>" * 1000, Content_Type="text/html"),
    "a long page": lambda: answer(200, body=b"<html>" * 200_000, Content_Type="text/html"),
    "a short file": lambda: answer(200, body=b"\0" * 1000),
    "no content": lambda: answer(204, body=b""),
    "a redirect to nowhere": lambda: answer(302, Location="https://"),
    "not modified": lambda: answer(304, body=b""),
    "bad request": lambda: answer(400),
    "forbidden": lambda: answer(403),
    "not found": lambda: answer(404),
    "no such method": lambda: answer(405),
    "range not to be had": lambda: answer(416),
    "range not to be had, with the size": lambda: answer(416, f"bytes */{10 * BLOCK}"),
    "too many": lambda: answer(429),
    "broken": lambda: answer(500),
    "not there": lambda: answer(501),
}


@pytest.mark.parametrize("name", ODD_CHECKS)
async def test_an_odd_answer_to_a_check_undoes_no_whole_file(fetcher: Fetcher, name: str) -> None:
    fetcher.server.check = ODD_CHECKS[name]

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent == fetcher.server.size


@pytest.mark.parametrize(
    ("trouble", "is_kept"),
    [(NotFoundError("gone"), True), (UnavailableError("503"), False), (DownloadError("no link"), False)],
)
async def test_a_whole_file_is_kept_if_the_provider_says_that_there_is_no_link_any_more(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, trouble: Exception, *, is_kept: bool
) -> None:
    async def renew() -> None:
        raise trouble

    with monkeypatch.context() as patched:
        patched.setattr(fetcher, "renew", renew)
        fetcher.server.check = lambda: answer(403)
        if is_kept:
            await fetcher.assert_whole(await fetcher.run())
            return
        with pytest.raises(type(trouble)):
            await fetcher.run()
    # Half a file may have come with a size of its own, which only a further answer can tell.
    fetcher.server.check = lambda: answer(206, f"bytes 0-0/{fetcher.server.size}")
    await fetcher.assert_whole(await fetcher.run())


async def test_a_check_that_gets_no_answer_of_use_is_made_again(fetcher: Fetcher) -> None:
    server = fetcher.server
    server.faults.append(Fault(pretend=server.size - BLOCK))
    page = answer(200, body=b"<html>" * 1000, Content_Type="text/html")
    checks = iter([answer(503), page, answer(429), answer(206)])
    server.check = lambda: next(checks, answer(206, f"bytes 0-0/{server.size}"))

    await fetcher.assert_whole(await fetcher.run())


async def test_a_range_counts_whatever_the_status(fetcher: Fetcher) -> None:
    server = fetcher.server

    def answers_200() -> None:
        server.headers = {"Content-Range": f"bytes {4 * BLOCK}-{server.size - 1}/{server.size}"}

    rest = server.content[4 * BLOCK :]
    server.faults.append(Fault(cut_after=4 * BLOCK))
    server.faults.append(Fault(body=rest, content_type="video/mp4", before=answers_200))

    await fetcher.assert_whole(await fetcher.run())


async def test_a_part_of_which_nobody_says_where_it_belongs_is_not_joined(fetcher: Fetcher) -> None:
    server = fetcher.server
    server.faults.append(Fault(cut_after=4 * BLOCK))
    server.faults.append(Fault(status=206, body=b"from anywhere", content_type="video/mp4"))

    await fetcher.assert_whole(await fetcher.run())


def deflated(content: bytes, wbits: int) -> bytes:
    compressor = zlib.compressobj(wbits=wbits)
    return compressor.compress(content) + compressor.flush()


MEMBERS = compressed(PLAIN[:999]) + compressed(PLAIN[999:]) + bytes(512)
ENCODED = {
    "gzip": ("gzip", compressed(PLAIN)),
    "members": ("gzip", MEMBERS),
    "upper case": ("GZIP, identity", compressed(PLAIN)),
    "x-gzip": ("x-gzip", compressed(PLAIN)),
    "without a word": ("", compressed(PLAIN)),
    "twice": ("gzip, gzip", compressed(compressed(PLAIN))),
    "deflate": ("deflate", deflated(PLAIN, 15)),
    "raw deflate": ("deflate", deflated(PLAIN, -15)),
    "deflate and gzip": ("deflate, gzip", compressed(deflated(PLAIN, 15))),
    "said but not done": ("gzip", PLAIN),
    "left from an upload": ("aws-chunked", PLAIN),
    "identity": ("identity", PLAIN),
    "unknown but not done": ("br", PLAIN),
}


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("cut", [False, True])
async def test_what_is_stored_encoded_is_kept_decoded(fetcher: Fetcher, name: str, *, cut: bool) -> None:
    encoding, content = ENCODED[name]
    fetcher.server.serve(content)
    fetcher.server.headers = {"Content-Encoding": encoding} if encoding else {}
    if cut:
        fetcher.server.faults.extend([Fault(cut_after=0), Fault(only=len(content) // 2)])

    artifact = await fetcher.run()

    assert await fetcher.store.get(PATH) == PLAIN
    assert (artifact.path, artifact.size, artifact.sha256) == (PATH, len(PLAIN), hashlib.sha256(PLAIN).hexdigest())


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "br, gzip"])
async def test_what_cannot_be_decoded_is_refused_by_name(fetcher: Fetcher, encoding: str) -> None:
    fetcher.server.serve(b"\x8b\x05\x80" + bytes(range(200)) * 1000)
    fetcher.server.headers = {"Content-Encoding": encoding}

    with pytest.raises(DownloadError, match=f"stored with Content-Encoding {encoding}"):
        await fetcher.run()

    await fetcher.assert_nothing_visible()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (compressed(PLAIN)[:-9], "too early"),
        (compressed(PLAIN)[:-8] + bytes(8), "damaged"),
        (compressed(b"<Error>expired</Error>" * 100), "something else than a recording"),
        (compressed(compressed(compressed(compressed(compressed(PLAIN))))), "again and again"),
    ],
)
async def test_what_is_not_whole_when_decoded_gets_no_name(fetcher: Fetcher, content: bytes, says: str) -> None:
    fetcher.server.serve(content)
    fetcher.server.headers = {"Content-Encoding": "gzip"}

    with pytest.raises(DownloadError, match=says):
        await fetcher.run()

    await fetcher.assert_nothing_visible()


async def test_a_file_that_grows_without_bounds_when_decoded_is_refused(fetcher: Fetcher) -> None:
    fetcher.server.serve(compressed(PLAIN + bytes(4_000_000)))
    fetcher.server.headers = {"Content-Encoding": "gzip"}

    with pytest.raises(FileOverLimitError, match="when it is decompressed"):
        await fetcher.run(type(LIMITS)(piece_bytes=BLOCK, pause=0.001, max_bytes=2_000_000))

    await fetcher.assert_nothing_visible()
