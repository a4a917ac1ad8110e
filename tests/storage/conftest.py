from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from minutekeeper.storage.store import ArtifactStore
from tests.storage.s3_server import S3Server


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Server]:
    server = S3Server()
    await server.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    await server.stop()


@pytest.fixture
def folder_store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(f"file://{tmp_path}/deep/er")


@pytest.fixture
def s3_store(s3: S3Server) -> ArtifactStore:
    return ArtifactStore(f"s3://{s3.bucket}/some/prefix")


@pytest.fixture(params=["folder_store", "s3_store"])
def store(request: pytest.FixtureRequest) -> ArtifactStore:
    made: ArtifactStore = request.getfixturevalue(request.param)
    return made
