"""At which provider a connect link connects a calendar, and how a user moves from one to another."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from bridge.connect.calendar_workflows import CalendarWorkflows
from bridge.connect.service import ConnectService, FinishedConnection
from minutekeeper.calendars.connect_link import ConnectLink, new_link
from minutekeeper.calendars.messages import CalendarWorkflowInput
from minutekeeper.calendars.policy import DEFAULT_POLICY
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.base import UnknownProviderError
from minutekeeper.providers.calendar_base import (
    AvailableCalendar,
    CalendarCapabilities,
    CalendarCredentials,
    CalendarProvider,
    ConnectedCalendar,
)
from minutekeeper.providers.calendar_ids import own_calendar_id
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.objections import ObjectionStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore

GRANT = CalendarCredentials(
    platform=CalendarPlatform.GOOGLE,
    client_id="app",
    client_secret=SecretStr("secret"),
    refresh_token=SecretStr("token"),
    email="anna@example.com",
)


class OneAccount:
    """A provider at which Anna can connect her primary calendar."""

    def __init__(self, name: str, *, picks_calendars: bool = True) -> None:
        self.name = name
        self.capabilities = CalendarCapabilities(picks_calendars=picks_calendars)
        self.connected: list[ConnectedCalendar] = []
        self.renewed: list[str] = []
        self.deleted: list[str] = []

    async def list_available_calendars(self, credentials: CalendarCredentials) -> list[AvailableCalendar]:
        return [AvailableCalendar(raw_id=credentials.email, email=credentials.email, is_primary=True)]

    async def calendars(self) -> list[ConnectedCalendar]:
        return self.connected

    async def create_calendar(self, credentials: CalendarCredentials, raw_id: str) -> ConnectedCalendar:
        name = own_calendar_id(self.name, f"c{len(self.connected) + 1}")
        self.connected.append(ConnectedCalendar(calendar_id=name, email=credentials.email, raw_id=raw_id))
        return self.connected[-1]

    async def update_credentials(self, calendar_id: str, _credentials: CalendarCredentials) -> ConnectedCalendar:
        self.renewed.append(calendar_id)
        return next(each for each in self.connected if each.calendar_id == calendar_id)

    async def delete_calendar(self, calendar_id: str) -> None:
        self.deleted.append(calendar_id)


class StartedWorkflows:
    """The calendar workflows that were started and told to disconnect."""

    def __init__(self) -> None:
        self.started: list[CalendarWorkflowInput] = []
        self.disconnected: list[str] = []

    async def start_or_renew(self, request: CalendarWorkflowInput) -> bool:
        self.started.append(request)
        return True

    async def is_running(self, calendar_id: str) -> bool:
        return any(each.calendar_id == calendar_id for each in self.started)

    async def request_disconnect(self, calendar_id: str, _why: str) -> bool:
        self.disconnected.append(calendar_id)
        return True


class Installation:
    def __init__(self, folder: Path) -> None:
        self.old, self.new = OneAccount("meetingbaas"), OneAccount("recall", picks_calendars=False)
        self.workflows = StartedWorkflows()
        store = ArtifactStore(folder.as_uri())
        self.service = ConnectService(
            CalendarProviders([cast("CalendarProvider", self.old), cast("CalendarProvider", self.new)]),
            cast("CalendarWorkflows", self.workflows),
            UserConnectionStore(store),
            CalendarPreferencesStore(store),
            DEFAULT_POLICY,
            objections=ObjectionStore(store),
        )

    async def connect(self, provider: str = "", confirmed: str = "") -> FinishedConnection:
        link = link_to(provider)
        [chosen] = await self.service.available_calendars(link, GRANT)
        return await self.service.connect(link, GRANT, chosen, confirmed)


def link_to(provider: str) -> ConnectLink:
    return new_link("anna", "google", datetime.now(UTC) + timedelta(seconds=1), provider=provider)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


async def test_a_link_says_where_a_calendar_is_connected(installation: Installation) -> None:
    assert (await installation.connect()).calendar.calendar_id == "c1"
    assert installation.workflows.started[0].provider == ""
    assert not installation.service.needs_email(link_to(""))
    assert installation.service.needs_email(link_to("recall")), "no list tells whose calendar it is"
    with pytest.raises(UnknownProviderError):
        await installation.connect("meetingbaas-v2")


async def test_a_user_moves_to_another_provider_with_the_same_calendar(installation: Installation) -> None:
    await installation.connect()
    moved = await installation.connect("recall", confirmed="c1")
    assert moved.calendar.calendar_id == "recall-c1"
    assert installation.workflows.started[-1].provider == "recall"
    assert installation.workflows.disconnected == ["c1"], "after the new one has claimed its meetings"
    assert (installation.old.renewed, installation.new.renewed) == ([], [])


async def test_a_link_without_a_provider_renews_a_calendar_where_it_is(installation: Installation) -> None:
    await installation.connect("recall")
    await installation.connect()
    assert installation.new.renewed == ["recall-c1"]
    assert installation.old.connected == []
