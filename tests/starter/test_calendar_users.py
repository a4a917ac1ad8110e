"""The commands about users and the calendars that they connect themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.calendars.connect_link import read_link
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.preferences import CalendarIdentity, CalendarPreferences
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore
from starter.inputs import settings as settings_now
from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import CalendarTestBench
from tests.starter.support import SECRET, cli, run_here

LINK = ("calendar", "connect-link", "user 1", "--platform", "google")


def test_a_link_is_printed_that_the_bridge_understands(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("BRIDGE_SECRET", SECRET)
    settings.setenv("BRIDGE_PUBLIC_URL", "https://bridge.example.com/")
    made = run_here(*LINK, "--success-url", "https://a.example/?x=1", "--error-url", "https://a.example/", "--json")
    text = made.json["url"].removeprefix("https://bridge.example.com/connect/")
    link = read_link(text, [SECRET], datetime.now(UTC))
    assert (link.user, link.platform) == ("user 1", "google")
    assert (link.success_url, link.error_url) == ("https://a.example/?x=1", "https://a.example/")
    left = datetime.fromisoformat(made.json["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    shown = run_here(*LINK)
    assert shown.code == 0
    assert shown.out.startswith("https://bridge.example.com/connect/")


@pytest.mark.parametrize(
    ("arguments", "secret", "named"),
    [
        ((), "", "BRIDGE_SECRET is not set"),
        ((), "s" * 31, "BRIDGE_SECRET has 31 characters"),
        (("--success-url", "ftp://a.example"), SECRET, "--success-url"),
        (("--error-url", "a.example"), SECRET, "--error-url"),
        (("--platform", "apple"), SECRET, "--platform"),
    ],
)
def test_what_cannot_be_meant_is_named(
    settings: pytest.MonkeyPatch, arguments: tuple[str, ...], secret: str, named: str
) -> None:
    settings.setenv("BRIDGE_SECRET", secret)
    made = run_here(*LINK, *arguments, "--json")
    assert made.code == 2
    assert named in made.error


def test_nobody_can_be_disconnected_who_is_not_connected() -> None:
    ended = run_here("calendar", "disconnect-user", "user-1", "--platform", "microsoft", "--json")
    assert ended.code == 1
    assert ended.error == "user-1 has no microsoft calendar connected."


@pytest.mark.usefixtures("at_temporal")
async def test_a_calendar_that_cannot_be_ended_now_stays_connected(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("MEETINGBAAS_API_KEY", "key-1")
    settings.setenv("MEETINGBAAS_BASE_URL", "http://127.0.0.1:9")
    connections = UserConnectionStore(ArtifactStore(settings_now().artifacts_url))
    known = await connections.read("user-1", "google")
    await connections.write(known.connected("calendar-1", "raw-1", "Team", "", datetime.now(UTC)))
    ended = await cli("calendar", "disconnect-user", "user-1", "--platform", "google", "--json")
    assert ended.code == 1
    assert "cannot be reached" in ended.error
    assert (await connections.read("user-1", "google")).calendar_id == "calendar-1"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.usefixtures("at_temporal")
@pytest.mark.parametrize("options", [(), ("--forget",)])
async def test_what_people_decided_for_a_users_calendar_is_erased_if_that_is_asked_for(
    desk: CalendarTestBench, options: tuple[str, ...]
) -> None:
    calendar_id = await calendar_support.connect(
        desk.sim, await calendar_support.account(desk.sim, "anna@example.com")
    )
    connections, preferences = UserConnectionStore(desk.store), CalendarPreferencesStore(desk.store)
    known = await connections.read("user-1", "google")
    await connections.write(
        known.connected(calendar_id, "anna@example.com", "Anna", "anna@example.com", datetime.now(UTC))
    )
    identity = CalendarIdentity(platform="google", account="anna@example.com", raw_id="anna@example.com")
    kept = CalendarPreferences(identity=identity, policy=Policy(otherwise="skip"), changed_at=datetime.now(UTC))
    await preferences.keep(kept)
    ended = await cli("calendar", "disconnect-user", "user-1", "--platform", "google", *options)
    assert ended.code == 0
    assert await preferences.read(identity) == (None if options else kept)
