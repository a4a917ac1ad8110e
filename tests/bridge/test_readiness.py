"""Asking whether the bridge is ready costs the store next to nothing, whoever asks and however often."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import Bridge, running_bridge


class CountingStore(ArtifactStore):
    checks = 0
    hangs: asyncio.Event | None = None

    async def check(self) -> None:
        self.checks += 1
        if self.hangs:
            await self.hangs.wait()
        await super().check()


@pytest.fixture
def store(tmp_path: Path) -> CountingStore:
    return CountingStore((tmp_path / "artifacts").as_uri())


async def test_the_store_is_checked_once_for_all_who_ask(client: Client, store: CountingStore) -> None:
    async with running_bridge(client, store) as bridge:
        for _ in range(3):
            assert set(await asyncio.gather(*(_ask(bridge) for _ in range(50)))) == {200}
    assert store.checks == 1


async def test_it_is_checked_again_after_a_while(
    client: Client, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.readiness._EVERY_SECONDS", 0.0)
    async with running_bridge(client, store) as bridge:
        assert [await _ask(bridge), await _ask(bridge)] == [200, 200]
    assert store.checks == 2


async def test_a_store_that_hangs_is_asked_once_and_believed_again_when_it_answers(
    client: Client, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.readiness._EVERY_SECONDS", 0.0)
    monkeypatch.setattr("bridge.readiness._CHECK_SECONDS", 0.05)
    store.hangs = asyncio.Event()
    async with running_bridge(client, store) as bridge:
        assert [await _ask(bridge) for _ in range(3)] == [503, 503, 503]
        assert store.checks == 1
        store.hangs.set()
        monkeypatch.setattr("bridge.readiness._CHECK_SECONDS", 2.0)
        assert await _ask(bridge) == 200


async def _ask(bridge: Bridge) -> int:
    return (await bridge.get("/readyz")).status
