"""`calendar …` and `find`, as people and programs call them, with a provider that answers."""

import signal
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from meetings.ids import calendar_workflow_id_for
from meetings.names import CALENDAR_WORKFLOW, MEETINGS_QUEUE
from providers.meetingbaas.extra import EVENT_MARK
from starter.client import MeetingsClient
from tests.simulator import calendar_support
from tests.starter.calendar_support import Desk, write
from tests.starter.fakes import UNREADABLE, Scene
from tests.starter.support import a_request, cli, eventually, play, process

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("at_temporal")]

ANNA, BEN = "anna@example.com", "ben@example.com"
CUSTOMERS_ONLY = {
    "my_domains": ["example.com"],
    "rules": [{"name": "customers", "when": {"attendees": {"external": True}}, "then": "record"}],
    "otherwise": "skip",
}


async def listed(calendar_id: str) -> dict[str, Any]:
    """What the list says of one calendar; those of other tests are in it, too."""
    calendars: list[dict[str, Any]] = (await cli("calendar", "list", "--json")).json
    return next(each for each in calendars if each["calendar_id"] == calendar_id)


async def test_raw_lists_what_could_be_connected(desk: Desk) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "team", "name": "Team"}])
    found = (await cli("calendar", "raw", "--credentials", file, "--json")).json
    assert [(each["raw_id"], each["is_primary"]) for each in found] == [(ANNA, True), ("team", False)]
    assert "team" in (await cli("calendar", "raw", "--credentials", file)).out


async def test_connecting_again_renews_the_credentials_and_nothing_else(desk: Desk) -> None:
    file = await desk.credentials(ANNA)
    first = (await cli("calendar", "connect", "--credentials", file, "--json")).json
    assert first["connection"] == "connected"
    policy = write("policy.json", CUSTOMERS_ONLY)
    again = await cli("calendar", "connect", "--credentials", file, "--policy", policy)
    assert again.code == 0
    assert "Connected already: it has these credentials now, and its policy stays." in again.out
    assert "policy set" in again.out
    assert len(await desk.sim.ok("GET", "/calendars/")) == 1
    assert (await cli("calendar", "policy", "get", ANNA, "--json")).json["otherwise"] == "record"


async def test_a_connect_that_was_cut_off_is_finished_by_the_next_one(desk: Desk) -> None:
    grant = await calendar_support.account(desk.sim, ANNA)
    made = await calendar_support.connect(desk.sim, grant)
    assert (await listed(made))["state"] == "not_kept"
    shown = await cli("calendar", "events", made)
    assert (shown.code, "not kept here" in shown.err) == (1, True)
    finished = (await cli("calendar", "connect", "--credentials", write("grant.json", grant), "--json")).json
    assert (finished["calendar_id"], finished["connection"]) == (made, "adopted")
    assert (await listed(made))["is_kept"] is True


async def test_a_further_calendar_is_chosen_by_its_raw_id(desk: Desk) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "team", "name": "Team"}])
    made = (await cli("calendar", "connect", "--credentials", file, "--raw-id", "team", "--json")).json
    assert made["name"] == "Team"
    wrong = await cli("calendar", "connect", "--credentials", file, "--raw-id", "nothing")
    assert (wrong.code, wrong.out) == (2, "")
    assert "lead to no calendar nothing; there is anna@example.com, team" in wrong.err


async def test_the_list_tells_the_state_of_every_calendar(desk: Desk, client: MeetingsClient) -> None:
    active, gone = await desk.connect(ANNA), await desk.connect(BEN)
    await desk.sim.ok("DELETE", f"/calendars/{gone}")
    burnt = f"{UNREADABLE}-{active}"
    workflow_id = calendar_workflow_id_for(burnt)
    await client.temporal.start_workflow(
        CALENDAR_WORKFLOW, {"calendar_id": burnt, "debounce": 0}, id=workflow_id, task_queue=MEETINGS_QUEUE
    )

    for calendar_id in (gone, burnt):
        await eventually(partial(listed, calendar_id), lambda found: found["state"] == "error")
    await eventually(partial(listed, active), lambda found: found["state"] == "active")
    shown = (await cli("calendar", "list")).out
    for words in (ANNA, "the provider does not have it any more", "The calendar has burnt."):
        assert words in shown
    assert (await cli("calendar", "disconnect", gone)).out.startswith("Disconnected")
    assert (await listed(gone))["state"] == "disconnected"


