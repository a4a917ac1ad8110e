"""`calendar …` and `find`, as people and programs call them, with a provider that answers."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from minutekeeper.calendars.user_connection import ConnectionClaim
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.providers.bot_metadata import BotMetadata
from minutekeeper.storage.user_connections import UserConnectionStore
from minutekeeper.temporal.names import CALENDAR_WORKFLOW, MEETINGS_QUEUE
from starter.temporal_client import TemporalMeetingClient
from tests.devtools.simulator import calendar_support
from tests.starter.calendar_support import ANNA, CUSTOMERS_ONLY, CalendarTestBench, listed, write
from tests.starter.fakes import UNREADABLE, Scene
from tests.starter.support import SECRET, a_request, cli, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

BEN = "ben@example.com"


async def test_raw_lists_what_could_be_connected(desk: CalendarTestBench) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "team", "name": "Team"}])
    found = (await cli("calendar", "raw", "--credentials", file, "--json")).json
    assert [(each["raw_id"], each["is_primary"]) for each in found] == [(ANNA, True), ("team", False)]
    assert "team" in (await cli("calendar", "raw", "--credentials", file)).out


async def test_connecting_again_renews_the_credentials_and_nothing_else(desk: CalendarTestBench) -> None:
    file = await desk.credentials(ANNA)
    first = (await cli("calendar", "connect", "--credentials", file, "--json")).json
    assert first["connection"] == "connected"
    policy = write("policy.json", CUSTOMERS_ONLY)
    again = await cli("calendar", "connect", "--credentials", file, "--policy", policy)
    assert again.code == 0
    assert "This calendar was connected already. Its credentials were renewed." in again.out
    assert "policy set" in again.out
    assert len(await desk.sim.ok("GET", "/calendars/")) == 1
    assert (await cli("calendar", "policy", "get", ANNA, "--json")).json["otherwise"] == "record"


async def test_a_connect_that_was_cut_off_is_finished_by_the_next_one(desk: CalendarTestBench) -> None:
    grant = await calendar_support.account(desk.sim, ANNA)
    made = await calendar_support.connect(desk.sim, grant)
    assert (await listed(made))["state"] == "no_workflow"
    shown = await cli("calendar", "events", made)
    assert (shown.code, "no workflow runs for it" in shown.err) == (1, True)
    finished = (await cli("calendar", "connect", "--credentials", write("grant.json", grant), "--json")).json
    assert (finished["calendar_id"], finished["connection"]) == (made, "adopted")
    assert (await listed(made))["has_workflow"] is True


async def test_a_calendar_that_a_user_connected_by_a_link_is_not_taken_over(desk: CalendarTestBench) -> None:
    grant = await calendar_support.account(desk.sim, ANNA)
    of_user = await calendar_support.connect(desk.sim, grant)
    claim = ConnectionClaim(user="user-1", platform="google", attempt_id="attempt-1")
    assert await UserConnectionStore(desk.store).claim(of_user, claim)
    file = write("grant.json", grant)
    made = (await cli("calendar", "connect", "--credentials", file, "--json")).json
    assert (made["connection"], made["calendar_id"] != of_user) == ("connected", True)
    again = (await cli("calendar", "connect", "--credentials", file, "--json")).json
    assert (again["connection"], again["calendar_id"]) == ("renewed", made["calendar_id"])
    assert (await listed(of_user))["state"] == "no_workflow"


async def test_a_further_calendar_is_chosen_by_its_raw_id(desk: CalendarTestBench) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "team", "name": "Team"}])
    made = (await cli("calendar", "connect", "--credentials", file, "--raw-id", "team", "--json")).json
    assert made["name"] == "Team"
    wrong = await cli("calendar", "connect", "--credentials", file, "--raw-id", "nothing")
    assert (wrong.code, wrong.out) == (2, "")
    assert "give access to no calendar nothing; available: anna@example.com, team" in wrong.err


async def test_the_list_tells_the_state_of_every_calendar(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    active, gone = await desk.connect(ANNA), await desk.connect(BEN)
    await desk.sim.ok("DELETE", f"/calendars/{gone}")
    burnt = f"{UNREADABLE}-{active}"
    workflow_id = calendar_workflow_id_for(burnt)
    await client.temporal.start_workflow(
        CALENDAR_WORKFLOW, {"calendar_id": burnt, "debounce_seconds": 0}, id=workflow_id, task_queue=MEETINGS_QUEUE
    )

    for calendar_id in (gone, burnt):
        await eventually(partial(listed, calendar_id), lambda found: found["state"] == "error")
    await eventually(partial(listed, active), lambda found: found["state"] == "active")
    shown = (await cli("calendar", "list")).out
    for words in (ANNA, "the provider no longer has it", "The calendar has burnt."):
        assert words in shown
    assert (await cli("calendar", "disconnect", gone)).out.startswith(f"Calendar {gone} is disconnected.")
    assert (await listed(gone))["state"] == "disconnected"


async def test_events_show_decision_meeting_and_bot_and_each_of_these_finds_the_meeting(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    link = "https://meet.google.com/lin-kedt-oit"
    await desk.add(ANNA, calendar_id, title="Planning \x1b[31m[bold]", link=link)
    await desk.add(ANNA, calendar_id, title="Lunch", link="")
    entry = (await desk.look(calendar_id, client))["Planning [31m[bold]"]
    await play(client, f"meeting-{entry.meeting_id}", Scene(bot_id=f"bot-{entry.meeting_id}"))
    lunch, planning = sorted(
        (await cli("calendar", "events", ANNA, "--json")).json, key=lambda event: str(event["title"])
    )
    assert (lunch["record"], lunch["rule"], lunch["meeting"]["status"]) == (False, "no_link", None)
    assert (planning["record"], planning["rule"]) == (True, "otherwise")
    assert planning["meeting"] == {
        "meeting_id": entry.meeting_id,
        "status": "scheduled",
        "bot_id": f"bot-{entry.meeting_id}",
    }
    shown = (await cli("calendar", "events", ANNA)).out
    assert "record (otherwise)" in shown
    assert "skip (no_link)" in shown
    assert "\x1b" not in shown

    for what in (f"bot-{entry.meeting_id}", entry.event_id, link, entry.meeting_id):
        ended = await eventually(partial(cli, "find", what, "--json"), lambda ended: ended.code == 0)
        (found,) = ended.json
        assert (found["meeting_id"], found["bot_id"]) == (entry.meeting_id, f"bot-{entry.meeting_id}")


async def test_a_bot_that_was_replaced_still_leads_to_its_meeting(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    started = await client.start(a_request(130))
    extra = BotMetadata(dispatch_key="mk-1", workflow_id=started.workflow_id)
    bot_id = await desk.sim.send(extra=extra.to_wire([SECRET]))
    forged = await desk.sim.send(extra=extra.to_wire(["another secret"]))
    (found,) = (await eventually(partial(cli, "find", bot_id, "--json"), lambda ended: ended.code == 0)).json
    assert (found["meeting_id"], found["bot_id"]) == (started.meeting_id, None)
    assert (await cli("find", forged, "--json")).code == 1


async def test_an_explanation_names_the_rule_and_what_it_looked_at(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA, "--policy", write("policy.json", CUSTOMERS_ONLY))
    await desk.add(ANNA, calendar_id, title="Offer", guests=["bob@customer.example"])
    await desk.add(ANNA, calendar_id, title="Team", guests=[BEN])
    entries = await desk.look(calendar_id, client)
    offer = (await cli("calendar", "explain", ANNA, "offer")).out
    assert 'Offer: Recorded by rule 1, "customers": a guest is external.' in offer
    assert "bob@customer.example" in offer
    assert "This decision is not applied yet" in offer, "the look of this test went by another policy"
    team = (await cli("calendar", "explain", ANNA, entries["Team"].event_id[:13], "--json")).json
    assert (team["record"], team["rule"]) == (False, "otherwise")
    assert [(each["name"], each["holds"]) for each in team["considered"]] == [("customers", False)]
    assert team["facts"]["people"] == [ANNA, BEN]


async def test_an_explanation_shows_what_is_unusual_about_an_event(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    said = {"visibility": "private", "show_as": "free", "color_id": "11", "location": "Room 5"}
    guests = [BEN, {"email": "bob@customer.example", "response": "declined"}]
    await desk.add(ANNA, calendar_id, title="Offer", guests=guests, **said)
    await desk.add(ANNA, calendar_id, title="Plain")
    await desk.look(calendar_id, client)
    shown = " ".join((await cli("calendar", "explain", ANNA, "Offer")).out.split())
    assert f"People 2: {ANNA}, {BEN}; declined by bob@customer.example" in shown
    assert "Visibility private Shown as free Location Room 5 Colour tomato" in shown
    plain = (await cli("calendar", "explain", ANNA, "Plain")).out
    for name in ("Visibility", "Shown as", "Location", "Colour", "Type", "Categories"):
        assert name not in plain


async def test_the_schema_of_policies_is_printed() -> None:
    printed = await cli("calendar", "policy", "schema")
    assert printed.code == 0
    schema = json.loads(printed.out)
    assert schema == (await cli("calendar", "policy", "schema", "--json")).json
    assert schema["properties"]["rules"]["type"] == "array"


async def test_an_event_that_the_provider_forgot_is_explained_from_the_book(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Gone")
    entry = (await desk.look(calendar_id, client))["Gone"]
    await desk.sim.ok("DELETE", f"/calendars/{calendar_id}")
    told = await cli("calendar", "explain", calendar_id, entry.event_id)
    assert told.code == 0
    assert "The provider no longer knows this event" in told.out
    (found,) = (await cli("find", entry.event_id, "--json")).json
    assert found["meeting_id"] == entry.meeting_id


async def test_a_plan_is_what_a_policy_would_do_and_does_nothing(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Offer", guests=["bob@customer.example"])
    await desk.add(ANNA, calendar_id, title="Team", guests=[BEN], link="https://meet.google.com/tea-mmee-tin")
    entries = await desk.look(calendar_id, client)
    policy = write("policy.json", CUSTOMERS_ONLY)
    planned = (await cli("calendar", "plan", ANNA, "--policy", policy, "--json")).json
    assert [(step["kind"], step["desired"]["title"]) for step in planned["steps"]] == [("release", "Team")]
    assert (planned["events"], planned["kept"]) == (2, 1)
    assert planned["load"]["busiest_day"]["bots"] == 1
    shown = (await cli("calendar", "plan", ANNA)).out
    assert "0 to book, 0 to move, 0 to update, 0 to cancel, 2 to keep." in shown
    assert "2 bots: at most 2" in shown
    meeting = (await cli("show", entries["Team"].meeting_id, "--json")).json
    assert meeting["status"] == "scheduled"


async def test_a_policy_is_set_after_saying_what_follows_from_it(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Team", guests=[BEN])
    await desk.look(calendar_id, client)
    policy = write("policy.json", CUSTOMERS_ONLY)
    done = await cli("calendar", "policy", "set", ANNA, policy)
    assert done.code == 0
    for words in ('+  "otherwise": "skip"', "1 to cancel", "The policy is set"):
        assert words in done.out
    assert (await cli("calendar", "policy", "get", ANNA, "--json")).json == CUSTOMERS_ONLY
    again = await cli("calendar", "policy", "set", ANNA, policy)
    assert "nothing was changed" in again.out


async def test_an_override_is_for_an_event_or_for_its_series(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Once")
    await desk.add(ANNA, calendar_id, title="Weekly", series={"count": 1})
    entries = await desk.look(calendar_id, client)
    await cli("calendar", "override", ANNA, "once", "never")
    series = (await cli("calendar", "override", ANNA, "weekly", "always", "--series", "--json")).json
    overrides = (await cli("calendar", "show", ANNA, "--json")).json["overrides"]
    once = entries["Once"]
    ends_at = once.desired.expected_end + timedelta(days=14)
    assert {key: datetime.fromisoformat(at) for key, at in overrides.pop("expiry").items()} == {
        once.meeting_id: ends_at
    }
    assert overrides == {"events": {once.meeting_id: "never"}, "series": {series["series_id"]: "always"}}
    await cli("calendar", "override", ANNA, "once", "none")
    assert (await cli("calendar", "show", ANNA, "--json")).json["overrides"]["events"] == {}
    left = (await cli("calendar", "override", ANNA, "weekly", "none")).out
    assert 'is decided by the override of this series, "always"' in left
    refused = await cli("calendar", "override", ANNA, "once", "always", "--series")
    assert (refused.code, "is not part of a series" in refused.err) == (2, True)


async def test_a_series_is_named_by_its_title_also_after_this_and_following_events_were_changed(
    desk: CalendarTestBench, client: TemporalMeetingClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    soon = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    later = soon + timedelta(days=14)
    await desk.add(ANNA, calendar_id, id="4f2k", title="Weekly", start=soon.isoformat(), series={"count": 2})
    rest = {"id": f"4f2k_R{later:%Y%m%dT%H%M%S}", "start": later.isoformat(), "series": {"count": 2}}
    await desk.add(ANNA, calendar_id, title="Weekly", **rest)
    await desk.add(ANNA, calendar_id, title="Other", series={"count": 2})
    await desk.look(calendar_id, client)
    changed = await cli("calendar", "override", ANNA, "weekly", "never", "--series", "--json")
    assert changed.json["series_id"] == "4f2k"
    events = (await cli("calendar", "events", ANNA, "--json")).json
    weekly = [each["event_id"] for each in events if each["title"] == "Weekly"]
    assert len(weekly) == 4
    for event_id in weekly:
        assert (await cli("calendar", "explain", ANNA, event_id, "--json")).json["rule"] == "override"
    refused = await cli("calendar", "override", ANNA, "weekly", "never")
    assert (refused.code, "could be" in refused.err) == (2, True), "which of the four is not said"
    removed = await cli("calendar", "override", ANNA, "weekly", "none", "--series")
    assert "Series 4f2k is decided by the policy." in removed.out
    assert (await cli("calendar", "show", ANNA, "--json")).json["overrides"]["series"] == {}


async def test_a_title_of_several_series_is_refused(desk: CalendarTestBench, client: TemporalMeetingClient) -> None:
    calendar_id = await desk.connect(ANNA)
    for _ in range(2):
        await desk.add(ANNA, calendar_id, title="Weekly", series={"count": 2})
    await desk.look(calendar_id, client)
    refused = await cli("calendar", "override", ANNA, "weekly", "never", "--series")
    assert (refused.code, "could be" in refused.err) == (2, True)


async def test_a_grant_that_has_ended_is_found_by_a_resync_of_all(desk: CalendarTestBench) -> None:
    calendar_id = await desk.connect(ANNA)
    assert (await cli("calendar", "resync")).code == 0
    await desk.sim.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
    found = await cli("calendar", "resync", "--json")
    assert found.code == 1
    (error,) = found.json["errors"]
    assert (error["calendar_id"], error["trouble"]) == (calendar_id, "user")
    assert "calendar connect` with the new token" in (await cli("calendar", "resync")).out


async def test_resync_and_disconnect_are_told_in_words(desk: CalendarTestBench) -> None:
    calendar_id = await desk.connect(ANNA)
    assert "will be read again" in (await cli("calendar", "resync", calendar_id)).out
    shown = (await cli("calendar", "show", calendar_id)).out
    assert "declined; otherwise record" in shown
    assert (await cli("calendar", "disconnect", ANNA, "--why", "Moved away.")).code == 0
    await desk.sim.ok("DELETE", f"/calendars/{calendar_id}")
    assert (
        await cli("calendar", "events", calendar_id)
    ).err == f"Error: Calendar {calendar_id} was disconnected.\n"
