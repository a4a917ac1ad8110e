"""Bots that recorded nothing, and recordings that the provider no longer has."""

import dataclasses

import pytest

from minutekeeper.downloads.downloader import DownloadError
from minutekeeper.meetings.collection import RecordingResult
from tests.activities.fake_provider import recorded
from tests.activities.recording_runner import NOTHING, RecordingRunner


async def test_none_is_listed(desk: RecordingRunner) -> None:
    desk.answers(lambda: NOTHING)

    assert await desk.download() == RecordingResult(text="the provider lists no recording")


@pytest.mark.parametrize("file", [(0, None), (312, 60.0), (1023, None), (60_000, 0.0)])
async def test_a_file_that_plays_nothing(desk: RecordingRunner, file: tuple[int, float | None]) -> None:
    desk.server.size, duration = file
    desk.answers(lambda: recorded(desk.server.link(), duration=duration))

    result = await desk.download()

    assert result == RecordingResult(text=f"the recording has only {file[0]} bytes: nothing was recorded")
    assert await desk.kept() == []


@pytest.mark.parametrize("file", [(1024, None), (70_000, 0.0)])
async def test_a_small_file_that_may_play(desk: RecordingRunner, file: tuple[int, float | None]) -> None:
    desk.server.size, duration = file
    desk.answers(lambda: recorded(desk.server.link(), duration=duration))

    assert await desk.download() == desk.recording


async def test_deleted_at_the_provider(desk: RecordingRunner) -> None:
    desk.answers(lambda: dataclasses.replace(NOTHING, deleted=True))

    assert "deleted" in await desk.loses()


async def test_deleted_between_two_links(desk: RecordingRunner) -> None:
    answers = [recorded(desk.server.link("old")), dataclasses.replace(NOTHING, deleted=True)]
    desk.answers(lambda: answers.pop(0))

    assert "deleted" in await desk.loses()


async def test_no_link_when_it_should_be_renewed(desk: RecordingRunner) -> None:
    answers = [recorded(desk.server.link("old")), NOTHING]
    desk.answers(lambda: answers.pop(0))

    with pytest.raises(DownloadError, match="refused with 403; the provider no longer lists the recording; given"):
        await desk.download()
