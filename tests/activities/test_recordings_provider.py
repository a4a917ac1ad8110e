"""A provider that is in trouble, and what of its answers may be told: never a link."""

import logging
from datetime import timedelta

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.exceptions import ApplicationError

from minutekeeper.downloads.downloader import DownloadError
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from tests.activities.media_server import Fault
from tests.activities.recording_runner import RecordingRunner


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AccountError("the key was refused"), ("Account", timedelta(seconds=60))),
        (RateLimitedError("slow down", 7), ("RateLimited", timedelta(seconds=7))),
        (RateLimitedError("slow down", None), ("RateLimited", None)),
        (UnavailableError("503"), ("Unavailable", None)),
    ],
)
async def test_trouble_is_retried_as_it_deserves(
    desk: RecordingRunner, error: ProviderError, expected: tuple[str, timedelta | None]
) -> None:
    desk.answers(lambda: error)

    for work in (desk.download, desk.transcript):
        with pytest.raises(ApplicationError) as caught:
            await work()

        failure = caught.value
        assert (failure.type, failure.next_retry_delay) == expected
        assert not failure.non_retryable
        assert failure.message == str(error)
        assert failure.__cause__ is None


@pytest.mark.parametrize("error", [NotFoundError("no such bot"), RequestRejectedError("no such field")])
async def test_what_no_other_try_can_cure_is_given_up(desk: RecordingRunner, error: ProviderError) -> None:
    desk.answers(lambda: error)

    assert await desk.loses() == str(error)
    transcript = await desk.transcript()
    assert (transcript.state, transcript.error) == (TranscriptState.FAILED, str(error))


def in_history(error: BaseException) -> str:
    failure = Failure()
    DefaultFailureConverter().to_failure(error, DefaultPayloadConverter(), failure)
    return str(failure)


@pytest.mark.parametrize(
    "faults",
    [
        [Fault(status=403), Fault(status=403)],
        [Fault(status=404), Fault(status=404)],
        [Fault(status=500)] * 12,
        [Fault(cut_after=0)] * 12,
        [Fault(body=b"<Error>t0 is over</Error>")] * 2,
    ],
)
async def test_no_link_gets_into_history_heartbeats_or_logs(
    desk: RecordingRunner, caplog: pytest.LogCaptureFixture, faults: list[Fault]
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.server.faults.extend(faults)

    with pytest.raises(DownloadError) as caught:
        await desk.download()

    for text in (in_history(caught.value), repr(desk.beats), caplog.text):
        assert "sig=" not in text
        assert "X-Amz" not in text
        assert "t0" not in text


async def test_no_link_gets_into_history_even_if_nobody_answers(desk: RecordingRunner) -> None:
    desk.server.url = "http://127.0.0.1:1"

    with pytest.raises(DownloadError) as caught:
        await desk.download()

    assert "sig=" not in in_history(caught.value)
