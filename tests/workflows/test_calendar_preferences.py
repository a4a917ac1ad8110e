"""A calendar that comes back under another id is decided as before."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowUpdateFailedError

from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.messages import (
    CalendarStatus,
    CalendarView,
    DisconnectRequest,
    OverrideChange,
    PolicyChange,
)
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.preferences import PolicySource
from minutekeeper.calendars.user_connection import CalendarPlatform, ConnectionClaim
from minutekeeper.meetings.ids import PREFERENCES
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.calendar_base import (
    AvailableCalendar,
    CalendarCredentials,
    CalendarProvider,
    ConnectedCalendar,
)
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore
from starter.calendars.connect import CalendarAccount, ConnectResult, connect_calendar
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.scripted_calendars import ScriptedCalendars

pytestmark = pytest.mark.asyncio(loop_scope="session")

GRANT = CalendarCredentials(
    platform=CalendarPlatform.GOOGLE, client_id="app", client_secret=SecretStr("s"), refresh_token=SecretStr("t")
)
ONLY_CUSTOMERS = {
    "my_domains": ["acme.com"],
    "rules": [{"name": "customers", "when": {"attendees": {"external": True}}, "then": "record"}],
    "otherwise": "skip",
}


class ScriptedAccount(ScriptedCalendars):
    """The account of a user with one calendar, which has another id each time that it is connected."""

    def __init__(self, seen: ScriptedCalendars, key: str) -> None:
        self.__dict__ = seen.__dict__
        self._email = f"anna-{key}@acme.com"
        self._connected: list[ConnectedCalendar] = []

    async def list_available_calendars(self, _credentials: CalendarCredentials) -> list[AvailableCalendar]:
        return [AvailableCalendar(raw_id=self._email, email=self._email, is_primary=True)]

    async def create_calendar(
        self, _credentials: CalendarCredentials, raw_id: str | None = None
    ) -> ConnectedCalendar:
        calendar_id = f"anna-{uuid.uuid4()}"
        self._connected = [
            ConnectedCalendar(calendar_id=calendar_id, name="Anna", email=self._email, raw_id=raw_id or "")
        ]
        return self._connected[0]

    async def calendars(self) -> list[ConnectedCalendar]:
        return [each for each in self._connected if each.calendar_id not in {*self.deleted, *self.unknown}]

    async def update_credentials(self, calendar_id: str, _credentials: CalendarCredentials) -> ConnectedCalendar:
        return next(each for each in self._connected if each.calendar_id == calendar_id)


class User:
    """A user at a command line who connects a calendar of theirs again and again."""

    def __init__(self, world: World) -> None:
        self.world = world
        store = ArtifactStore(world.folder.as_uri())
        provider = CalendarProviders([cast("CalendarProvider", ScriptedAccount(world.calendars, world.key[:8]))])
        preferences = CalendarPreferencesStore(store)
        self._account = CalendarAccount(
            world.client,
            provider,
            UserConnectionStore(store),
            preferences,
        )

    async def connect(self, policy: Policy | None = None, *, default: Policy | None = None) -> ConnectResult:
        account = self._account._replace(default_policy=default) if default else self._account
        return await connect_calendar(account, GRANT, None, policy)

    async def opened(self, connected: ConnectResult) -> Calendar:
        """The calendar after its first look."""
        handle = self.world.client.get_workflow_handle(connected.workflow_id)
        calendar = Calendar(self.world.env, self.world.client, connected.calendar_id, handle, self.world)
        self.world.open.append(calendar)
        await calendar.forward(seconds=3)
        await calendar.until(lambda view: view.reconcile_count >= 1)
        return calendar


async def decide(calendar: Calendar) -> None:
    """An event that the policy leaves out and an override wants, and one for the other way round."""
    planning = calendar.put("planning")
    offer = calendar.put("offer", attendees=[{"email": "bob@customer.example"}])
    await calendar.update("set_policy", PolicyChange(policy=ONLY_CUSTOMERS))
    await calendar.update("override", OverrideChange(meeting_id=meeting_id_for_event(planning), wanted="always"))
    await calendar.update("override", OverrideChange(meeting_id=meeting_id_for_event(offer), wanted="never"))
    before = (await calendar.view()).reconcile_count
    await calendar.forward(seconds=3)
    await calendar.until(lambda view: view.reconcile_count > before)
    assert (await calendar.meeting(planning).view()).status is MeetingStatus.SCHEDULED
    assert not await calendar.world.exists(calendar.meeting(offer))


async def test_of_a_thousand_overrides_those_of_events_that_are_over_make_room(world: World) -> None:
    now = datetime.now(UTC)
    given = {
        "events": {f"e{number}": "never" for number in range(1000)},
        "expiry": {"e0": now - timedelta(hours=1)},
    }
    anna = await world.connected("anna", overrides=given)
    await anna.update("override", OverrideChange(meeting_id="e1", wanted="always"))
    await anna.update(
        "override", OverrideChange(meeting_id="new", wanted="always", expires_at=now + timedelta(days=9))
    )
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await anna.update("override", OverrideChange(series_id="weekly", wanted="always"))
    assert "1,000 overrides, and all of them are needed" in str(refused.value.cause)
    await anna.update("override", OverrideChange(series_id="weekly", wanted="never"))
    overrides = (await anna.view()).overrides
    assert (overrides.count, overrides.series, overrides.events["e1"]) == (1000, {"weekly": "never"}, "always")
    assert not {"e0", "new"} & overrides.events.keys()


@pytest.mark.parametrize("how", ["disconnected", "lost at the provider"])
async def test_a_calendar_that_comes_back_keeps_its_policy_and_its_overrides(world: World, how: str) -> None:
    anna = User(world)
    first = await anna.connect()
    assert first.policy_source is PolicySource.BUILT_IN
    calendar = await anna.opened(first)
    await decide(calendar)
    if how == "disconnected":
        await calendar.update("disconnect")
        await calendar.handle.result()
    else:
        world.calendars.unknown.add(calendar.calendar_id)

    second = await anna.connect()
    assert second.calendar_id != first.calendar_id
    assert (second.policy_source, second.overrides) == (PolicySource.CARRIED_OVER, 2)
    assert second.policy is not None
    assert [rule.name for rule in second.policy.rules] == ["customers"]
    again = await anna.opened(second)
    planning, other = again.put("planning"), again.put("other")
    offer = again.put("offer", attendees=[{"email": "bob@customer.example"}])
    assert offer.event_id != f"offer-{first.calendar_id}"
    await again.notices()
    assert (await again.meeting(planning).view()).status is MeetingStatus.SCHEDULED
    for event in (offer, other):
        assert not await world.exists(again.meeting(event)), event.title
    assert (await anna.connect()).policy_source is PolicySource.UNCHANGED
    if how == "lost at the provider":
        await again.update("resync")
        await again.forward(seconds=3)
        assert CalendarView.model_validate(await calendar.handle.result()).status is CalendarStatus.DISCONNECTED
        view = await again.meeting(planning).view()
        assert [each.calendar_id for each in view.calendars] == [again.calendar_id]
        assert view.status is MeetingStatus.SCHEDULED
        assert "cancelled" not in [entry.event for entry in view.timeline], "its meeting was never let go of"


async def test_what_a_user_connected_by_a_link_is_not_replaced_by_an_operator(world: World) -> None:
    anna = User(world)
    first = await anna.connect()
    calendar = await anna.opened(first)
    calendar.put()
    await calendar.notices()
    world.calendars.unknown.add(calendar.calendar_id)
    claim = world.folder / layout.calendar_claim_path(first.calendar_id)
    claim.write_text(ConnectionClaim(user="anna", platform="google", attempt_id="a").model_dump_json())
    again = await anna.opened(await anna.connect())
    again.put()
    await again.notices()
    await again.update("resync")
    await again.forward(seconds=3)
    await again.until(lambda view: view.reconcile_count >= 3)
    assert (await calendar.view()).status not in {CalendarStatus.DISCONNECTING, CalendarStatus.DISCONNECTED}


async def test_what_people_decided_is_erased_with_the_calendar_where_that_is_asked_for(world: World) -> None:
    anna = User(world)
    calendar = await anna.opened(await anna.connect())
    await decide(calendar)
    kept = world.folder / PREFERENCES
    assert [path for path in kept.rglob("*.json") if "calendars" in path.parts or "connected" in path.parts]
    await calendar.update("disconnect", DisconnectRequest(forget=True))
    await calendar.handle.result()
    assert [path for path in kept.rglob("*.json") if "calendars" in path.parts or "connected" in path.parts] == []
    again = await anna.connect()
    assert (again.policy_source, again.overrides) == (PolicySource.BUILT_IN, 0)


async def test_a_policy_that_is_given_on_reconnecting_counts_and_the_overrides_stay(world: World) -> None:
    anna = User(world)
    calendar = await anna.opened(await anna.connect())
    await decide(calendar)
    await calendar.update("disconnect")
    await calendar.handle.result()
    again = await anna.connect(Policy())
    assert (again.policy_source, again.overrides) == (PolicySource.GIVEN, 2)
    view = await (await anna.opened(again)).view()
    assert (view.policy, view.overrides.count) == (Policy(), 2)


async def test_a_calendar_without_a_policy_of_its_own_has_the_default_of_the_installation(world: World) -> None:
    anna = User(world)
    default = Policy(otherwise="skip")
    connected = await anna.connect(default=default)
    assert (connected.policy_source, connected.policy) == (PolicySource.INSTALLATION, default)
    calendar = await anna.opened(connected)
    event = calendar.put()
    await calendar.notices()
    assert not await world.exists(calendar.meeting(event))
    await calendar.update("disconnect")
    await calendar.handle.result()
    again = await anna.connect()
    assert again.policy_source is PolicySource.BUILT_IN, "no person has decided about this calendar"
