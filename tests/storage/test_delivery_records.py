"""What became of deliveries is found again by endpoint, meeting, event and day."""

from datetime import timedelta
from pathlib import Path

import pytest

from minutekeeper.deliveries.delivery import DeliveryAttempt, DeliveryEnd
from minutekeeper.storage.delivery_records import DeliveryKey, DeliveryStore, EndpointFailures
from minutekeeper.storage.store import ArtifactStore
from tests.deliveries.examples import NOON, a_delivery_record


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path.as_uri())


async def test_a_record_has_its_path_by_day_and_is_found_by_every_key(store: ArtifactStore) -> None:
    deliveries, record = DeliveryStore(store), a_delivery_record()
    assert await deliveries.write(record) == "deliveries/2026/12/01/120000Z-ep_1-evt_1.json"
    await deliveries.write(a_delivery_record("evt_2", endpoint_id="ep_2", workflow_id="meeting-other"))
    keys = ((DeliveryKey.ENDPOINT, "ep_1"), (DeliveryKey.WORKFLOW, "meeting-standup"), (DeliveryKey.EVENT, "evt_1"))
    for kind, key in keys:
        assert await deliveries.found_by(kind, key) == [record]
    assert await deliveries.get("ep_1", "evt_1") == record
    assert await deliveries.get("ep_2", "evt_1") is None


async def test_the_newest_come_first_and_only_those_of_the_span(store: ArtifactStore) -> None:
    deliveries = DeliveryStore(store)
    for days in range(4):
        await deliveries.write(a_delivery_record(f"evt_{days}", timestamp=NOON + timedelta(days=days)))
    span = (NOON + timedelta(days=1), NOON + timedelta(days=3))
    found = await deliveries.found_by(DeliveryKey.ENDPOINT, "ep_1", *span)
    assert [each.event_id for each in found] == ["evt_2", "evt_1"]
    days_found = [paths async for paths in deliveries.paths_by_day(span[0], span[1] - timedelta(hours=13))]
    assert [[each.event_id for each in await deliveries.read(paths)] for paths in days_found] == [
        ["evt_2"],
        ["evt_1"],
    ]


async def test_a_replay_adds_its_tries_and_a_repeated_write_adds_none(store: ArtifactStore) -> None:
    deliveries = DeliveryStore(store)
    refused = DeliveryAttempt(at=NOON, status_code=500, milliseconds=9, answer="no")
    held = a_delivery_record(outcome=DeliveryEnd.HELD, attempts=(refused,))
    replayed = a_delivery_record(
        attempts=(DeliveryAttempt(at=NOON + timedelta(days=2), status_code=204, milliseconds=7),)
    )
    for record in (held, replayed, replayed):
        await deliveries.write(record)
    kept = await deliveries.get("ep_1", "evt_1")
    assert kept is not None
    assert kept.outcome is DeliveryEnd.DELIVERED
    assert [each.status_code for each in kept.attempts] == [500, 204]


async def test_an_endpoint_fails_since_the_first_failure_after_its_last_success(store: ArtifactStore) -> None:
    failures = EndpointFailures(store)
    assert await failures.note_failure("ep_1", NOON) == NOON
    assert await failures.note_failure("ep_1", NOON + timedelta(days=1)) == NOON
    assert await failures.failing_since("ep_2") is None
    await failures.note_success("ep_1")
    assert await failures.note_failure("ep_1", NOON + timedelta(days=2)) == NOON + timedelta(days=2)
