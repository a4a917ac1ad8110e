"""What the bridge tells of its deliveries: counts for Prometheus, a line about refusals, an address to ask."""

import logging
import re

import pytest
from temporalio.client import Client

from bridge.app_keys import REGISTRY
from bridge.delivery_log import http_logger
from minutekeeper.meetings.webhook_urls import account_webhook_path
from minutekeeper.metrics_page import served_metrics
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import DEAD, SECRET, Bridge, eventually, running_bridge, start_recorder, status, stored

WRONG = {"x-meeting-baas-api-key": "of another account"}


async def counts(bridge: Bridge) -> dict[str, int]:
    async with (
        served_metrics(bridge.app[REGISTRY], "127.0.0.1", 0, http_logger) as site,
        bridge.session.get(f"{site.name}/metrics") as response,
    ):
        assert response.content_type == "text/plain"
        text = await response.text()
    name = "minutekeeper_deliveries_total"
    assert f"# HELP {name} " in text
    lines = [line for line in text.splitlines() if line.startswith(name)]
    return {line.removeprefix(name).rpartition(" ")[0]: round(float(line.rpartition(" ")[2])) for line in lines}


async def deliver_one_of_each(bridge: Bridge, workflow_id: str) -> None:
    await bridge.to_bot(workflow_id, status())
    await bridge.to_bot(workflow_id, status("in_waiting_room"))
    await bridge.to_bot("meeting-of-nobody", status())
    await bridge.to_bot(workflow_id, {"event": "bot.dances", "data": {}})
    await bridge.to_bot(workflow_id, b"nonsense")
    await bridge.to_bot(workflow_id, status(), headers=WRONG)
    await bridge.to_account(status(), headers={})
    await bridge.post(bridge.address(workflow_id, secret="another secret"), status())
    async with bridge.session.post(
        f"{bridge.url}/bridge{account_webhook_path('meetingbaas')}", json=status()
    ) as response:
        assert response.status == 404


async def test_every_delivery_is_counted_by_what_became_of_it(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    assert await counts(bridge) == {}
    await deliver_one_of_each(bridge, workflow_id)
    assert await counts(bridge) == {
        '{answer="200",outcome="delivered"}': 2,
        '{answer="200",outcome="no such workflow"}': 1,
        '{answer="200",outcome="ignored"}': 1,
        '{answer="400",outcome="Bad Request"}': 1,
        '{answer="401",outcome="wrong or missing key"}': 2,
        '{answer="401",outcome="wrong token"}': 1,
        '{answer="404",outcome="no such address"}': 1,
    }


async def test_what_waits_for_temporal_is_counted_as_such(store: ArtifactStore) -> None:
    client = await Client.connect(DEAD, lazy=True, plugins=[plugin()])
    async with running_bridge(client, store) as bridge:
        await bridge.to_bot("meeting-1", status())
        assert await counts(bridge) == {'{answer="200",outcome="Temporal down"}': 1}


async def test_refusals_are_told_together_with_what_may_be_wrong(
    client: Client, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> str:
        return "\n".join(each.getMessage() for each in caplog.records if each.name == "bridge.middleware")

    async def are_told(count: int) -> bool:
        """In one line or two: the minute, which is a moment here, may end in between."""
        return sum(map(int, re.findall(r"(\d+) x ", told()))) == count

    monkeypatch.setattr("bridge.middleware._EVERY_SECONDS", 0.5)
    caplog.set_level(logging.WARNING)
    async with running_bridge(client, store) as bridge:
        await deliver_one_of_each(bridge, "meeting-x")
        await eventually(lambda: are_told(5))
        assert "Deliveries refused in the last 0.5 seconds: " in told()
        assert "x wrong or missing key (MEETINGBAAS_API_KEY is not the key" in told()
        assert "1 x wrong token (the worker that sent the bot has another BRIDGE_SECRET" in told()
        assert "1 x no such address (BRIDGE_PUBLIC_URL" in told()
        await bridge.to_account(status(), headers=WRONG)
        await eventually(lambda: are_told(6))


async def test_whether_an_address_is_known_can_be_asked_without_a_key(bridge: Bridge, store: ArtifactStore) -> None:
    for secret, answer in ((SECRET, 200), ("another", 401)):
        async with bridge.session.get(bridge.address("meeting-1", secret=secret)) as response:
            assert response.status == answer
    assert await stored(store) == []
    assert await counts(bridge) == {}
