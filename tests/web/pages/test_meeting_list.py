"""What the list of meetings says of failed ones, and how many lists are made at a time."""

import asyncio
from typing import cast

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.client import MeetingClient
from starter.meeting_models import MeetingSummary
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import an_outcome, eventually
from tests.web.pages.played_meetings import booked
from web.access.roles import Role
from web.access.visitor import Visitor
from web.page_error import PageError
from web.pages import meeting_list_page
from web.pages.meeting_list_page import MeetingListPage
from web.pages.route import PageRequest

pytestmark = pytest.mark.asyncio(loop_scope="session")


def a_request(address: str) -> PageRequest:
    return PageRequest(make_mocked_request("GET", address), Visitor(name="a", role=Role.LOOK), MultiDict(), "")


async def test_a_failed_meeting_that_still_runs_does_not_hold_up_the_list(environment: WorkflowEnvironment) -> None:
    client = TemporalMeetingClient(environment.client, lambda: None)

    async def connected() -> TemporalMeetingClient:
        return client

    async def rows() -> list[str]:
        async with asyncio.timeout(20):
            page = await MeetingListPage(connected).show(a_request("/meetings?title=unlucky&status=failed"))
        assert page.text is not None
        return page.text.split("<tr")[2:]

    running, over = [await booked(environment, 50, f"Unlucky {name}") for name in ("fetches", "ended")]
    await running.play(status=MeetingStatus.FAILED, leaves_attribute=True)
    await over.play(outcome=an_outcome(over.workflow_id, MeetingStatus.FAILED, reason=FailureReason.NOT_ACCEPTED))
    found = await eventually(rows, lambda found: len(found) == 2)
    assert ["Bot was refused entry" in each for each in found] == ["ended" in each for each in found]
    assert any("Bot was refused entry" in each for each in found)
    await running.play(outcome=an_outcome(running.workflow_id, MeetingStatus.CANCELLED))


class SlowMeetings:
    """A client whose lists take until they may end."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.asked = asyncio.Semaphore(0)
        self.may_end = asyncio.Event()

    async def list(self, *, title: str, **_: object) -> list[MeetingSummary]:
        self.titles.append(title)
        self.asked.release()
        if title:
            await self.may_end.wait()
        return []

    async def connected(self) -> MeetingClient:
        return cast("MeetingClient", self)


async def test_two_lists_with_conditions_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    meetings = SlowMeetings()
    page = MeetingListPage(meetings.connected)

    asked = [asyncio.create_task(page.show(a_request(f"/meetings?title={each}"))) for each in "abc"]
    for _ in range(2):
        await asyncio.wait_for(meetings.asked.acquire(), 20)
    assert (await page.show(a_request("/meetings"))).status == 200
    monkeypatch.setattr(meeting_list_page, "_SCAN_PATIENCE_SECONDS", 0.01)
    with pytest.raises(PageError, match="This list has to wait"):
        await page.show(a_request("/meetings?title=d"))
    assert meetings.titles == ["a", "b", ""]
    meetings.may_end.set()
    assert {each.status for each in await asyncio.gather(*asked)} == {200}
    assert meetings.titles == ["a", "b", "", "c"]
