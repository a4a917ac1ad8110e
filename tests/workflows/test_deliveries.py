"""An event reaches its endpoint, whatever the receiver does, and the record says what was tried."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from activities import endpoint_requests
from minutekeeper.deliveries.delivery import DeliveryEnd
from minutekeeper.deliveries.events import OutgoingEvent, endpoint_test_event
from minutekeeper.deliveries.retry_schedule import PAUSES
from minutekeeper.storage.delivery_records import DeliveryKey, DeliveryStore, EndpointFailures
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.storage.store import ArtifactStore
from tests.deliveries.examples import an_endpoint, an_event
from tests.deliveries.receiver import Answer, Flood, Receiver, data_of, garbage, hang, reset, status
from tests.workflows.conftest import with_plugin
from tests.workflows.costs import cost_of
from tests.workflows.delivering import Deliveries, Sent, delivering

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as receiver:
        yield receiver


@pytest_asyncio.fixture(loop_scope="session")
async def world(env: WorkflowEnvironment, receiver: Receiver, tmp_path: Path) -> AsyncIterator[Deliveries]:
    store, client = ArtifactStore(tmp_path.as_uri()), with_plugin(env.client)
    endpoint = an_endpoint(endpoint_id=f"ep_{uuid.uuid4().hex[:8]}", url=receiver.url)
    await EndpointStore(store).put(endpoint)
    async with delivering(client, store):
        yield Deliveries(env, client, store, endpoint)


def some_event() -> OutgoingEvent:
    return an_event(uuid.uuid4().hex)


async def failed_once(sent: Sent, receiver: Receiver) -> None:
    """Until the first try is known to have failed."""
    await receiver.until(1)
    async with asyncio.timeout(10):
        while not (await sent.view()).next_attempt_at:  # noqa: ASYNC110 - the workflow is in another process
            await asyncio.sleep(0.02)


async def test_a_delivery_costs_two_actions_and_verifies_on_the_raw_bytes(
    world: Deliveries, receiver: Receiver
) -> None:
    event = some_event()
    sent = await world.start(event)
    assert await sent.handle.result() is DeliveryEnd.DELIVERED
    (got,) = receiver.received
    assert got.verified(world.secret)["data"] == data_of(got)
    assert (got.event_id, got.headers["content-type"]) == (event.event_id, "application/json")
    record = await sent.record()
    assert [each.status_code for each in record.attempts] == [200]
    assert record.body.encode() == got.body
    history = await sent.handle.fetch_history()
    # An attempt that a stopped worker had taken is no part of it.
    actions = cost_of(history.events).actions - Counter(RETRY=9)
    assert actions == Counter(WORKFLOW_EXECUTION_STARTED=1, ACTIVITY_TASK_SCHEDULED=1)
    for secret in (world.secret, world.secret.removeprefix("whsec_"), "s3cret"):
        assert secret not in history.to_json()
    # The same event, announced again, is not sent again.
    await world.start(event)
    assert len(receiver.received) == 1


async def test_a_test_of_an_endpoint_is_tried_once(world: Deliveries, receiver: Receiver) -> None:
    receiver.answers = [status(500, "not yet")]
    at = datetime.now(UTC)
    sent = await world.start(endpoint_test_event(world.endpoint.endpoint_id, 1, at, "https://minutes.example"))
    assert await sent.handle.result() is DeliveryEnd.FAILED
    assert [each.status_code for each in (await sent.record()).attempts] == [500]


@pytest.mark.parametrize(
    ("answer", "code", "kept"),
    [
        (
            status(500, "down\x00 for\nmaintenance https://x.example/y?sig=1"),
            500,
            "down for maintenance https://x.example/y",
        ),
        (status(302, "", Location="http://127.0.0.1:1/inner"), 302, ""),
        (status(404, "x" * 5000), 404, "x" * 1024),
        (reset, None, "The connection was closed before there was an answer."),
        (garbage, None, "The answer is not HTTP."),
        (hang, None, "There was no answer within 0.3 seconds."),
    ],
    ids=["500", "302", "long", "reset", "garbage", "hang"],
)
async def test_a_try_that_fails_is_repeated_under_the_same_id(  # noqa: PLR0917 - cases
    world: Deliveries,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    code: int | None,
    kept: str,
) -> None:
    if answer is hang:
        monkeypatch.setattr(endpoint_requests, "ATTEMPT_SECONDS", 0.3)
    receiver.answers = [answer, status(204)]
    sent = await world.start(some_event())
    await failed_once(sent, receiver)
    await sent.forward(seconds=6)
    assert await sent.handle.result() is DeliveryEnd.DELIVERED
    first, second = receiver.received
    assert (first.event_id, first.body) == (second.event_id, second.body)
    assert second.verified(world.secret)
    record = await sent.record()
    assert [each.status_code for each in record.attempts] == [code, 204]
    assert record.attempts[0].answer + record.attempts[0].error == kept


@pytest.mark.parametrize("code", [200, 500])
async def test_an_endless_answer_is_not_read(world: Deliveries, receiver: Receiver, code: int) -> None:
    flood = Flood(code)
    receiver.answers = [flood, status(200)]
    sent = await world.start(some_event())
    if code == 500:
        await failed_once(sent, receiver)
        await sent.forward(seconds=6)
    assert await sent.handle.result() is DeliveryEnd.DELIVERED
    assert flood.sent < 32 * 2**20
    assert len(receiver.received) == (1 if code == 200 else 2)
    assert len((await sent.record()).attempts[0].answer) <= 1024


async def test_a_receiver_can_ask_for_a_pause(world: Deliveries, receiver: Receiver) -> None:
    receiver.answers = [status(429, "later", Retry_After="3600"), status(200)]
    sent = await world.start(some_event())
    await failed_once(sent, receiver)
    view = await sent.view()
    assert view.next_attempt_at is not None
    assert view.next_attempt_at - await world.env.get_current_time(sent.handle) > timedelta(minutes=59)
    await sent.forward(minutes=59)
    assert len(receiver.received) == 1
    await sent.forward(minutes=2)
    assert await sent.handle.result() is DeliveryEnd.DELIVERED


async def test_ten_tries_in_three_days_and_then_the_event_has_failed(world: Deliveries, receiver: Receiver) -> None:
    receiver.answers = [status(503, "away")]
    sent = await world.start(some_event())
    await sent.forward(days=4)
    assert await sent.handle.result() is DeliveryEnd.FAILED
    record = await sent.record()
    assert (record.why, len(record.attempts)) == ("None of 10 tries.", 10)
    assert len({each.event_id for each in receiver.received}) == 1
    described = await sent.handle.describe()
    assert described.close_time is not None
    took = described.close_time - described.start_time
    assert sum(PAUSES, timedelta()) * 0.9 < took < sum(PAUSES, timedelta()) * 1.1
    # A replay sends it once more, with the same id, and adds its tries to the record.
    receiver.answers = [status(200)]
    replayed = await world.start(some_event_like(sent), replay=True)
    assert await replayed.handle.result() is DeliveryEnd.DELIVERED
    assert receiver.received[-1].event_id == sent.delivery.event_id
    assert len((await replayed.record()).attempts) == 11


def some_event_like(sent: Sent) -> OutgoingEvent:
    return an_event(sent.delivery.workflow_id.removeprefix("meeting-"))


async def test_410_disables_the_endpoint_and_what_comes_is_held(world: Deliveries, receiver: Receiver) -> None:
    receiver.answers = [status(410)]
    first = await world.start(some_event())
    assert await first.handle.result() is DeliveryEnd.HELD
    assert "410" in (await world.endpoint_now()).disabled_why
    second = await world.start(some_event())
    assert await second.handle.result() is DeliveryEnd.HELD
    assert (await second.record()).attempts == ()
    assert len(receiver.received) == 1
    held = await DeliveryStore(world.store).found_by(DeliveryKey.ENDPOINT, world.endpoint.endpoint_id)
    assert {each.outcome for each in held} == {DeliveryEnd.HELD}


async def test_five_days_of_failures_disable_unless_one_arrives(world: Deliveries, receiver: Receiver) -> None:
    failures, name = EndpointFailures(world.store), world.endpoint.endpoint_id
    now = datetime.now(UTC)
    await failures.note_failure(name, now - timedelta(days=6))
    assert await (await world.start(some_event())).handle.result() is DeliveryEnd.DELIVERED
    receiver.answers = [status(500)]
    sent = await world.start(some_event())
    await failed_once(sent, receiver)
    assert (await world.endpoint_now()).is_enabled
    await failures.note_success(name)
    await failures.note_failure(name, now - timedelta(days=6))
    await sent.forward(seconds=6)
    assert await sent.handle.result() is DeliveryEnd.HELD
    assert "all deliveries have failed since" in (await world.endpoint_now()).disabled_why


async def test_an_endpoint_has_four_deliveries_at_a_time(world: Deliveries, receiver: Receiver) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await status(200)(writer)

    receiver.answers = [slow]
    sent = await asyncio.gather(*(world.start(some_event()) for _ in range(12)))
    await asyncio.gather(*(each.handle.result() for each in sent))
    assert receiver.most_at_once == 4


async def test_a_removed_endpoint_gets_nothing(world: Deliveries, receiver: Receiver) -> None:
    await EndpointStore(world.store).remove(world.endpoint.endpoint_id)
    sent = await world.start(some_event())
    assert await sent.handle.result() is DeliveryEnd.REMOVED
    assert receiver.received == []


async def test_every_event_of_a_day_without_the_receiver_arrives_once_under_one_id(
    world: Deliveries, receiver: Receiver
) -> None:
    receiver.answers = [status(503, "away")]
    sent = await asyncio.gather(*(world.start(some_event()) for _ in range(20)))
    await asyncio.gather(*(each.forward(hours=24) for each in sent))
    receiver.answers, away = [status(200)], len(receiver.received)
    await asyncio.gather(*(each.forward(hours=14) for each in sent))
    assert {await each.handle.result() for each in sent} == {DeliveryEnd.DELIVERED}
    wanted = sorted(each.delivery.event_id for each in sent)
    assert {each.event_id for each in receiver.received[:away]} == set(wanted)
    assert sorted(each.event_id for each in receiver.received[away:]) == wanted
