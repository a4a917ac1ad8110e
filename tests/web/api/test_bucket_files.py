"""Files of a bucket over HTTP: as short-lived links, or through the API."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.storage.store import ArtifactStore
from tests.starter.support import target_of
from tests.storage.s3_server import S3Server
from tests.web.api.test_files import VIDEO, get, store_meeting
from tests.web.api.test_meetings import MEETINGS
from tests.web.conftest import running_api

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Server]:
    server = S3Server()
    await server.start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def settings(environment: WorkflowEnvironment, bucket: S3Server, tmp_path: Path) -> dict[str, str]:
    """Those of an API whose bucket has the files of a meeting."""
    found = {
        "TEMPORAL_ADDRESS": target_of(environment.client),
        "ARTIFACTS_URL": f"s3://{bucket.bucket}/prefix",
        "MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"),
    }
    await store_meeting(ArtifactStore(found["ARTIFACTS_URL"]), "filed")
    return found


async def test_from_a_bucket_comes_a_short_lived_link(
    settings: dict[str, str], bucket: S3Server, tmp_path: Path
) -> None:
    async with running_api(tmp_path, settings) as api:
        url = f"{api.url}{MEETINGS}/filed"
        status, headers, content = await get(api, f"{url}/files/recording.mp4")
        assert (status, content) == (302, b"")
        assert "X-Amz-Expires=900" in headers["Location"]
        async with api.http.get(headers["Location"]) as answer:
            assert await answer.read() == VIDEO
        assert "X-Amz" not in (tmp_path / "web.log").read_text()
        bucket.refusal = (503, "SlowDown")
        status, headers, content = await get(api, f"{url}/files")
        assert (status, b'"store_unreachable"' in content, headers["Retry-After"]) == (503, True, "5")


async def test_files_of_a_bucket_come_through_the_api_if_that_is_set(
    settings: dict[str, str], bucket: S3Server, tmp_path: Path
) -> None:
    async with running_api(tmp_path, settings | {"MINUTEKEEPER_WEB_FILES": "through"}) as api:
        url, size = f"{api.url}{MEETINGS}/filed/files/recording.mp4", len(VIDEO)
        status, headers, content = await get(api, url)
        assert (status, content, headers["Content-Type"]) == (200, VIDEO, "video/mp4")
        assert headers["ETag"] == f'"{hashlib.sha256(VIDEO).hexdigest()}"'
        status, told, content = await get(api, url, "HEAD")
        assert (status, told["Content-Length"], told["Accept-Ranges"], content) == (200, str(size), "bytes", b"")
        for asked, part in (("bytes=0-9", VIDEO[:10]), ("bytes=1000-", VIDEO[1000:]), ("bytes=-7", VIDEO[-7:])):
            status, told, content = await get(api, url, Range=asked)
            assert (status, content) == (206, part)
            assert told["Content-Range"].endswith(f"/{size}")
        for beyond in (f"bytes={size}-", "bytes=-0"):
            assert (await get(api, url, Range=beyond))[0] == 416
        for ignored in ("bytes=5-2", "bytes=0-1,5-6", "lines=1-2"):
            assert (await get(api, url, Range=ignored))[0] == 200
        assert (await get(api, url, Range="bytes=0-9", If_Range='"another"'))[0] == 200
        assert (await get(api, url, If_None_Match=headers["ETag"]))[0] == 304
        del bucket.objects["prefix/filed/recording.mp4"]
        status, _, content = await get(api, url)
        assert (status, b'"no_file"' in content) == (404, True)
