"""Which policy holds for a calendar that is connected, as the command line says it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from minutekeeper.calendars.connect_link import read_link
from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.preferences import CalendarIdentity, CalendarPreferences
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETINGS_QUEUE
from starter.temporal_client import TemporalMeetingClient
from tests.starter.calendar_support import ANNA, CUSTOMERS_ONLY, CalendarTestBench, write
from tests.starter.support import SECRET, cli

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]


async def test_connecting_says_which_policy_holds(desk: CalendarTestBench) -> None:
    connect = ("calendar", "connect", "--credentials", await desk.credentials(ANNA))
    assert "Policy   declined; otherwise record (the default)\n" in (await cli(*connect)).out
    again = (await cli(*connect)).out
    assert "Policy   declined; otherwise record (unchanged: `minutekeeper calendar policy set` changes it)" in again


async def test_a_calendar_that_comes_back_is_said_to_have_its_policy_and_overrides(desk: CalendarTestBench) -> None:
    identity = CalendarIdentity(platform="google", account=ANNA, raw_id=ANNA)
    overrides = NO_OVERRIDES.with_event("m1", "never").with_series("s1", "never")
    kept = CalendarPreferences(
        identity=identity, policy=Policy(otherwise="skip"), overrides=overrides, changed_at=datetime.now(UTC)
    )
    await CalendarPreferencesStore(desk.store).keep(kept)
    shown = (await cli("calendar", "connect", "--credentials", await desk.credentials(ANNA))).out
    assert (
        "Policy   no rules; otherwise skip (carried over: this calendar had it before), with 2 overrides\n" in shown
    )
    assert (await cli("calendar", "show", ANNA, "--json")).json["overrides"] == overrides.model_dump()


async def test_a_policy_that_is_given_goes_before_the_default_of_the_installation(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("MINUTEKEEPER_DEFAULT_POLICY", write("default.json", {"otherwise": "skip"}))
    file = await desk.credentials(ANNA, calendars=[{"id": "team", "name": "Team"}])
    first = await cli("calendar", "connect", "--credentials", file)
    assert "Policy   no rules; otherwise skip (the installation's default)\n" in first.out
    policy = write("policy.json", CUSTOMERS_ONLY)
    given = await cli(
        "calendar", "connect", "--credentials", file, "--raw-id", "team", "--policy", policy, "--json"
    )
    assert (given.json["policy_source"], given.json["overrides"]) == ("given", 0)
    assert given.json["policy"]["rules"][0]["name"] == "customers"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "default.json cannot be read: No such file or directory"),
        ("{", "default.json is not a valid policy: line 1, column 2: not JSON"),
        (
            '{"ruls": []}',
            "default.json is not a valid policy: ruls: unknown; did you mean rules?",
        ),
    ],
)
@pytest.mark.parametrize("command", [("worker",), ("bridge",), ("calendar", "list")])
async def test_a_broken_default_policy_lets_nothing_start(
    settings: pytest.MonkeyPatch,
    tmp_path: Path,
    command: tuple[str, ...],
    content: str | None,
    problem: str,
) -> None:
    if content is not None:
        (tmp_path / "default.json").write_text(content)
    settings.setenv("MINUTEKEEPER_DEFAULT_POLICY", "default.json")
    ended = await cli(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.removeprefix("Error: ").startswith(f"MINUTEKEEPER_DEFAULT_POLICY: {problem}")


async def test_a_connect_link_names_a_policy_that_is_stored_for_the_bridge(
    desk: CalendarTestBench, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("BRIDGE_PUBLIC_URL", "https://bridge.example.com")
    link = ("calendar", "connect-link", "user-1", "--platform", "google", "--json")
    url = (await cli(*link, "--policy", write("policy.json", CUSTOMERS_ONLY))).json["url"]
    named = read_link(url.rpartition("/")[2], [SECRET], datetime.now(UTC)).policy_id
    policy = await CalendarPreferencesStore(desk.store).policy(named)
    assert [rule.name for rule in policy.rules] == ["customers"]
    url = (await cli(*link)).json["url"]
    assert read_link(url.rpartition("/")[2], [SECRET], datetime.now(UTC)).policy_id == ""
    broken = await cli(*link, "--policy", write("policy.json", {"otherwise": "perhaps"}))
    assert (broken.code, "--policy: " in broken.err) == (2, True)


async def test_policy_and_overrides_are_erased_also_after_the_calendar_was_disconnected(
    desk: CalendarTestBench,
) -> None:
    store = CalendarPreferencesStore(desk.store)
    calendar_id = await desk.connect(ANNA)
    identity = CalendarIdentity(platform="google", account=ANNA, raw_id=ANNA)
    kept = CalendarPreferences(identity=identity, policy=Policy(otherwise="skip"), changed_at=datetime.now(UTC))
    await store.keep(kept)
    assert await store.connected_as(identity) == calendar_id
    ended = await cli("calendar", "disconnect", calendar_id)
    assert "erased" not in ended.out
    await desk.sim.ok("DELETE", f"/calendars/{calendar_id}")
    assert await store.read(identity) == kept
    ended = await cli("calendar", "disconnect", calendar_id, "--forget")
    assert "Its policy and its overrides were erased." in ended.out
    assert (await store.read(identity), await store.connected_as(identity)) == (None, "")


async def test_what_cannot_be_erased_is_said(desk: CalendarTestBench, client: TemporalMeetingClient) -> None:
    calendar_id = await desk.connect(ANNA)
    workflow_id = calendar_workflow_id_for(f"other-{calendar_id}")
    await client.temporal.start_workflow(
        CALENDAR_WORKFLOW, {"calendar_id": f"other-{calendar_id}"}, id=workflow_id, task_queue=MEETINGS_QUEUE
    )
    assert (await cli("calendar", "disconnect", f"other-{calendar_id}")).code == 0
    ended = await cli("calendar", "disconnect", f"other-{calendar_id}", "--forget")
    assert ended.code == 1
    assert "nothing says which user's calendar it was" in ended.err


async def test_a_calendar_that_comes_back_under_another_id_replaces_the_one_before(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    first = await desk.connect(ANNA)
    await desk.sim.ok("DELETE", f"/calendars/{first}")
    second = await desk.connect(ANNA)
    assert second != first
    handle = client.temporal.get_workflow_handle(calendar_workflow_id_for(second))
    started = (await handle.fetch_history()).events[0].workflow_execution_started_event_attributes
    assert json.loads(started.input.payloads[0].data)["replaces"] == first
