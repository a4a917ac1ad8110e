"""A meeting that has not changed costs no query, however often it is asked for."""

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import make_mocked_request
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.temporal.worker_connection import plugin
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import a_request, eventually, target_of
from tests.web.counted_calls import Counted
from web.api.handlers import ApiRequest, ApiResponse, MeetingHandlers
from web.api.models import WaitQuery

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
        return await handlers.show(ApiRequest(booked.workflow_id, "", WaitQuery(), None, known, http, lambda: True))

    tag = (await shown()).headers[hdrs.ETAG].strip('"')
    while (now := (await shown()).headers[hdrs.ETAG].strip('"')) != tag:
        tag = now
    await eventually(lambda: shown(tag), lambda answer: answer.status == 304)
    counted.queries.clear()
    answers = [await shown(tag) for _ in range(100)]
    assert {answer.status for answer in answers} == {304}
    assert counted.queries == {}
    assert counted.described[booked.workflow_id] >= 100
