"""A file that is another one than before, or not as long as it was said to be."""

import pytest

from minutekeeper.downloads.downloader import DownloadError
from tests.activities.fetcher import Fetcher
from tests.activities.media_server import BLOCK, Fault


async def test_a_server_that_sends_too_much_once_is_forgiven(fetcher: Fetcher) -> None:
    fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(extra=b"too much")])

    await fetcher.assert_whole(await fetcher.run())


async def test_a_server_that_always_sends_too_much_is_given_up(fetcher: Fetcher) -> None:
    for _ in range(8):
        fetcher.server.faults.extend([Fault(cut_after=BLOCK), Fault(extra=b"too much")])

    with pytest.raises(DownloadError, match="changed again and again"):
        await fetcher.run()

    await fetcher.assert_nothing_visible()


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


async def test_a_file_that_changed_between_two_attempts_is_fetched_anew(fetcher: Fetcher) -> None:
    fetcher.server.faults.append(Fault(cut_after=4 * BLOCK))
    fetcher.server.faults.extend([Fault(status=500)] * 12)
    with pytest.raises(DownloadError):
        await fetcher.run()
    fetcher.server.etag = '"v2"'
    fetcher.server.block = bytes(BLOCK)

    await fetcher.assert_whole(await fetcher.run())


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
