"""From a calendar to a booking by the simulated providers: connect, read, decide, move, cancel, lose access."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from pydantic import SecretStr

from minutekeeper.calendars.decisions import NO_OVERRIDES, decide
from minutekeeper.calendars.messages import FULL_SYNC, PendingChanges
from minutekeeper.calendars.plan import ChangeKind, PlannedChange, make_plan
from minutekeeper.calendars.policy import DEFAULT_POLICY
from minutekeeper.calendars.tracked_events import TrackedEvents, entry_for
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.calendar_base import CalendarCredentials, CalendarProvider
from minutekeeper.providers.calendar_reader import CalendarReader
from minutekeeper.providers.meetingbaas_v2.calendars import MeetingBaasV2Calendars
from minutekeeper.providers.meetingbaas_v2.http import MEETING_BAAS_V2
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.http import open_recall
from tests.devtools.simulator.meetingbaas_v2 import calendar_support as v2_support
from tests.devtools.simulator.meetingbaas_v2.support import V2Sim, running_v2
from tests.devtools.simulator.recall import calendar_support as recall_support
from tests.devtools.simulator.recall.support import Recall, running
from tests.devtools.simulator.support import KEY


@pytest_asyncio.fixture
async def recall_sim() -> AsyncIterator[Recall]:
    async with running() as sim:
        yield sim


@pytest_asyncio.fixture
async def v2_sim() -> AsyncIterator[V2Sim]:
    async with running_v2(speed=100, calendar_sync_interval=10**9) as sim:
        yield sim


def grant(given: dict[str, str]) -> CalendarCredentials:
    return CalendarCredentials(
        platform=CalendarPlatform.GOOGLE,
        client_id=given["oauth_client_id"],
        client_secret=SecretStr(given["oauth_client_secret"]),
        refresh_token=SecretStr(given["oauth_refresh_token"]),
    )


class Follower:
    """Reads a calendar as its workflow does, and takes every booking for made."""

    def __init__(self, calendars: CalendarProvider, calendar_id: str) -> None:
        self.reader = CalendarReader(calendars, calendar_id)
        self.tracked = TrackedEvents(calendar_id=calendar_id)
        self.cursor: datetime | None = None

    async def look(self, changes: PendingChanges) -> list[PlannedChange]:
        now = datetime.now(UTC)
        read = await self.reader.read(changes, self.cursor, self.tracked, now)
        entries = [entry_for(each, decide(DEFAULT_POLICY, NO_OVERRIDES, each, now)) for each in read.events]
        plan = make_plan(self.tracked, entries, now, complete=False, gone=read.gone)
        self.tracked, self.cursor = plan.events, read.cursor
        for change in plan.changes:
            if change.kind in {ChangeKind.BOOK, ChangeKind.UPDATE}:
                self.tracked = self.tracked.with_booking(change.meeting_id, change.event_id, change.desired)
            elif change.kind is ChangeKind.RELEASE:
                self.tracked = self.tracked.without_booking(change.meeting_id)
        return [change for change in plan.changes if change.kind is not ChangeKind.KEEP]


async def test_a_calendar_at_recall_is_followed(recall_sim: Recall) -> None:
    calendars = RecallCalendars(open_recall(recall_sim.url, KEY), recall_sim.url, email_pause=0.05)
    connected = await calendars.create_calendar(grant(await recall_support.credentials(recall_sim)))
    assert (connected.email, connected.calendar_id[:7]) == (recall_support.ANNA, "recall-")
    at_provider = connected.calendar_id.removeprefix("recall-")
    event = await recall_support.add(recall_sim, title="Planning", guests=[recall_support.BEN])
    await recall_support.sync(recall_sim, at_provider)
    follower = Follower(calendars, connected.calendar_id)
    [booked] = await follower.look(FULL_SYNC)
    assert (booked.kind, booked.desired.title) == (ChangeKind.BOOK, "Planning")
    assert booked.desired.meeting_url == recall_support.LINK
    await recall_sim.ok("POST", f"/_sim/calendars/events/{event}/cancel")
    await recall_support.sync(recall_sim, at_provider)
    [released] = await follower.look(PendingChanges(unnamed=True))
    assert (released.kind, released.meeting_id) == (ChangeKind.RELEASE, booked.meeting_id)
    assert await calendars.check_access() == ((connected.calendar_id,), ())
    await calendars.delete_calendar(connected.calendar_id)
    assert await calendars.calendars() == []
    await calendars.aclose()


async def test_a_calendar_at_meeting_baas_v2_is_followed(v2_sim: V2Sim) -> None:
    calendars = MeetingBaasV2Calendars(ApiConnection(MEETING_BAAS_V2, v2_sim.url, KEY))
    credentials = grant(await v2_support.account(v2_sim))
    connected = await calendars.create_calendar(credentials)
    assert (connected.email, connected.calendar_id[:15]) == (v2_support.ANNA, "meetingbaas-v2-")
    assert (await calendars.create_calendar(credentials)).calendar_id == connected.calendar_id, (
        "and not a second one"
    )
    at_provider = connected.calendar_id.removeprefix("meetingbaas-v2-")
    [event] = await v2_support.add(v2_sim, title="Planning", guests=[v2_support.BEN], link=v2_support.LINK)
    await v2_support.sync(v2_sim, at_provider)
    follower = Follower(calendars, connected.calendar_id)
    [booked] = await follower.look(FULL_SYNC)
    assert (booked.kind, booked.desired.title) == (ChangeKind.BOOK, "Planning")
    await v2_support.order(v2_sim, "POST", f"events/{event}/cancel")
    await v2_support.sync(v2_sim, at_provider)
    [released] = await follower.look(PendingChanges(event_ids=(booked.event_id,)))
    assert (released.kind, released.meeting_id) == (ChangeKind.RELEASE, booked.meeting_id)
    assert await calendars.check_access() == ((connected.calendar_id,), ())
    await calendars.delete_calendar(connected.calendar_id)
    assert await calendars.calendars() == []
    await calendars.aclose()


async def test_the_users_of_recall_decide_by_their_preferences(recall_sim: Recall) -> None:
    calendars = RecallCalendars(open_recall(recall_sim.url, KEY), recall_sim.url)
    users = calendars.users
    before = (await users.user("anna")).preferences
    assert not before.record_external
    after = (await users.set_preferences("anna", {"record_external": True})).preferences
    assert after.record_external
    assert [each async for each in users.meetings("anna")] == []
    assert (await users.user("anna")).connected_at("google") is None
    await calendars.aclose()
