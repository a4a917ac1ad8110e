"""A fetch that was interrupted goes on from what is in the store."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from minutekeeper.downloads.downloader import DownloadError
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fetcher import Fetcher
from tests.activities.media_server import BLOCK, Fault
from tests.storage.s3_server import S3Server


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


async def test_a_hole_in_the_pieces_of_a_bucket_is_fetched_again(fetcher: Fetcher, bucket: S3Server) -> None:
    fetcher.store = ArtifactStore(f"s3://{bucket.bucket}/prefix")
    fetcher.server.faults.append(Fault(cut_after=6 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError):
        await fetcher.run()
    held = [entry.path for entry in await fetcher.store.list("m") if not entry.path.endswith(".json")]
    await fetcher.store.delete(held[1])

    await fetcher.assert_whole(await fetcher.run())

    assert fetcher.server.log[-1].start == int(held[1].rpartition("/")[2].partition("-")[0])


async def test_a_crash_between_assembling_and_noting_it_fetches_nothing_again(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> None:
        raise asyncio.CancelledError

    fetcher.server.size = 4 * BLOCK
    with monkeypatch.context() as patch:
        patch.setattr(ResumableFile, "finish", crash)
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


async def test_a_process_that_is_killed_leaves_what_the_next_one_needs(fetcher: Fetcher, tmp_path: Path) -> None:
    server = fetcher.server
    held_back = 6 * BLOCK + 1000
    server.faults.append(Fault(wait_after=held_back))
    program = (
        "import asyncio, sys\n"
        "from minutekeeper.downloads.downloader import Downloader, DownloadLimits\n"
        "from minutekeeper.downloads.url_policy import create_checked_session\n"
        "from minutekeeper.downloads.url_policy import UrlPolicy\n"
        "from minutekeeper.downloads.resumable_file import ResumableFile\n"
        "from minutekeeper.storage.store import ArtifactStore\n"
        "from minutekeeper.providers.recorded_content import Media\n"
        "async def main(store, link):\n"
        "    policy = UrlPolicy(hosts=('127.0.0.1:*',), private_addresses=True)\n"
        "    async with create_checked_session(1, policy) as session:\n"
        "        pieces = ResumableFile(ArtifactStore(store), 'm/.unfinished/bot-1')\n"
        f"        download = Downloader(session, pieces, None, DownloadLimits(piece_bytes={BLOCK}))\n"
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
