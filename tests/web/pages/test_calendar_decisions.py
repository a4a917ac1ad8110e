"""Which calendar wants a meeting, on its page: one connection for all views, and one question for half a minute."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import MultiDict
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.storage.store import ArtifactStore
from starter.calendars.client import CalendarClient
from starter.calendars.explain import EventExplanation
from starter.errors import ProviderRefusedError
from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import an_outcome, eventually
from tests.web.pages.played_meetings import booked
from web.access.roles import Role
from web.access.visitor import Visitor
from web.pages.calendar_decisions import CalendarDecisions
from web.pages.meeting_page import MeetingPages
from web.pages.route import PageRequest
from web.shared_calendars import SharedCalendars
from web.stored_files import StoredFiles

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Calendars:
    """A client that counts what it is asked, and how often it is opened."""

    def __init__(self) -> None:
        self.opened = 0
        self.asked: list[tuple[str, str]] = []
        self.is_away = False
        self.now = 0.0
        self._shared = SharedCalendars(self._open)
        self.decisions = CalendarDecisions(self._shared.connected, lambda: self.now)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[CalendarClient]:
        self.opened += 1
        yield cast("CalendarClient", self)

    async def explain(self, calendar: str, event: str) -> EventExplanation:
        self.asked.append((calendar, event))
        if self.is_away:
            raise ProviderRefusedError("away")
        told = SimpleNamespace(reason=f"Its title says so ({len(self.asked)}).", rule="titles")
        return cast("EventExplanation", told)


async def test_views_share_a_connection_and_a_decision(environment: WorkflowEnvironment, tmp_path: Path) -> None:
    calendars, client = Calendars(), TemporalMeetingClient(environment.client, lambda: None)
    meeting = await booked(environment, 55)
    claim = ClaimingCalendar(calendar_id="cal-1", event_id="event-1")
    await meeting.play(status=MeetingStatus.SCHEDULED, calendars=(claim,))

    async def connected() -> TemporalMeetingClient:
        return client

    stored = StoredFiles(partial(ArtifactStore, tmp_path.as_uri()))
    pages = MeetingPages(connected, stored, calendars.decisions, "")

    async def shown() -> str:
        http = make_mocked_request("GET", "/meetings/a", match_info={"id": meeting.workflow_id})
        page = await pages.show(PageRequest(http, Visitor(name="a", role=Role.LOOK), MultiDict(), ""))
        assert isinstance(page, web.Response)
        return page.text or ""

    for _ in range(2):
        await eventually(shown, lambda page: "Its title says so (1)." in page)
    assert (calendars.opened, calendars.asked) == (1, [("cal-1", "event-1")])
    calendars.now = 31
    assert "Its title says so (2)." in await shown()
    calendars.now, calendars.is_away = 62, True
    page = await shown()
    assert ("event-1" in page, "Its title says so" in page, calendars.opened) == (True, False, 1)
    await meeting.play(outcome=an_outcome(meeting.workflow_id, MeetingStatus.CANCELLED))
