"""The fetch of a whole file from a real server: any size, cut connections, and beginnings of all kinds."""

import tracemalloc

import pytest

from minutekeeper.downloads import url_policy
from minutekeeper.downloads.downloader import DownloadError, DownloadLimits, FileTooSmallError
from minutekeeper.storage.store import ArtifactStore
from tests.activities.conftest import LOOPBACK
from tests.activities.fetcher import Fetcher
from tests.activities.media_server import BLOCK, Fault
from tests.storage.s3_server import S3Server


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


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(status=429), Fault(cut_after=0)])
async def test_short_trouble_is_sat_out(fetcher: Fetcher, fault: Fault) -> None:
    fetcher.server.faults.extend([fault, fault])

    await fetcher.assert_whole(await fetcher.run())


async def test_lasting_trouble_ends_the_attempt_and_keeps_the_pieces(fetcher: Fetcher) -> None:
    fetcher.server.faults.append(Fault(cut_after=4 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError, match=r"^the download makes no progress: the server answered 500$"):
        await fetcher.run()
    await fetcher.assert_nothing_visible()

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.sent <= fetcher.server.size + BLOCK


async def test_nobody_answers(fetcher: Fetcher) -> None:
    fetcher.server.url = "http://127.0.0.1:1"

    with pytest.raises(DownloadError, match=r"^the download makes no progress: the connection fails \(\w+\)$"):
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
    ("head", "extension"),
    [
        (b"ID3\x04\0\0", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\0\0\0\x18styp", "mp4"),
        (b"\0\0\0\x18ftypM4A ", "m4a"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "wav"),
        (b"fLaC\0", "flac"),
        (b"OggS\0", "ogg"),
        (b"\x1aE\xdf\xa3\x93B\x82\x84webm", "webm"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska", "mkv"),
        (b"\0\x9f a format of another day", "mp4"),
    ],
)
async def test_the_first_bytes_give_a_recording_its_extension(
    fetcher: Fetcher, head: bytes, extension: str
) -> None:
    fetcher.server.head = head
    fetcher.server.content_type = "binary/octet-stream"
    fetcher.server.faults.append(Fault(cut_after=6 * BLOCK))

    await fetcher.assert_whole(await fetcher.run(), f"m/recording.{extension}")


@pytest.mark.parametrize("size", [0, 312, 1023])
async def test_too_small_to_be_a_recording(fetcher: Fetcher, size: int) -> None:
    fetcher.server.size = size

    with pytest.raises(FileTooSmallError, match=f"only {size} bytes"):
        await fetcher.run(least_bytes=1024)

    assert await fetcher.store.list() == []


async def test_memory_holds_a_few_pieces_not_the_file(fetcher: Fetcher) -> None:
    fetcher.server.size = 64 * 1024 * 1024
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        artifact = await fetcher.run(DownloadLimits())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert artifact.size == fetcher.server.size
    assert peak - before < 40 * 1024 * 1024


async def test_a_silent_server_is_asked_again(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher.server.faults.append(Fault(wait_after=4 * BLOCK))
    monkeypatch.setattr(url_policy, "_SILENCE_SECONDS", 0.2)

    async with url_policy.create_checked_session(1, LOOPBACK) as impatient:
        fetcher.session = impatient
        await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.log[1].start == 4 * BLOCK


async def test_a_bucket_takes_pieces_and_file_as_a_folder_does(fetcher: Fetcher, bucket: S3Server) -> None:
    fetcher.store = ArtifactStore(f"s3://{bucket.bucket}/prefix")
    fetcher.server.size = 20 * 1024 * 1024 + 1
    fetcher.server.faults.extend([Fault(cut_after=18 * 1024 * 1024), Fault(status=403)])

    await fetcher.assert_whole(await fetcher.run(DownloadLimits(pause=0.001)))

    assert fetcher.server.sent == fetcher.server.size
