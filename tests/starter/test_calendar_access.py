"""`calendar doctor` and `calendar update-credentials`, with a provider that answers."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from minutekeeper.calendars.connect_link import read_link
from minutekeeper.calendars.health import AccessProblem, AccessReport
from minutekeeper.meetings.ids import calendar_workflow_id_for, workflow_id_for
from minutekeeper.temporal.names import ACCESS_SIGNAL, CALENDAR_WORKFLOW, MEETINGS_QUEUE
from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import CalendarTestBench, write
from tests.starter.support import SECRET, cli, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

ANNA, BEN = "anna@example.com", "ben@example.com"
APP = {"platform": "google", "client_id": "google-app", "client_secret": "google-app-secret"}


async def seen_by_the_doctor(calendar_id: str) -> dict[str, Any]:
    """Calendars of other tests are in what he says, too."""
    found: list[dict[str, Any]] = (await cli("calendar", "doctor", "--json")).json["calendars"]
    return next(each for each in found if each["calendar_id"] == calendar_id)


async def ail(client: TemporalMeetingClient, calendar_id: str, ailment: AccessProblem) -> None:
    handle = client.temporal.get_workflow_handle(calendar_workflow_id_for(calendar_id))
    await handle.signal(ACCESS_SIGNAL, AccessReport(problem=ailment, text="so says Google"))
    await eventually(partial(seen_by_the_doctor, calendar_id), lambda found: found["state"] == "error")


async def test_the_doctor_makes_a_fresh_link_for_a_user_who_has_to_connect_again(
    desk: CalendarTestBench, client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("BRIDGE_SECRET", SECRET)
    settings.setenv("BRIDGE_PUBLIC_URL", "https://bridge.example.com")
    made = await calendar_support.connect(desk.sim, await calendar_support.account(desk.sim, ANNA))
    await client.temporal.start_workflow(
        CALENDAR_WORKFLOW,
        {"calendar_id": made, "user": "user 1", "platform": "google"},
        id=calendar_workflow_id_for(made),
        task_queue=MEETINGS_QUEUE,
    )
    await ail(client, made, AccessProblem.USER_GRANT)
    found = await seen_by_the_doctor(made)
    assert "connect-link 'user 1' --platform google" in found["suggested_fix"]
    link = read_link(found["link"].removeprefix("https://bridge.example.com/connect/"), [SECRET], datetime.now(UTC))
    assert (link.user, link.platform) == ("user 1", "google")
    assert (await seen_by_the_doctor(made))["link"] != found["link"], "each is made anew"
    shown = await cli("calendar", "doctor")
    assert shown.code == 1
    for words in (f"{ANNA}: so says Google", "To do     reconnect needed", "Link      https://bridge.example.com/"):
        assert words in shown.out
    settings.delenv("BRIDGE_SECRET")
    assert not (await seen_by_the_doctor(made))["link"]


async def test_new_credentials_go_to_the_calendars_whose_tokens_are_given(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    of_anna, of_ben = await desk.connect(ANNA), await desk.connect(BEN)
    tokens = [(await calendar_support.account(desk.sim, email))["oauth_refresh_token"] for email in (ANNA, BEN)]
    for calendar_id in (of_anna, of_ben):
        await ail(client, calendar_id, AccessProblem.OAUTH_APP)
    assert "update-credentials" in (await seen_by_the_doctor(of_ben))["suggested_fix"]

    given = {of_anna: tokens[0], "nobody": tokens[0], of_ben: tokens[0]}
    file = write("app.json", APP | {"refresh_tokens": given})
    first = await cli("calendar", "update-credentials", "--credentials", file, "--json")
    assert first.code == 1
    troubles = {each["calendar"]: each["error"] for each in first.json["updated"]}
    assert troubles[of_anna] is None
    assert "no calendar" in troubles["nobody"].lower()
    assert "gives no access to this calendar" in troubles[of_ben]
    assert of_ben in [each["calendar_id"] for each in first.json["remaining"]]
    await eventually(partial(seen_by_the_doctor, of_anna), lambda found: found["state"] == "active")

    shown = await cli("calendar", "update-credentials", "--credentials", file)
    assert "Calendar nobody was not updated: " in shown.out
    assert f"No token was given for calendar {BEN}." in shown.out
    file = write("app.json", APP | {"refresh_tokens": {BEN: tokens[1]}})
    second = await cli("calendar", "update-credentials", "--credentials", file)
    assert f"Calendar {BEN} has the new credentials" in second.out
    await eventually(partial(seen_by_the_doctor, of_ben), lambda found: found["state"] == "active")
    assert not [token for token in tokens if token in first.out + shown.out + second.out]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (APP, "refresh_tokens"),
        (APP | {"refresh_tokens": {}}, "does not store"),
        (APP | {"refresh_tokens": {"anna": 7}}, "must be a string"),
        ({"refresh_tokens": {"anna": "planted"}}, "client_secret"),
        (APP | {"platform": "apple", "refresh_tokens": {"anna": "planted"}}, "google or microsoft"),
    ],
)
async def test_what_cannot_be_meant_is_named(content: dict[str, Any], named: str) -> None:
    ended = await cli("calendar", "update-credentials", "--credentials", write("app.json", content), "--json")
    assert ended.code == 2
    assert named in ended.error
    assert "planted" not in ended.error


async def test_the_doctor_finds_that_nobody_checks_the_grants(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    await desk.connect(ANNA)
    await client.temporal.get_workflow_handle("calendars-health").terminate()
    found = await cli("calendar", "doctor", "--json")
    assert (found.code, found.json["checks"]) == (1, None)
    assert "minutekeeper calendar resync" in found.json["error"]
    assert (await cli("calendar", "resync")).code == 0
    found = await eventually(partial(cli, "calendar", "doctor", "--json"), lambda found: found.json["checks"])
    assert not found.json["error"]


async def test_both_doctors_show_booked_meetings_that_temporal_has_lost(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    made = await desk.connect(ANNA)
    for title in ("Kept", "Lost"):
        await desk.add(ANNA, made, title=title)
    entries = await desk.look(made, client)
    assert (await seen_by_the_doctor(made))["missing"] == []
    assert (await general_check())["ok"]
    await client.temporal.get_workflow_handle(workflow_id_for(entries["Lost"].meeting_id)).terminate()
    found = await eventually(partial(seen_by_the_doctor, made), lambda found: found["missing"])
    assert found["missing"] == [entries["Lost"].meeting_id]
    assert f"calendar resync {made}" in found["suggested_fix"]
    shown = await cli("calendar", "doctor")
    assert shown.code == 1
    assert "1 booked meeting missing in Temporal" in shown.out
    check = await general_check()
    assert not check["ok"]
    assert made in check["found"]
    assert "calendar resync" in check["remedy"]


async def general_check() -> dict[str, Any]:
    checks: list[dict[str, Any]] = (await cli("doctor", "--json")).json["checks"]
    return next(each for each in checks if each["name"] == "calendars")


async def test_a_calendar_that_the_provider_lost_keeps_its_owner_and_is_let_go_of_by_that_name(
    desk: CalendarTestBench,
) -> None:
    owner = "lost-owner@example.com"
    made = await desk.connect(owner)
    await desk.sim.ok("DELETE", f"/calendars/{made}")
    assert (await seen_by_the_doctor(made))["email"] == owner
    ended = await cli("calendar", "disconnect", owner)
    assert ended.code == 0, ended.err
    assert made in ended.out
