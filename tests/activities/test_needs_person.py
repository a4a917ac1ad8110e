"""What only a person can put right is told by the first attempt, so that the meeting can show it."""

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig

from minutekeeper.downloads.downloader import DownloadRefusedError
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.meetings.collection import NEEDS_PERSON
from minutekeeper.providers.base import AccountError
from tests.activities.recording_runner import FIRST, RecordingRunner

ELSEWHERE = UrlPolicy(hosts=("recordings.example.com",), private_addresses=True)


async def test_a_link_that_is_refused_by_policy_is_told_once_and_each_try_is_counted(desk: RecordingRunner) -> None:
    buffer = MetricBuffer(100)
    desk.temporal.metric_meter = Runtime(telemetry=TelemetryConfig(metrics=buffer)).metric_meter
    async with create_checked_session(1, ELSEWHERE) as desk.session:
        with pytest.raises(ApplicationError, match="not in MINUTEKEEPER_DOWNLOAD_HOSTS") as told:
            await desk.collect(FIRST)
        with pytest.raises(DownloadRefusedError, match="not in MINUTEKEEPER_DOWNLOAD_HOSTS"):
            await desk.collect()

    assert (told.value.type, told.value.non_retryable) == (NEEDS_PERSON, True)
    counted = [(update.metric.name, update.value) for update in buffer.retrieve_updates()]
    assert counted == [("minutekeeper_downloads_refused", 1)] * 2


async def test_an_account_in_trouble_is_told_once(desk: RecordingRunner) -> None:
    desk.answers(lambda: AccountError("the key was revoked"))
    with pytest.raises(ApplicationError, match="revoked") as told:
        await desk.collect(FIRST)
    with pytest.raises(ApplicationError, match="revoked") as tried:
        await desk.collect()

    assert (told.value.type, told.value.non_retryable) == (NEEDS_PERSON, True)
    assert (tried.value.type, tried.value.non_retryable) == ("Account", False)
