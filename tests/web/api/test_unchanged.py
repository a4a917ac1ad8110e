"""A meeting that has not changed costs no query, however often it is asked for, and few may wait for a change."""

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import make_mocked_request
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from minutekeeper.api_keys import ApiKeyFile, ApiScope
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.temporal.worker_connection import plugin
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import a_request, eventually, target_of
from tests.web.api.test_meetings import MEETINGS, booking, settled
from tests.web.conftest import Api
from tests.web.counted_calls import Counted
from web.api.handlers import ApiRequest, ApiResponse, MeetingHandlers
from web.api.models import WaitQuery
from web.api.problems import ProblemError
from web.api.waiting import MOST_OF_KEY, WaitingRequests

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_hundred_conditional_requests_cost_no_query(environment: WorkflowEnvironment) -> None:
    counted = Counted()
    client = await Client.connect(target_of(environment.client), plugins=[plugin()], interceptors=[counted])
    meetings = TemporalMeetingClient(client, lambda: None)
    booked = await meetings.start(a_request(450))

    async def connected() -> TemporalMeetingClient:
        return meetings

    handlers = MeetingHandlers(connected, DEFAULT_DISPATCH_TIMING)

    async def shown(known: str = "") -> ApiResponse:
        http = make_mocked_request("GET", "/")
        request = ApiRequest("", booked.workflow_id, "", WaitQuery(), None, known, http, lambda: True)
        return await handlers.show(request)

    tag = (await shown()).headers[hdrs.ETAG].strip('"')
    while (now := (await shown()).headers[hdrs.ETAG].strip('"')) != tag:
        tag = now
    await eventually(lambda: shown(tag), lambda answer: answer.status == 304)
    counted.queries.clear()
    answers = [await shown(tag) for _ in range(100)]
    assert {answer.status for answer in answers} == {304}
    assert counted.queries == {}
    assert counted.described[booked.workflow_id] >= 100


async def test_a_key_may_have_twenty_requests_wait_and_those_that_hang_up_do_not_count(api: Api) -> None:
    api.keys["waiting"] = ApiKeyFile(api.folder / "keys.json").add("w", (ApiScope.READ,), datetime.now(UTC), None)
    _, _, booked = await api.ask("POST", MEETINGS, booking(451))
    known = {"If-None-Match": await settled(api, booked["url"])}

    async def waited(scope: str = "waiting", seconds: int = 50) -> tuple[int, Any, Any]:
        return await api.ask("GET", f"{booked['url']}?wait={seconds}", scope=scope, headers=known)

    patient = [asyncio.create_task(waited()) for _ in range(MOST_OF_KEY + 1)]
    (refused,), others = await asyncio.wait(patient, return_when=asyncio.FIRST_COMPLETED)
    status, headers, problem = refused.result()
    assert (status, problem["code"], headers["Retry-After"]) == (429, "too_many_requests", "5")
    assert (await waited("read", seconds=1))[0] == 304
    assert (await waited(seconds=0))[0] == 304
    for each in others:
        each.cancel()
    await asyncio.wait(others)
    await eventually(lambda: waited(seconds=1), lambda answer: answer[0] == 304, tries=100)


async def test_two_hundred_requests_of_all_keys_may_wait() -> None:
    waiting = WaitingRequests()
    with ExitStack() as stack:
        for number in range(200):
            stack.enter_context(waiting.one_of(f"key {number % 50}"))
        with pytest.raises(ProblemError, match="200 requests wait"), waiting.one_of("another"):
            pass
    with waiting.one_of("another"):
        pass
