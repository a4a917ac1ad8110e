"""Links that expire while a file is fetched: a fresh one is asked for, and told apart from one to nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.downloads.downloader import Downloader, DownloadError, UrlNotFoundError
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.providers.recorded_content import Media
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fetcher import PATH, Fetcher
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import LIMITS


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

    with pytest.raises(UrlNotFoundError):
        await fetcher.run()


async def test_a_link_that_is_about_to_expire_is_not_even_tried(fetcher: Fetcher) -> None:
    fetcher.expires_at = datetime.now(UTC) + timedelta(seconds=20)

    await fetcher.assert_whole(await fetcher.run())

    assert len(fetcher.server.log) == fetcher.renewals == 1


async def test_a_link_that_is_no_url(fetcher: Fetcher, store: ArtifactStore) -> None:
    async def renew() -> Media:
        return Media(url="http://[::1", extension="mp4", expires_at=None)

    download = Downloader(fetcher.session, ResumableFile(store, "m/.unfinished/x"), renew, LIMITS)
    with pytest.raises(DownloadError, match=r"^the link to the recording is no URL$"):
        await download.run(await renew(), lambda _: PATH, 0)
