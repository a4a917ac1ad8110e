"""Endpoints are stored so that no change is lost, in a folder and in a bucket; their secrets are not stored."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret, signing_secrets_of
from minutekeeper.storage.endpoints import EndpointChangedError, EndpointStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

MASTER = "a-long-random-text-0123456789abcdef"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def an_endpoint(name: str = "first", **changes: Any) -> WebhookEndpoint:
    return WebhookEndpoint(
        endpoint_id=f"ep-{name}", url=f"https://{name}.example.com/events", created_at=NOW, **changes
    )


async def test_endpoints_are_found_by_id_and_listed_by_age(store: ArtifactStore) -> None:
    endpoints = EndpointStore(store)
    assert await endpoints.all() == []
    assert await endpoints.get("ep-first") is None
    later = await endpoints.put(an_endpoint("a-later", types=(OutgoingEventType.MEETING_MOVED,)))
    first = await endpoints.put(an_endpoint().model_copy(update={"created_at": NOW - timedelta(hours=1)}))
    assert await EndpointStore(store).all() == [first, later]
    assert await EndpointStore(store).get("ep-a-later") == later
    assert await endpoints.remove("ep-first")
    assert not await endpoints.remove("ep-first")
    assert await endpoints.all() == [later]


async def test_of_many_changes_at_once_none_is_lost(store: ArtifactStore) -> None:
    endpoints = [EndpointStore(store) for _ in range(6)]
    first = await endpoints[0].put(an_endpoint())
    puts = [each.put(first.model_copy(update={"name": str(n)})) for n, each in enumerate(endpoints)]
    done = await asyncio.gather(*puts, return_exceptions=True)
    (winner,) = [each for each in done if isinstance(each, WebhookEndpoint)]
    assert sum(isinstance(each, EndpointChangedError) for each in done) == 5, done
    assert await endpoints[1].get("ep-first") == winner

    def next_generation(known: WebhookEndpoint) -> WebhookEndpoint:
        return known.model_copy(update={"generation": known.generation + 1})

    changes = [each.change("ep-first", next_generation) for each in endpoints[:4]]
    changed = await asyncio.gather(*changes)
    assert sorted(each.generation for each in changed if each) == [2, 3, 4, 5]
    assert [each.generation for each in await endpoints[5].all()] == [5]


async def test_a_removed_endpoint_does_not_come_back_with_a_change_of_what_it_was(store: ArtifactStore) -> None:
    endpoints = EndpointStore(store)
    known = await endpoints.put(an_endpoint())
    await EndpointStore(store).remove("ep-first")
    with pytest.raises(EndpointChangedError):
        await endpoints.put(known.model_copy(update={"name": "again"}))
    assert await endpoints.get("ep-first") is None
    assert await endpoints.change("ep-first", lambda each: each) is None


async def test_old_versions_go_and_one_that_cannot_be_read_is_named(folder_store: ArtifactStore) -> None:
    endpoints = EndpointStore(folder_store)
    known = await endpoints.put(an_endpoint())
    first = known
    for number in range(9):
        known = await endpoints.put(known.model_copy(update={"name": str(number)}))
    assert len(await folder_store.list("endpoints/ep-first")) == 5
    with pytest.raises(EndpointChangedError):
        await endpoints.put(first)
    assert await EndpointStore(folder_store).all() == [known]
    await folder_store.put("endpoints/ep-first/00000011.json", b"{")
    with pytest.raises(StoreError, match=r"endpoints/ep-first/00000011\.json cannot be read"):
        await endpoints.all()


def test_every_generation_of_every_endpoint_has_its_own_secret() -> None:
    secrets = [endpoint_secret(MASTER, name, number) for name in ("ep-1", "ep-11") for number in (1, 11, 2)]
    secrets += [endpoint_secret(MASTER.upper(), "ep-1", 1)]
    assert len(set(secrets)) == 7
    for each in secrets:
        assert each.startswith("whsec_")
        assert len(base64.b64decode(each.removeprefix("whsec_"))) == 32
    assert endpoint_secret(MASTER, "ep-1", 1) == "whsec_Xxt33rHDvsR2qkd7R296r15Mdm4UbXkwHEQN1UwTgDs="


def test_for_a_day_after_a_rotation_receivers_with_either_secret_can_verify() -> None:
    rotated = an_endpoint(generation=3, previous_until=NOW + timedelta(hours=24))
    new, old = signing_secrets_of(MASTER, rotated, NOW + timedelta(hours=23, minutes=59))
    assert (new, old) == tuple(endpoint_secret(MASTER, "ep-first", number) for number in (3, 2))
    assert signing_secrets_of(MASTER, rotated, NOW + timedelta(hours=24)) == [new]
    assert signing_secrets_of(MASTER, an_endpoint(), NOW) == [endpoint_secret(MASTER, "ep-first", 1)]
    sent = datetime.now(UTC)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(sent.timestamp()))}
    headers["webhook-signature"] = " ".join(Webhook(each).sign("evt_1", sent, "{}") for each in (new, old))
    for secret in (new, old):
        assert Webhook(secret).verify("{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint_secret(MASTER, "ep-first", 1)).verify("{}", headers)
