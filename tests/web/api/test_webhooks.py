"""Endpoints of outgoing events over HTTP: managing them needs a key with the scope admin."""

from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from minutekeeper.deliveries.delivery import DeliveryEnd
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.store import ArtifactStore
from tests.starter.delivery_support import an_event, delivery_worker
from tests.starter.support import SECRET, eventually
from tests.web.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEBHOOKS = "/api/v1/webhooks"


async def test_an_endpoint_is_added_changed_and_removed(api: Api) -> None:
    body = {"url": "https://crm.example.com/events?team=1", "name": "api-crm", "include": ["meeting_url"]}
    status, headers, added = await api.ask("POST", WEBHOOKS, body)
    assert status == 201
    path = f"{WEBHOOKS}/{added['endpoint_id']}"
    assert headers["Location"] == path
    assert added["secret"] == endpoint_secret(SECRET, added["endpoint_id"], 1)
    assert added["types"] == ["meeting.completed", "meeting.failed", "meeting.cancelled"]
    assert added["format"] == "standard"
    status, _, again = await api.ask("POST", WEBHOOKS, body)
    assert (status, again["code"]) == (409, "endpoint_exists")

    status, _, shown = await api.ask("GET", path)
    assert (status, shown) == (200, {name: value for name, value in added.items() if name != "secret"})
    _, _, listed = await api.ask("GET", WEBHOOKS)
    assert shown in listed["items"]
    change = {"types": ["meeting.moved", "meeting.moved"], "include": [], "format": "slack", "enabled": False}
    status, _, changed = await api.ask("PATCH", f"{WEBHOOKS}/api-crm", change)
    assert (status, changed["types"], changed["include"]) == (200, ["meeting.moved"], [])
    assert (changed["enabled"], changed["disabled_why"]) == (False, "switched off by hand")
    assert (changed["format"], changed["name"], changed["url"]) == ("slack", "api-crm", body["url"])
    _, _, enabled = await api.ask("PATCH", path, {"enabled": True})
    assert enabled == changed | {"enabled": True, "disabled_why": ""}

    status, _, rotated = await api.ask("POST", f"{path}/rotate")
    assert (status, rotated["secret"]) == (200, endpoint_secret(SECRET, added["endpoint_id"], 2))
    assert rotated["previous_secret_until"] > rotated["created_at"]
    status, _, nothing = await api.ask("DELETE", path)
    assert (status, nothing) == (204, None)
    for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/rotate")):
        status, _, problem = await api.ask(method, where)
        assert (status, problem["code"], problem["detail"]) == (404, "not_found", "There is no such endpoint.")


@pytest.mark.parametrize(
    "url",
    [
        *("http://crm.example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3:8443/"),
        *("https://user:pa55@crm.example.com/", "https://user@crm.example.com/", "https://localhost/"),
        *("https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://2130706433/", "https://0x7f.1/"),
        *("ftp://crm.example.com/", "crm.example.com", "https:///path", "https://crm.example.com/#part"),
        *("https://crm.example.com/a b", "https://crm.example.com:99999/", "https://a.localhost./"),
    ],
)
async def test_events_go_to_public_addresses_by_https_alone(api: Api, url: str) -> None:
    status, _, problem = await api.ask("POST", WEBHOOKS, {"url": url})
    assert (status, problem["code"], [each["field"] for each in problem["errors"]]) == (422, "unsafe_url", ["url"])
    assert "pa55" not in problem["detail"]


async def test_what_is_not_understood_is_refused(api: Api) -> None:
    good = {"url": "https://crm.example.com/"}
    mistakes: tuple[dict[str, Any], ...] = (
        {"types": []},
        {"types": ["meeting.done"]},
        {"types": ["webhook.test"]},
        {"include": ["transcript"]},
        {"format": "xml"},
        {"secret": "mine"},
        {"form": "slack"},
        {"name": "two\nlines"},
    )
    for wrong in mistakes:
        status, _, problem = await api.ask("POST", WEBHOOKS, good | wrong)
        assert (status, problem["code"]) == (422, "invalid_request"), wrong
        assert {each["field"].partition(".")[0] for each in problem["errors"]} == wrong.keys()
    for method, path in (("GET", WEBHOOKS), ("POST", WEBHOOKS), ("DELETE", f"{WEBHOOKS}/ep_1")):
        status, _, problem = await api.ask(method, path, scope="steer")
        assert (status, problem["code"]) == (403, "scope_missing")


async def test_deliveries_are_listed_replayed_and_tried(api: Api, environment: WorkflowEnvironment) -> None:
    store = ArtifactStore((api.folder / "store").as_uri())
    _, _, added = await api.ask("POST", WEBHOOKS, {"url": "https://deliveries.example.com/"}, scope="admin")
    endpoint_id = added["endpoint_id"]
    path = f"{WEBHOOKS}/{endpoint_id}"
    for number, outcome in enumerate((DeliveryEnd.HELD, DeliveryEnd.DELIVERED, DeliveryEnd.FAILED), start=1):
        await DeliveryStore(store).write(an_event(endpoint_id, number, outcome, body='{"a secret": 1}'))
    status, _, listed = await api.ask(
        "GET", f"{path}/deliveries?outcome=held&from=2026-01-01T00:00:00Z", scope="admin"
    )
    assert (status, listed["complete"]) == (200, True)
    assert [each["event_id"] for each in listed["items"]] == ["evt_1"]
    assert "a secret" not in str(listed)
    status, _, problem = await api.ask("GET", f"{path}/deliveries?outcome=lost", scope="admin")
    assert (status, problem["code"]) == (422, "invalid_request")
    for method, where in (("GET", "deliveries/evt_9"), ("POST", "deliveries/evt_9/replay")):
        status, _, problem = await api.ask(method, f"{path}/{where}", scope="admin")
        assert (status, problem["detail"]) == (404, "There is no such delivery.")

    await api.ask("PATCH", path, {"enabled": False}, scope="admin")
    for where, body in (("test", None), ("replay", {}), ("deliveries/evt_1/replay", None)):
        status, _, problem = await api.ask("POST", f"{path}/{where}", body, scope="admin")
        assert (status, problem["code"]) == (409, "disabled")
    await api.ask("PATCH", path, {"enabled": True}, scope="admin")
    async with delivery_worker(environment.client, store):
        status, _, one = await api.ask("POST", f"{path}/deliveries/evt_1/replay", scope="admin")
        assert (status, one.get("outcome")) == (200, "pending"), one
        status, _, many = await api.ask("POST", f"{path}/replay", {"outcome": "failed"}, scope="admin")
        assert (status, many) == (200, {"replayed": 1, "under_way": 0, "left": 0})
        status, _, tested = await api.ask("POST", f"{path}/test", scope="admin")
        assert (status, tested["type"], tested["outcome"]) == (200, "webhook.test", "delivered")

        async def shown() -> set[str]:
            _, _, found = await api.ask("GET", f"{path}/deliveries?outcome=delivered", scope="admin")
            return {each["event_id"] for each in found["items"]}

        await eventually(shown, lambda found: found == {"evt_1", "evt_2", "evt_3", tested["event_id"]})
    _, _, delivery = await api.ask("GET", f"{path}/deliveries/evt_1", scope="admin")
    assert (delivery["outcome"], delivery["attempts"][0]["status_code"]) == ("delivered", 200)
