"""What the list of meetings says of failed ones."""

import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import an_outcome, eventually
from tests.web.pages.played_meetings import booked
from web.access.roles import Role
from web.access.visitor import Visitor
from web.pages.meeting_list_page import MeetingListPage
from web.pages.route import PageRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_failed_meeting_that_still_runs_does_not_hold_up_the_list(environment: WorkflowEnvironment) -> None:
    client = TemporalMeetingClient(environment.client, lambda: None)

    async def connected() -> TemporalMeetingClient:
        return client

    async def rows() -> list[str]:
        asked = PageRequest(
            make_mocked_request("GET", "/meetings?title=unlucky&status=failed"),
            Visitor(name="a", role=Role.LOOK),
            MultiDict(),
            "",
        )
        async with asyncio.timeout(20):
            page = await MeetingListPage(connected).show(asked)
        assert page.text is not None
        return page.text.split("<tr")[2:]

    running, over = [await booked(environment, 50, f"Unlucky {name}") for name in ("fetches", "ended")]
    await running.play(status=MeetingStatus.FAILED, leaves_attribute=True)
    await over.play(outcome=an_outcome(over.workflow_id, MeetingStatus.FAILED, reason=FailureReason.NOT_ACCEPTED))
    found = await eventually(rows, lambda found: len(found) == 2)
    assert ["Bot was refused entry" in each for each in found] == ["ended" in each for each in found]
    assert any("Bot was refused entry" in each for each in found)
    await running.play(outcome=an_outcome(running.workflow_id, MeetingStatus.CANCELLED))