async def test_events_show_decision_meeting_and_bot_and_each_of_these_finds_the_meeting(
    desk: Desk, client: MeetingsClient
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


async def test_a_bot_that_was_replaced_still_leads_to_its_meeting(desk: Desk, client: MeetingsClient) -> None:
    started = await client.start(a_request(130))
    extra = {"dispatch_key": "mk-1", "workflow_id": started.workflow_id}
    bot_id = await desk.sim.send(extra=extra)
    (found,) = (await eventually(partial(cli, "find", bot_id, "--json"), lambda ended: ended.code == 0)).json
    assert (found["meeting_id"], found["bot_id"]) == (started.meeting_id, "")


async def test_an_explanation_names_the_rule_and_what_it_looked_at(desk: Desk, client: MeetingsClient) -> None:
    calendar_id = await desk.connect(ANNA, "--policy", write("policy.json", CUSTOMERS_ONLY))
    await desk.add(ANNA, calendar_id, title="Offer", guests=["bob@customer.example"])
    await desk.add(ANNA, calendar_id, title="Team", guests=[BEN])
    entries = await desk.look(calendar_id, client)
    offer = (await cli("calendar", "explain", ANNA, "offer")).out
    assert 'Offer: Recorded by rule 1, "customers": somebody from outside takes part.' in offer
    assert "bob@customer.example" in offer
    assert "This is not carried out yet" in offer, "the look of this test went by another policy"
    team = (await cli("calendar", "explain", ANNA, entries["Team"].event_id[:13], "--json")).json
    assert (team["record"], team["rule"]) == (False, "otherwise")
    assert [(each["name"], each["holds"]) for each in team["considered"]] == [("customers", False)]
    assert team["facts"]["people"] == [ANNA, BEN]


async def test_an_event_that_the_provider_forgot_is_explained_from_the_book(
    desk: Desk, client: MeetingsClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Gone")
    entry = (await desk.look(calendar_id, client))["Gone"]
    await desk.sim.ok("DELETE", f"/calendars/{calendar_id}")
    told = await cli("calendar", "explain", calendar_id, entry.event_id)
    assert told.code == 0
    assert "The provider no longer knows the event" in told.out
    (found,) = (await cli("find", entry.event_id, "--json")).json
    assert found["meeting_id"] == entry.meeting_id


async def test_a_plan_is_what_a_policy_would_do_and_does_nothing(desk: Desk, client: MeetingsClient) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Offer", guests=["bob@customer.example"])
    await desk.add(ANNA, calendar_id, title="Team", guests=[BEN], link="https://meet.google.com/tea-mmee-tin")
    entries = await desk.look(calendar_id, client)
    policy = write("policy.json", CUSTOMERS_ONLY)
    planned = (await cli("calendar", "plan", ANNA, "--policy", policy, "--json")).json
    assert [(step["kind"], step["wish"]["title"]) for step in planned["steps"]] == [("release", "Team")]
    assert (planned["events"], planned["kept"]) == (2, 1)
    assert planned["load"]["busiest_day"]["bots"] == 1
    shown = (await cli("calendar", "plan", ANNA)).out
    assert "0 to book, 0 to move, 0 to update, 0 to cancel, 2 to keep." in shown
    assert "2 bots: at most 2" in shown
    meeting = (await cli("show", entries["Team"].meeting_id, "--json")).json
    assert meeting["status"] == "scheduled"


async def test_a_policy_is_set_after_saying_what_follows_from_it(desk: Desk, client: MeetingsClient) -> None:
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


async def test_an_override_is_for_an_event_or_for_its_series(desk: Desk, client: MeetingsClient) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Once")
    await desk.add(ANNA, calendar_id, title="Weekly", series={"count": 1})
    entries = await desk.look(calendar_id, client)
    await cli("calendar", "override", ANNA, "once", "never")
    series = (await cli("calendar", "override", ANNA, "weekly", "always", "--series", "--json")).json
    overrides = (await cli("calendar", "show", ANNA, "--json")).json["overrides"]
    assert overrides == {
        "events": {entries["Once"].event_id: "never"},
        "series": {series["series_id"]: "always"},
    }
    await cli("calendar", "override", ANNA, "once", "none")
    assert (await cli("calendar", "show", ANNA, "--json")).json["overrides"]["events"] == {}
    refused = await cli("calendar", "override", ANNA, "once", "always", "--series")
    assert (refused.code, "is none of a series" in refused.err) == (2, True)


async def test_the_provider_records_an_event_that_the_policy_leaves_free(desk: Desk) -> None:
    policy = write("policy.json", CUSTOMERS_ONLY | {"bot": {"name": "Notes", "silence_timeout": 300}})
    calendar_id = await desk.connect(ANNA, "--policy", policy)
    await desk.add(ANNA, calendar_id, title="Planning")
    [event] = await calendar_support.events(desk.sim, calendar_id)
    done = await cli("calendar", "record", ANNA, event["uuid"], "--json")
    assert (done.code, done.json["calendar_id"]) == (0, calendar_id)
    assert [each["provider_records"] for each in done.json["events"]] == [True]
    assert "webhook URL at the provider is not set" in done.json["trouble"]
    await desk.sim.ok(
        "POST", "/accounts/webhook_url", json={"webhook_url": "http://127.0.0.1:9/webhooks/meetingbaas"}
    )
    assert (await cli("calendar", "record", ANNA, event["uuid"], "--json")).json == done.json | {"trouble": ""}
    [there] = await calendar_support.events(desk.sim, calendar_id)
    param = there["bot_param"]
    assert (param["bot_name"], param["silence_timeout"], param["extra"]) == ("Notes", 300, dict(EVENT_MARK))
    explained = (await cli("calendar", "explain", ANNA, event["uuid"], "--json")).json
    assert (explained["record"], explained["rule"]) == (False, "provider_records")
    assert "left to the policy" in (await cli("calendar", "unrecord", ANNA, event["uuid"])).out
    [there] = await calendar_support.events(desk.sim, calendar_id)
    assert there["bot_param"] is None


async def test_a_whole_series_is_recorded_by_the_provider(desk: Desk) -> None:
    calendar_id = await desk.connect(ANNA, "--policy", write("policy.json", CUSTOMERS_ONLY))
    await desk.add(ANNA, calendar_id, title="Weekly", series={"count": 3, "every_days": 1})
    await desk.add(ANNA, calendar_id, title="Once")
    events = await calendar_support.events(desk.sim, calendar_id)
    weekly = next(each["uuid"] for each in events if each["name"] == "Weekly")
    once = next(each["uuid"] for each in events if each["name"] == "Once")
    done = await cli("calendar", "record", ANNA, weekly, "--all-occurrences")
    assert (done.code, done.out.count("by the provider's own timer")) == (0, 3)
    assert "webhook URL at the provider is not set" in done.out
    refused = await cli("calendar", "record", ANNA, once, "--all-occurrences")
    assert (refused.code, "is none of a series" in refused.err) == (2, True)
    undone = (await cli("calendar", "unrecord", ANNA, weekly, "--all-occurrences", "--json")).json
    assert [each["provider_records"] for each in undone["events"]] == [False] * 3


async def test_the_provider_is_never_told_to_record_what_gets_a_bot_of_ours(
    desk: Desk, client: MeetingsClient
) -> None:
    calendar_id = await desk.connect(ANNA)
    await desk.add(ANNA, calendar_id, title="Planning")
    [event] = await calendar_support.events(desk.sim, calendar_id)
    refused = await cli("calendar", "record", ANNA, event["uuid"])
    assert (refused.code, "a second one would come" in refused.err, "never` leaves it free" in refused.err) == (
        1,
        True,
        True,
    )
    await desk.look(calendar_id, client)
    await cli("calendar", "override", ANNA, event["uuid"], "never")
    refused = await cli("calendar", "record", ANNA, event["uuid"])
    assert (refused.code, "is booked for the same time and place" in refused.err) == (1, True)
    await desk.add(ANNA, calendar_id, title="Walk", link="")
    walk = next(each for each in await calendar_support.events(desk.sim, calendar_id) if each["name"] == "Walk")
    refused = await cli("calendar", "record", ANNA, walk["uuid"])
    assert (refused.code, "no link to a meeting" in refused.err) == (1, True)
    assert all(each["bot_param"] is None for each in await calendar_support.events(desk.sim, calendar_id))


async def test_a_grant_that_has_ended_is_found_by_a_resync_of_all(desk: Desk) -> None:
    calendar_id = await desk.connect(ANNA)
    assert (await cli("calendar", "resync")).code == 0
    await desk.sim.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
    found = await cli("calendar", "resync", "--json")
    assert found.code == 1
    (error,) = found.json["errors"]
    assert (error["calendar_id"], error["trouble"]) == (calendar_id, "user")
    assert "calendar connect` with the new token" in (await cli("calendar", "resync")).out


async def test_resync_and_disconnect_are_told_in_words(desk: Desk) -> None:
    calendar_id = await desk.connect(ANNA)
    assert "is read again" in (await cli("calendar", "resync", calendar_id)).out
    shown = (await cli("calendar", "show", calendar_id)).out
    assert "declined; otherwise record" in shown
    assert (await cli("calendar", "disconnect", ANNA, "--why", "Moved away.")).code == 0
    await desk.sim.ok("DELETE", f"/calendars/{calendar_id}")
    assert (
        await cli("calendar", "events", calendar_id)
    ).err == f"Error: Calendar {calendar_id} was disconnected.\n"


async def test_what_is_unknown_is_a_1_and_a_sentence(desk: Desk) -> None:
    calendar_id = await desk.connect(ANNA)
    unknown = {
        ("calendar", "events", "nobody"): "There is no calendar nobody. `minutekeeper calendar list` shows all.",
        ("calendar", "explain", ANNA, "nothing"): f"Calendar {calendar_id} has no event nothing.",
        ("calendar", "override", ANNA, "nothing", "never"): f"Calendar {calendar_id} has no event nothing.",
        ("find", "nothing"): "There is no meeting that has to do with nothing.",
    }
    for command, sentence in unknown.items():
        ended = await cli(*command, "--json")
        assert ended.code == 1
        assert ended.error.startswith(sentence)


async def test_a_name_that_two_have_is_a_question(desk: Desk) -> None:
    file = await desk.credentials(ANNA, calendars=[{"id": "t1", "name": "Team"}, {"id": "t2", "name": "Team"}])
    for raw_id in ("t1", "t2"):
        assert (await cli("calendar", "connect", "--credentials", file, "--raw-id", raw_id)).code == 0
    ended = await cli("calendar", "show", "team")
    assert (ended.code, "say which by its id" in ended.err) == (2, True)


async def test_refused_credentials_are_told_in_the_providers_words_and_never_shown(desk: Desk) -> None:
    grant = await calendar_support.account(desk.sim, ANNA) | {"oauth_client_secret": "s-e-c-r-e-t"}
    for command in ("raw", "connect"):
        ended = await cli("calendar", command, "--credentials", write("grant.json", grant))
        assert (ended.code, ended.out) == (1, "")
        assert "invalid_client" in ended.err
        assert not any(value in ended.err for name, value in grant.items() if name != "platform")


async def test_a_key_that_is_missing_or_wrong_is_named(desk: Desk, settings: pytest.MonkeyPatch) -> None:
    settings.setenv("MEETINGBAAS_API_KEY", "wrong")
    wrong = await cli("calendar", "list")
    assert (wrong.code, "The API key is missing or wrong." in wrong.err) == (1, True)
    settings.setenv("MEETINGBAAS_API_KEY", "")
    missing = await cli("calendar", "raw", "--credentials", await desk.credentials(ANNA))
    assert (missing.code, missing.err.startswith("Error: MEETINGBAAS_API_KEY: is not set")) == (2, True)


async def test_a_provider_that_is_away_hides_no_calendar_that_is_kept(
    desk: Desk, settings: pytest.MonkeyPatch
) -> None:
    calendar_id = await desk.connect(ANNA)
    settings.setenv("MEETINGBAAS_BASE_URL", "http://127.0.0.1:1")
    found = await listed(calendar_id)
    assert (found["is_kept"], found["is_connected"]) == (True, None)
    assert "The provider does not answer" in (await cli("calendar", "list")).out
    assert (await cli("calendar", "show", calendar_id)).code == 0


@pytest.mark.usefixtures("without_worker")
async def test_without_temporal_or_a_worker_there_is_a_sentence(desk: Desk, settings: pytest.MonkeyPatch) -> None:
    settings.setattr("starter.calendars.calls._ANSWER_WITHIN", timedelta(seconds=0.5))
    settings.setattr("starter.calendars.calls._CHANGE_WITHIN", timedelta(seconds=0.5))
    settings.setattr("starter.calendars.listing._ANSWER_WITHIN", timedelta(seconds=0.5))
    calendar_id = await desk.connect(ANNA)
    found = await listed(calendar_id)
    assert (found["state"], found["trouble"]) == ("unknown", "no worker answered")
    assert "cannot be asked: no worker answered" in (await cli("calendar", "explain", calendar_id, "x")).err
    assert "No worker confirmed the change" in (await cli("calendar", "resync", calendar_id)).err
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    ended = await cli("calendar", "show", calendar_id)
    assert (ended.code, ended.err.startswith("Error: Cannot connect to Temporal at 127.0.0.1:1")) == (1, True)


async def test_ctrl_c_is_a_quiet_130(desk: Desk) -> None:
    slow = {"kind": "timeout_before", "hold": 60, "match": {"path": "/calendars"}}
    await desk.sim.ok("POST", "/_sim/faults", json=slow)
    async with process("calendar", "list") as child:
        await eventually(
            lambda: desk.sim.ok("GET", "/_sim/faults"),
            lambda orders: any(order["struck"] for order in orders["orders"]),
        )
        child.send_signal(signal.SIGINT)
        out, err = await child.communicate()
        assert (child.returncode, out, err) == (130, b"", b"")
