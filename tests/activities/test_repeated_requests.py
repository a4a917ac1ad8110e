"""A provider that answers repeats of a request with the first one's bot: what is repeated, and under which key."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from temporalio.exceptions import ApplicationError

from activities.bots import BotActivities
from activities.errors import NO_CAPACITY
from minutekeeper.meetings.dispatch import DispatchedBot, SendBotInput
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.registry import Providers
from tests.activities.test_bots import a_bot, an_attempt, order
from tests.providers.recall.support import open_provider
from tests.providers.response_server import Answer, ToldServer

CREATED = Answer({"id": "b-1", "join_at": None, "status_changes": []}, status=201)
NO_MACHINE = Answer({"code": "adhoc_pool_depleted"}, status=507)
NOBODY = Answer({"results": []})


@pytest.fixture
async def server() -> AsyncIterator[ToldServer]:
    told = ToldServer()
    runner = web.ServerRunner(web.Server(told.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield told
    await runner.cleanup()


@pytest.fixture
async def recall(server: ToldServer) -> AsyncIterator[RecallProvider]:
    provider = open_provider(server.url)
    yield provider
    await provider.aclose()


def wanted(**fields: Any) -> SendBotInput:
    now = datetime.now(UTC)
    return order(start_time=now, requested_at=now, **fields)


class Attempts:
    """The attempts of one activity, as Temporal would make them."""

    def __init__(self, recall: RecallProvider, request: SendBotInput) -> None:
        self._bots = BotActivities(Providers([recall]), public_url="https://bridge.example", secret="s3cret")
        self._request = request
        self._number = 0
        self._heartbeat: list[Any] = []

    async def next(self) -> DispatchedBot | ApplicationError:
        self._number += 1
        environment = an_attempt(
            attempt=self._number,
            heartbeat_details=self._heartbeat,
            schedule_to_close_timeout=timedelta(hours=1),
        )
        beats: list[Any] = []
        environment.on_heartbeat = lambda *details: beats.append(list(details))
        try:
            sent = a_bot(await environment.run(self._bots.send_bot, self._request))
        except ApplicationError as error:
            return error
        finally:
            self._heartbeat = beats[-1] if beats else self._heartbeat
        return sent


def calls(server: ToldServer) -> list[str]:
    return [asked.method for asked in server.asked]


def keys(server: ToldServer) -> list[str]:
    return [asked.headers["idempotency-key"] for asked in server.asked if asked.method == "POST"]


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    recall: RecallProvider, server: ToldServer
) -> None:
    attempts = Attempts(recall, wanted())
    server.tell(Answer(cut=True), Answer({"code": "conflict"}, status=409), CREATED)
    assert isinstance(await attempts.next(), ApplicationError)
    assert isinstance(await attempts.next(), ApplicationError)
    sent = await attempts.next()
    assert isinstance(sent, DispatchedBot)
    assert calls(server) == ["POST"] * 3
    assert len(set(keys(server))) == 1


async def test_without_a_machine_each_attempt_is_a_new_request(recall: RecallProvider, server: ToldServer) -> None:
    attempts = Attempts(recall, wanted())
    server.tell(NO_MACHINE, NO_MACHINE, CREATED)
    for _ in range(2):
        refused = await attempts.next()
        assert isinstance(refused, ApplicationError)
        assert (refused.type, refused.details[0], refused.next_retry_delay) == (
            NO_CAPACITY,
            True,
            timedelta(seconds=30),
        )
    assert isinstance(await attempts.next(), DispatchedBot)
    assert calls(server) == ["POST"] * 3
    assert len(set(keys(server))) == 3


async def test_a_refusal_holds_for_the_repeat_whose_answer_was_lost(
    recall: RecallProvider, server: ToldServer
) -> None:
    attempts = Attempts(recall, wanted())
    server.tell(Answer(cut=True), NO_MACHINE, CREATED)
    assert isinstance(await attempts.next(), ApplicationError)
    refused = await attempts.next()
    assert isinstance(refused, ApplicationError)
    assert refused.details[0] is True, "the answer is that of the first request"
    assert isinstance(await attempts.next(), DispatchedBot)
    first, repeat, other = keys(server)
    assert first == repeat != other
    assert calls(server) == ["POST"] * 3


async def test_a_request_of_an_earlier_activity_is_looked_for(recall: RecallProvider, server: ToldServer) -> None:
    attempts = Attempts(recall, wanted(search_first=True))
    server.tell(NOBODY, NOBODY, NO_MACHINE, NOBODY, NOBODY, CREATED)
    refused = await attempts.next()
    assert isinstance(refused, ApplicationError)
    assert refused.details[0] is False
    assert isinstance(await attempts.next(), DispatchedBot)
    assert calls(server) == ["GET", "GET", "POST"] * 2
    assert len(set(keys(server))) == 2


async def test_what_the_provider_may_have_forgotten_is_looked_for(
    recall: RecallProvider, server: ToldServer
) -> None:
    attempts = Attempts(recall, wanted(first_requested_at=datetime.now(UTC) - timedelta(minutes=51)))
    server.tell(Answer(cut=True), NOBODY, NOBODY, CREATED)
    assert isinstance(await attempts.next(), ApplicationError)
    assert isinstance(await attempts.next(), DispatchedBot)
    assert calls(server) == ["POST", "GET", "GET", "POST"]


async def test_without_a_machine_the_request_is_a_new_one_also_after_a_search(
    recall: RecallProvider, server: ToldServer
) -> None:
    attempts = Attempts(recall, wanted(first_requested_at=datetime.now(UTC) - timedelta(minutes=51)))
    server.tell(Answer(cut=True), NOBODY, NOBODY, NO_MACHINE, CREATED)
    assert isinstance(await attempts.next(), ApplicationError)
    refused = await attempts.next()
    assert isinstance(refused, ApplicationError)
    assert refused.type == NO_CAPACITY
    assert isinstance(await attempts.next(), DispatchedBot)
    first, repeat, other = keys(server)
    assert first == repeat != other
