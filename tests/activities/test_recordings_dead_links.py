"""No link works, the newest neither: tried for a while, with the reason in sight, then given up."""

import re
from datetime import datetime, timedelta

import pytest

from minutekeeper.downloads.downloader import (
    DownloadError,
    DownloadLimits,
    DownloadRefusedError,
    UrlNotFoundError,
    UrlRefusedError,
)
from minutekeeper.storage.store import ArtifactStore
from tests.activities.fake_provider import recorded
from tests.activities.media_server import BLOCK, Fault
from tests.activities.recording_runner import NOTHING, RecordingRunner


async def age(store: ArtifactStore, by: timedelta) -> None:
    """Lets the time pass that the attempts of a meeting share."""
    for entry in await store.list("m"):
        if ".stuck/" in entry.path:
            since = datetime.fromisoformat((await store.get(entry.path)).decode())
            await store.put(entry.path, (since - by).isoformat().encode())


@pytest.mark.parametrize(
    ("fault", "kind", "patience"),
    [
        (Fault(status=404), UrlNotFoundError, timedelta(minutes=10)),
        (Fault(status=410), UrlNotFoundError, timedelta(minutes=10)),
        (Fault(status=403), UrlRefusedError, timedelta(days=1)),
        (Fault(location="http://169.254.169.254/latest?sig=t0"), DownloadRefusedError, timedelta(days=1)),
        (Fault(body=b"<Error>t0</Error>"), UrlRefusedError, timedelta(days=1)),
    ],
)
async def test_they_are_tried_for_a_while(
    desk: RecordingRunner, fault: Fault, kind: type[UrlRefusedError], patience: timedelta
) -> None:
    desk.server.faults.extend([fault] * 20)

    with pytest.raises(UrlRefusedError, match=r"; given up at \d{4}-\d\d-\d\d \d\d:\d\d UTC unless") as first:
        await desk.download()
    assert type(first.value) is kind
    await age(desk.store, patience - timedelta(seconds=30))
    with pytest.raises(UrlRefusedError) as second:
        await desk.download()
    assert type(second.value) is kind
    await age(desk.store, timedelta(seconds=30))
    lost = await desk.loses()

    assert re.search(r"so it has been since \d{4}-", lost)
    assert "t0" not in lost
    assert await desk.kept() == []


async def test_the_reason_names_the_host_and_the_setting(
    desk: RecordingRunner, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answers(
        lambda: recorded("https://cdn.example/a?sig=1"), pushed=lambda: recorded("http://10.0.0.1/a?sig=1")
    )

    with pytest.raises(UrlRefusedError, match=r"cdn\.example, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS; given"):
        await desk.download_delivered()

    assert desk.provider.bodies == [b"the delivery", None]
    assert "The recording of bot bot-1 is not fetched: the link leads to cdn.example" in caplog.text


async def test_what_the_provider_no_longer_lists_is_given_up_as_well(desk: RecordingRunner) -> None:
    answers = [recorded(desk.server.link("old")), NOTHING] * 2
    desk.answers(lambda: answers.pop(0))
    with pytest.raises(UrlRefusedError):
        await desk.download()
    await age(desk.store, timedelta(days=1))

    assert "so it has been since" in await desk.loses()


async def test_every_piece_that_comes_starts_the_time_anew(desk: RecordingRunner) -> None:
    desk.server.faults.extend([Fault(status=403)] * 2)
    with pytest.raises(UrlRefusedError):
        await desk.download()
    await age(desk.store, timedelta(days=2))
    desk.server.faults.extend([Fault(cut_after=2 * BLOCK), *[Fault(status=403)] * 3])

    with pytest.raises(UrlRefusedError):
        await desk.download()

    assert await desk.download() == desk.recording


async def test_an_outage_is_no_reason_to_give_up(desk: RecordingRunner) -> None:
    for _ in range(2):
        desk.server.faults.extend([Fault(status=503)] * 12)
        with pytest.raises(DownloadError, match="the server answered 503"):
            await desk.download()
        await age(desk.store, timedelta(days=6))

    assert await desk.download() == desk.recording


async def test_the_time_is_a_setting_and_may_be_short(desk: RecordingRunner) -> None:
    desk.answers(lambda: recorded("https://cdn.example/a"))
    desk.give_up = timedelta()

    assert re.search(r"cdn\.example.*MINUTEKEEPER_DOWNLOAD_HOSTS", await desk.loses())


async def test_a_recording_that_is_too_large_is_not_tried_again(desk: RecordingRunner) -> None:
    desk.server.says_length = False
    desk.limits = DownloadLimits(piece_bytes=BLOCK, pause=0.001, max_bytes=3 * BLOCK)

    assert "MINUTEKEEPER_DOWNLOAD_MAX_BYTES" in await desk.loses()
    assert await desk.kept() == []
