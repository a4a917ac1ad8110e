"""Connected calendars, their events, and what is told of them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.devtools.simulator.meetingbaas_v2.calendar_support import (
    ANNA,
    BEN,
    LINK,
    account,
    add,
    connect,
    details,
    event,
    events,
    order,
    sync,
)
from tests.devtools.simulator.meetingbaas_v2.support import SvixReceiver, V2Sim, running_v2, soon, zulu
from tests.devtools.simulator.support import eventually

CALENDARS = "/v2/calendars"


@pytest_asyncio.fixture
async def sim(svix: SvixReceiver) -> AsyncIterator[V2Sim]:
    """One whose calendars are only read when they are told to, after the first time."""
    async with running_v2(account_webhook_url=svix.url, speed=100, calendar_sync_interval=10**9) as sim:
        yield sim


async def test_what_can_be_connected(sim: V2Sim) -> None:
    team = {"id": "team@group.calendar.google.com", "name": "Team"}
    google = await account(sim, calendars=[team])
    listed = await sim.ok("POST", f"{CALENDARS}/list-raw", json=google)
    assert [(each["id"], each["name"], each["email"], each["is_primary"]) for each in listed] == [
        (ANNA, ANNA, ANNA, True),
        (team["id"], "Team", ANNA, False),
    ]
    wrong = google | {"oauth_refresh_token": "unheard-of"}
    assert (await sim.refused("POST", f"{CALENDARS}/list-raw", json=wrong))[0] == 401
    poor = await account(sim, BEN, "Microsoft", licensed=False)
    assert (await sim.refused("POST", f"{CALENDARS}/list-raw", json=poor))[0] == 403


async def test_connecting_needs_to_say_which_calendar(sim: V2Sim) -> None:
    google = await account(sim)
    assert (await sim.refused("POST", CALENDARS, json=google))[0] == 400
    assert (await sim.refused("POST", CALENDARS, json=google | {"raw_calendar_id": "other"}))[0] == 400
    status, answer = await sim.call("POST", CALENDARS, json=google | {"raw_calendar_id": "primary"})
    assert (status, answer["data"]["status"], answer["data"]["account_email"]) == (201, "active", ANNA)
    again = await sim.refused("POST", CALENDARS, json=google | {"raw_calendar_id": ANNA})
    assert again == (409, "FST_ERR_CALENDAR_CONNECTION_ALREADY_EXISTS")


async def test_a_team_has_so_many_calendars(sim: V2Sim) -> None:
    await connect(sim)
    await sim.ok("PATCH", "/_sim/account", json={"calendar_limit": 1})
    other = await account(sim, BEN) | {"raw_calendar_id": "primary"}
    response, refusal = await sim.raw("POST", CALENDARS, json=other)
    assert (response.status, refusal["code"]) == (429, "FST_ERR_CALENDAR_CONNECTION_LIMIT_EXCEEDED")
    assert "retryAfter" not in refusal


async def test_the_list_of_calendars_is_a_health_check(sim: V2Sim) -> None:
    first, second = await connect(sim), await connect(sim, BEN, "Microsoft")
    assert [each["calendar_id"] for each in await sim.ok("GET", CALENDARS)] == [second, first]
    await order(sim, "POST", f"accounts/{ANNA}/expire")
    await order(sim, "POST", f"accounts/{BEN}/deny")
    for calendar_id in (first, second):
        await sim.call("POST", f"/_sim/calendars/{calendar_id}/sync")
    for status, calendar_id in (("revoked", first), ("permission_denied", second)):
        assert [each["calendar_id"] for each in await sim.ok("GET", CALENDARS, params={"status": status})] == [
            calendar_id
        ]
    shown = await details(sim, first)
    assert (shown["sync_status"], shown["status_message"]) == ("failed", shown["sync_error"])
    assert "revoked" in shown["sync_error"]


async def test_lost_access_is_told_and_new_credentials_restore_it(sim: V2Sim, svix: SvixReceiver) -> None:
    calendar_id = await connect(sim)
    await order(sim, "POST", f"accounts/{ANNA}/expire")
    assert (await sim.refused("POST", f"{CALENDARS}/{calendar_id}/sync"))[0] == 401
    told = await svix.first("calendar.connection_updated")
    assert told["data"]["status"] == "revoked"
    channel = (await details(sim, calendar_id))["subscription_id"]
    fresh = await account(sim)
    assert (await sim.refused("PATCH", f"{CALENDARS}/{calendar_id}", json={"oauth_client_id": "x"}))[0] == 400
    answer = await sim.ok("PATCH", f"{CALENDARS}/{calendar_id}", json=fresh)
    assert answer["status"] == "active"
    await svix.wait_for(lambda: len(svix.of("calendar.connection_updated")) == 2)
    assert (await details(sim, calendar_id))["subscription_id"] != channel
    await sim.ok("POST", f"{CALENDARS}/{calendar_id}/sync")
    resubscribed = await sim.ok("POST", f"{CALENDARS}/{calendar_id}/resubscribe")
    assert resubscribed["calendar_id"] == calendar_id


async def test_an_app_whose_secret_has_run_out_is_an_error(sim: V2Sim) -> None:
    calendar_id = await connect(sim)
    await order(sim, "POST", "apps/google-app/expire")
    assert (await sim.refused("POST", f"{CALENDARS}/{calendar_id}/sync"))[0] == 401
    assert (await details(sim, calendar_id))["status"] == "error"


async def test_a_disconnected_calendar_is_gone(sim: V2Sim, svix: SvixReceiver) -> None:
    calendar_id = await connect(sim)
    await sim.ok("DELETE", f"{CALENDARS}/{calendar_id}")
    assert (await svix.first("calendar.connection_deleted"))["data"]["calendar_id"] == calendar_id
    assert (await sim.refused("GET", f"{CALENDARS}/{calendar_id}"))[0] == 404
    assert await sim.ok("GET", CALENDARS) == []


async def test_the_first_sync_is_told_once_and_later_ones_event_by_event(sim: V2Sim, svix: SvixReceiver) -> None:
    [before] = await add(sim)
    await add(sim, id="weekly", series={"count": 3})
    calendar_id = await connect(sim)
    told = (await svix.first("calendar.events_synced"))["data"]["events"]
    assert [(each["event_type"], len(each["instances"])) for each in told] == [("one_off", 1), ("recurring", 3)]
    assert {each["series_bot_scheduled"] for each in told} == {False}
    await add(sim, title="New")
    await order(sim, "PATCH", f"events/{before}", shift=600)
    await order(sim, "POST", "events/weekly/cancel")
    await sync(sim, calendar_id)
    created = (await svix.first("calendar.event_created"))["data"]
    updated = (await svix.first("calendar.event_updated"))["data"]
    cancelled = (await svix.first("calendar.event_cancelled"))["data"]
    assert [each["title"] for each in created["instances"]] == ["New"]
    assert updated["affected_instances"][0]["event_id"] == told[0]["instances"][0]["event_id"]
    assert len(cancelled["cancelled_instances"]) == 3
    await sim.ok("POST", f"{CALENDARS}/{calendar_id}/sync")
    assert len(svix.of("calendar.events_synced")) == 1


async def test_the_list_has_no_people(sim: V2Sim) -> None:
    [identifier] = await add(sim, guests=[{"email": BEN, "name": "Ben"}], title="Talk", description="About it")
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    assert set(found) == {
        *("series_id", "event_type", "event_id", "title", "start_time", "end_time", "status", "is_exception"),
        *("meeting_url", "meeting_platform", "calendar_id", "bot_scheduled", "created_at"),
    }
    assert (found["meeting_url"], found["meeting_platform"], found["bot_scheduled"]) == (LINK, "meet", False)
    shown = await event(sim, calendar_id, found["event_id"])
    assert [(each["email"], each.get("self"), each.get("organizer")) for each in shown["attendees"]] == [
        (ANNA, True, True),
        (BEN, None, None),
    ]
    assert (shown["organizer_email"], shown["description"], shown["timezone"]) == (ANNA, "About it", "UTC")
    assert shown["raw_payload"]["id"] == identifier


async def test_outlook_has_its_own_raw_object(sim: V2Sim) -> None:
    await add(sim, BEN, guests=[ANNA])
    calendar_id = await connect(sim, BEN, "Microsoft")
    [found] = await events(sim, calendar_id)
    shown = await event(sim, calendar_id, found["event_id"])
    assert shown["calendar_platform"] == "microsoft"
    assert shown["raw_payload"]["isOrganizer"] is True


async def test_a_declined_event_is_a_cancelled_one(sim: V2Sim, svix: SvixReceiver) -> None:
    [identifier] = await add(sim, BEN, guests=[ANNA])
    calendar_id = await connect(sim)
    await order(sim, "POST", f"events/{identifier}/respond", email=ANNA, response="declined")
    [found] = await events(sim, calendar_id)
    assert found["status"] == "cancelled"
    assert (await svix.first("calendar.event_cancelled"))["data"]["cancelled_instances"][0]["status"] == "cancelled"
    raw = (await event(sim, calendar_id, found["event_id"]))["raw_payload"]
    assert raw["status"] == "confirmed"
    assert await events(sim, calendar_id, show_cancelled="false") == []
    await order(sim, "POST", f"events/{identifier}/respond", email=ANNA, response="accepted")
    assert [each["status"] for each in await events(sim, calendar_id)] == ["confirmed"]


async def test_another_rule_invalidates_a_series(sim: V2Sim) -> None:
    await add(sim, id="weekly", series={"count": 2})
    calendar_id = await connect(sim)
    old = await events(sim, calendar_id)
    await order(sim, "POST", "events/weekly/recur", count=3, every_days=1)
    both = await events(sim, calendar_id)
    ids = {each["event_id"] for each in old}
    assert {each["status"] for each in both if each["event_id"] in ids} == {"cancelled"}
    new = [each for each in both if each["event_id"] not in ids]
    assert [each["status"] for each in new] == ["confirmed"] * 3
    assert len({each["series_id"] for each in both}) == 2
    series = await sim.ok("GET", f"{CALENDARS}/{calendar_id}/series", params={"show_cancelled": "false"})
    assert [(each["event_type"], len(each["events"])) for each in series] == [("recurring", 3)]


async def test_pages_and_filters_of_events(sim: V2Sim) -> None:
    for hours in (5, 3, 1, 4, 2):
        await add(sim, title=str(hours), start=soon(hours=hours).isoformat())
    await add(sim, title="far", start=soon(days=31).isoformat())
    calendar_id = await connect(sim)
    path = f"{CALENDARS}/{calendar_id}/events"
    query: dict[str, str] = {"limit": "2"}
    titles: list[str] = []
    while True:
        _, page = await sim.call("GET", path, params=query)
        titles += [each["title"] for each in page["data"]]
        if not page["cursor"]:
            break
        query["cursor"] = page["cursor"]
    assert titles == ["1", "2", "3", "4", "5"]
    between = {"start_date": zulu(soon(hours=1.5)), "end_date": zulu(soon(hours=3.5))}
    assert [each["title"] for each in await events(sim, calendar_id, **between)] == ["2", "3"]
    assert await events(sim, calendar_id, status="tentative,cancelled") == []


@pytest.mark.parametrize("leaves_at_start", [True, False])
async def test_events_leave_the_window(*, leaves_at_start: bool) -> None:
    async with running_v2(events_leave_at_start=leaves_at_start) as sim:
        start = soon(seconds=2)
        await add(sim, start=start.isoformat(), end=soon(seconds=9).isoformat())
        calendar_id = await connect(sim)
        [found] = await events(sim, calendar_id)
        path = f"{CALENDARS}/{calendar_id}/events/{found['event_id']}"

        async def asked() -> tuple[int, Any]:
            return (await sim.call("GET", path))[0], soon()

        status, at = await eventually(asked, lambda got: got[0] == 404)
        assert status == 404
        assert (at - start).total_seconds() < 6 if leaves_at_start else (at - start).total_seconds() > 6


async def test_the_wording_of_the_pages(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, wording="pages") as sim:
        await add(sim)
        calendar_id = await connect(sim)
        told = (await svix.first("calendar.events_synced"))["data"]
        assert (told["events_synced"], told["sync_type"]) == (1, "full")
        assert svix.of("calendar.connection_created")[0]["data"]["platform"] == "google"
        await order(sim, "POST", f"accounts/{ANNA}/expire")
        await sim.refused("POST", f"{CALENDARS}/{calendar_id}/sync")
        assert (await svix.first("calendar.connection_error"))["data"]["status"] == "revoked"
