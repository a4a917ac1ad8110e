"""The doctor tells of endpoints that are disabled, fail, or have events that are held."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.deliveries.delivery import DeliveryEnd
from minutekeeper.storage.delivery_records import DeliveryStore, EndpointFailures
from minutekeeper.storage.store import ArtifactStore
from starter.endpoint_models import EndpointChange, NewEndpoint
from starter.webhook_endpoints import WebhookClient
from tests.starter.delivery_support import an_event
from tests.starter.support import SECRET, cli

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(autouse=True)
def webhook_secret(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("MINUTEKEEPER_WEBHOOK_SECRET", SECRET)
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")


async def the_check() -> dict[str, Any]:
    checks = {each["name"]: each for each in (await cli("doctor", "--json")).json["checks"]}
    found: dict[str, Any] = checks["endpoints"]
    return found


async def test_the_doctor_says_what_is_wrong_with_endpoints_and_what_to_do(
    tmp_path: Path, settings: pytest.MonkeyPatch
) -> None:
    assert (await the_check())["found"] == "none"
    store = ArtifactStore((tmp_path / "store").as_uri())
    client = WebhookClient.from_settings()
    crm = (await client.add(NewEndpoint(url="https://crm.example.com/", name="crm"))).endpoint_id
    board = (await client.add(NewEndpoint(url="https://board.example.com/"))).endpoint_id
    checked = await the_check()
    assert (checked["ok"], checked["found"]) == (True, "2 endpoints, none fails")

    await EndpointFailures(store).note_failure(board, datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    checked = await the_check()
    assert not checked["ok"]
    assert f"{board} has failed since Tue 2026-12-01" in checked["found"]
    assert f"minutekeeper webhook test {board}" in checked["remedy"]
    await client.update(board, EndpointChange(url="https://board.example.com/new"))
    assert (await the_check())["ok"], "what failed at the old address says nothing of the new one"

    deliveries = DeliveryStore(store)
    for number, outcome in enumerate((DeliveryEnd.HELD, DeliveryEnd.DELIVERED, DeliveryEnd.HELD), start=1):
        await deliveries.write(an_event(crm, number, outcome))
    checked = await the_check()
    assert checked["found"] == "crm 2 events held"
    assert f"minutekeeper webhook replay {crm} --outcome held" in checked["remedy"]
    await client.update("crm", EndpointChange(enabled=False))
    checked = await the_check()
    assert checked["found"] == "crm is disabled: switched off by hand, 2 events held"
    assert f"minutekeeper webhook enable {crm}" in checked["remedy"]

    settings.delenv("MINUTEKEEPER_WEBHOOK_SECRET")
    checked = await the_check()
    assert "MINUTEKEEPER_WEBHOOK_SECRET is not set, and 2 endpoints" in checked["found"]
