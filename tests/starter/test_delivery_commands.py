"""`webhook test`, `deliveries` and `replay`, at Temporal, with a worker that tells what came of each try."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.deliveries.delivery import DeliveryAttempt, DeliveryEnd
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.store import ArtifactStore
from starter.endpoint_models import NewEndpoint
from starter.webhook_endpoints import WebhookClient
from tests.starter.delivery_support import REFUSING, an_event, delivery_worker
from tests.starter.support import SECRET, cli, eventually
from tests.starter.test_json import check

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


@pytest.fixture
def store(settings: pytest.MonkeyPatch, tmp_path: Path) -> ArtifactStore:
    settings.setenv("MINUTEKEEPER_WEBHOOK_SECRET", SECRET)
    return ArtifactStore((tmp_path / "store").as_uri())


@pytest_asyncio.fixture(loop_scope="session")
async def worker(environment: WorkflowEnvironment, store: ArtifactStore) -> AsyncIterator[None]:
    async with delivery_worker(environment.client, store):
        yield


async def an_endpoint(url: str = "https://crm.example.com/") -> str:
    return (await WebhookClient.from_settings().add(NewEndpoint(url=url))).endpoint_id


@pytest.mark.usefixtures("worker")
async def test_a_test_says_what_the_receiver_answers() -> None:
    good, bad = await an_endpoint(), await an_endpoint(REFUSING)
    taken = await cli("webhook", "test", good)
    assert (taken.code, taken.out) == (0, "The receiver answered 200 in 12 ms\n")
    refused = await cli("webhook", "test", bad)
    assert (refused.code, refused.out) == (1, "The receiver answered 500 in 12 ms: try later\n")
    told = (await cli("webhook", "test", good, "--json")).json
    check("webhook test", told)
    assert (told["type"], told["outcome"], len(told["attempts"])) == ("webhook.test", "delivered", 1)

    listed = await eventually(
        lambda: cli("webhook", "deliveries", bad, "--json"), lambda shown: len(shown.json["items"]) == 1
    )
    check("webhook deliveries", listed.json)
    (pending,) = listed.json["items"]
    assert (pending["outcome"], pending["attempts"][0]["answer"]) == ("pending", "try later")
    shown = await cli("webhook", "deliveries", bad, pending["event_id"])
    assert "answered 500 in 12 ms: try later" in shown.out
    assert "Next try" in shown.out
    again = await cli("webhook", "replay", bad, pending["event_id"])
    assert again.out == f"{pending['event_id']} is on its way again.\n"
    assert (await cli("webhook", "deliveries", good)).out.count("delivered") == 2


@pytest.mark.usefixtures("worker")
async def test_what_was_held_is_sent_once_the_endpoint_is_enabled(store: ArtifactStore) -> None:
    crm = await an_endpoint()
    deliveries = DeliveryStore(store)
    for number, outcome in enumerate(("held", "delivered", "held", "failed", "held"), start=1):
        await deliveries.write(an_event(crm, number, DeliveryEnd(outcome), workflow_id=f"meeting-{number}"))
    listed = await cli("webhook", "deliveries", crm)
    rows = [line.split()[:2] for line in listed.out.splitlines()[1:]]
    assert rows == [
        ["evt_1", "held"],
        ["evt_2", "delivered"],
        ["evt_3", "held"],
        ["evt_4", "failed"],
        ["evt_5", "held"],
    ]
    since = (datetime.now(UTC) - timedelta(minutes=3, seconds=30)).isoformat()
    for options, names in (
        (("--outcome", "held"), ["evt_1", "evt_3", "evt_5"]),
        (("--from", since, "--limit", "2"), ["evt_1", "evt_2"]),
        (("--to", since), ["evt_4", "evt_5"]),
    ):
        found = (await cli("webhook", "deliveries", crm, *options, "--json")).json
        assert [each["event_id"] for each in found["items"]] == names

    await cli("webhook", "disable", crm)
    for arguments in (("replay", crm, "evt_1"), ("replay", crm, "--outcome", "held"), ("test", crm)):
        assert f"minutekeeper webhook enable {crm}" in (await cli("webhook", *arguments, "--json")).error
    await cli("webhook", "enable", crm)
    one = (await cli("webhook", "replay", crm, "evt_2", "--json")).json
    check("webhook replay EVENT", one)
    assert one["outcome"] == "pending"
    told = (await cli("webhook", "replay", crm, "--outcome", "held", "--json")).json
    check("webhook replay", told)
    assert told == {"replayed": 3, "under_way": 0, "left": 0}

    async def delivered() -> set[str]:
        found = (await cli("webhook", "deliveries", crm, "--outcome", "delivered", "--json")).json
        return {each["event_id"] for each in found["items"]}

    await eventually(delivered, lambda found: found == {"evt_1", "evt_2", "evt_3", "evt_5"})
    assert (
        await cli("webhook", "replay", crm, "--from", "2020-01-01T00:00:00Z")
    ).out == "1 event on the way again.\n"
    await eventually(delivered, lambda found: "evt_4" in found)


async def test_mistakes_and_absences_are_told(store: ArtifactStore, settings: pytest.MonkeyPatch) -> None:
    crm = await an_endpoint()
    unknown = (await cli("webhook", "replay", crm, "evt_0", "--json")).error
    assert unknown == f"The event evt_0 was never on its way to {crm}."
    assert (await cli("webhook", "deliveries", crm)).out == "No deliveries.\n"
    for arguments in ((crm,), (crm, "evt_1", "--outcome", "held")):
        assert "name one event" in (await cli("webhook", "replay", *arguments, "--json")).error
    attempt = DeliveryAttempt(at=datetime.now(UTC), milliseconds=3, error="The name of the host is unknown.")
    await DeliveryStore(store).write(
        an_event(crm, 1, DeliveryEnd.FAILED, attempts=(attempt,), why="None of 10 tries.")
    )
    shown = await cli("webhook", "deliveries", crm, "evt_1")
    assert "The name of the host is unknown." in shown.out
    assert "None of 10 tries." in shown.out

    settings.setattr("starter.endpoint_deliveries._TEST_SECONDS", 2)
    error = (await cli("webhook", "test", crm, "--json")).error
    assert "No worker has sent the test" in error
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    away = await cli("webhook", "deliveries", crm)
    assert "evt_1" in away.out
    assert "Temporal does not answer" in away.out
