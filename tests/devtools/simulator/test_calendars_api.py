"""Each call of the calendar half of the API as its documentation has it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.devtools.simulator.calendar_support import (
    ANNA,
    BEN,
    BOT,
    OTTO,
    account,
    add,
    cancel,
    connect,
    connected_account,
    events,
    only_event,
    soon,
    sync,
)
from tests.devtools.simulator.faults_support import order
from tests.devtools.simulator.support import Sim, running_sim

TEAM = {"id": "team@group.calendar.google.com", "name": "Team"}


async def test_raw_calendars_of_a_user(sim: Sim) -> None:
    credentials = await account(sim, calendars=[TEAM])
    answer = await sim.ok("POST", "/calendars/raw", json=credentials)
    assert answer == {
        "calendars": [
            {"id": ANNA, "email": ANNA, "is_primary": True},
            {"id": TEAM["id"], "email": ANNA, "is_primary": False},
        ]
    }


async def test_a_calendar_from_its_connection_to_its_end(sim: Sim) -> None:
    credentials = await account(sim, name="Anna", calendars=[TEAM])
    created = (await sim.ok("POST", "/calendars/", json=credentials))["calendar"]
    assert set(created) == {"uuid", "name", "email", "google_id", "resource_id"}
    assert str(UUID(created["uuid"])) == created["uuid"]
    assert (created["name"], created["email"], created["google_id"]) == ("Anna", ANNA, ANNA)
    team = (await sim.ok("POST", "/calendars/", json=credentials | {"raw_calendar_id": TEAM["id"]}))["calendar"]
    assert (team["name"], team["google_id"]) == ("Team", TEAM["id"])
    assert await sim.ok("GET", "/calendars/") == [created, team]
    path = f"/calendars/{created['uuid']}"
    assert await sim.ok("GET", path) == created
    assert await sim.call("DELETE", path) == (200, "")
    for method in ("GET", "DELETE"):
        assert await sim.call(method, path) == (404, {"error": "CalendarNotFound"})
    assert await sim.ok("GET", "/calendars/") == [team]
    # What the user granted is still good.
    await sim.ok("POST", "/calendars/", json=credentials)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_both_path_forms_without_redirect(sim: Sim, slash: str) -> None:
    credentials = await account(sim)
    await add(sim)
    json_type = {"content-type": "application/json"}
    await sim.ok("POST", f"/calendars/raw{slash}", json=credentials)
    uuid = (await sim.ok("POST", f"/calendars{slash}", json=credentials))["calendar"]["uuid"]
    await sim.ok("GET", f"/calendars{slash}", headers=json_type)
    await sim.ok("GET", f"/calendars/{uuid}{slash}", headers=json_type)
    await sim.ok("PATCH", f"/calendars/{uuid}{slash}", json=credentials)
    await sim.ok("POST", f"/calendars/resync_all{slash}", headers=json_type)
    page = await sim.ok("GET", f"/calendar_events{slash}", params={"calendar_id": uuid}, headers=json_type)
    path = f"/calendar_events/{page['data'][0]['uuid']}"
    await sim.ok("GET", f"{path}{slash}", headers=json_type)
    await sim.ok("POST", f"{path}/bot{slash}", json=BOT)
    await sim.ok("PATCH", f"{path}/bot{slash}", json={})
    await sim.ok("DELETE", f"{path}/bot{slash}", headers=json_type)
    await sim.ok("DELETE", f"/calendars/{uuid}{slash}", headers=json_type)


@pytest.mark.parametrize("missing", ["platform", "oauth_client_id", "oauth_client_secret", "oauth_refresh_token"])
async def test_all_four_credentials_are_needed(sim: Sim, missing: str) -> None:
    credentials = await account(sim)
    calendar = await connect(sim, credentials)
    del credentials[missing]
    calls = (("POST", "/calendars/raw"), ("POST", "/calendars/"), ("PATCH", f"/calendars/{calendar}"))
    for method, path in calls:
        status, text = await sim.call(method, path, json=credentials)
        assert (status, missing in text) == (422, True)


async def test_what_is_not_there(sim: Sim) -> None:
    credentials = await account(sim)
    unknown = uuid4()
    for method, path in (("GET", ""), ("PATCH", "/bot"), ("POST", "/bot"), ("DELETE", "/bot")):
        body = {"json": BOT} if method in ("PATCH", "POST") else {}
        answer = await sim.call(method, f"/calendar_events/{unknown}{path}", **body)
        assert answer == (404, {"error": "EventNotFound"})
    answer = await sim.call("GET", "/calendar_events/", params={"calendar_id": str(unknown)})
    assert answer == (404, {"error": "CalendarNotFound"})
    status, answer = await sim.call("POST", "/calendars/", json=credentials | {"raw_calendar_id": "nowhere"})
    assert (status, "CalendarNotFound" in answer["error"]) == (404, True)
    for identifier in (unknown, "cal_12345abcde", "raw"):
        assert (await sim.call("GET", f"/calendars/{identifier}"))[0] == 404


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "calendar_id"),
        ({"calendar_id": "?", "status": "later"}, "status"),
        ({"calendar_id": "?", "start_date_gte": "tomorrow"}, "start_date_gte"),
        ({"calendar_id": "?", "cursor": "x"}, "cursor"),
    ],
)
async def test_bad_queries(sim: Sim, query: dict[str, str], named: str) -> None:
    calendar = await connected_account(sim)
    query = {key: calendar if value == "?" else value for key, value in query.items()}
    status, text = await sim.call("GET", "/calendar_events/", params=query)
    assert (status, named in text) == (400, True)


async def test_an_event_has_the_documented_fields(sim: Sim) -> None:
    calendar = await connected_account(sim)
    start = datetime(2027, 1, 10, 9, 30, tzinfo=UTC)
    await add(sim, start=start.isoformat(), title="Review", guests=[{"email": BEN, "name": "Ben"}])
    await sim.ok("POST", "/calendars/resync_all", params={"days": "1000"})
    event = await only_event(sim, calendar)
    raw, updated = event.pop("raw"), event.pop("last_updated_at")
    assert event == {
        "uuid": event["uuid"],
        "calendar_uuid": calendar,
        "google_id": raw["id"],
        "name": "Review",
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "start_time": "2027-01-10T09:30:00.000000Z",
        "end_time": "2027-01-10T10:00:00.000000Z",
        "is_organizer": True,
        "is_recurring": False,
        "recurring_event_id": None,
        "deleted": False,
        "attendees": [{"email": ANNA, "name": None}, {"email": BEN, "name": "Ben"}],
        "bot_param": None,
    }
    assert datetime.fromisoformat(updated) <= datetime.now(UTC)
    assert await sim.ok("GET", f"/calendar_events/{event['uuid']}") == event | {
        "raw": raw,
        "last_updated_at": updated,
    }


async def test_filters_of_the_list(sim: Sim) -> None:
    calendar = await connected_account(sim)
    start = soon(days=2)
    await add(sim, title="past", start=soon(days=-1).isoformat())
    await add(sim, title="soon", guests=[BEN])
    await add(sim, BEN, title="invited", start=start.isoformat(), guests=[ANNA])
    await sync(sim, calendar)

    async def titles(**query: str) -> list[str]:
        params = {"calendar_id": calendar} | query
        page = await sim.ok("GET", "/calendar_events/", params=params)
        return [event["name"] for event in page["data"]]

    assert await titles() == await titles(status="upcoming") == ["soon", "invited"]
    assert await titles(status="past") == ["past"]
    assert await titles(status="all") == ["past", "soon", "invited"]
    edge = start.isoformat()
    assert await titles(start_date_gte=edge) == ["invited"]
    assert await titles(start_date_lte=edge) == ["soon", "invited"]
    assert await titles(start_date_lte=(start - timedelta(seconds=1)).isoformat()) == ["soon"]
    assert await titles(attendee_email=BEN) == ["soon", "invited"]
    assert await titles(attendee_email=OTTO) == []
    assert await titles(organizer_email=BEN) == ["invited"]
    later = await add(sim, title="new")
    await sync(sim, calendar)
    updated = next(e for e in await events(sim, calendar) if e["google_id"] == later[0])["last_updated_at"]
    assert await titles(updated_at_gte=updated) == ["new"]
    assert await titles(updated_at_gte=updated.removesuffix("Z")) == ["new"]


@pytest.mark.parametrize(("name", "form"), [("data", "cursor"), ("data", "url"), ("events", "cursor")])
async def test_pages_of_a_hundred(name: str, form: str) -> None:
    async with running_sim(event_list=name, event_list_next=form) as sim:
        calendar = await connected_account(sim)
        start = soon(days=1)
        orders = [
            {"organizer": ANNA, "title": str(number), "start": (start + timedelta(minutes=number)).isoformat()}
            for number in range(250)
        ]
        await sim.ok("POST", "/_sim/calendars/events", json=orders)
        await sync(sim, calendar)
        titles: list[list[str]] = []
        path, params = "/calendar_events/", {"calendar_id": calendar}
        while path:
            page = await sim.ok("GET", path, params=params)
            titles.append([event["name"] for event in page[name]])
            following = page["next"]
            if form == "url":
                path, params = following, {}
                assert path is None or path.startswith(f"{sim.url}/calendar_events/?calendar_id={calendar}")
            else:
                path, params = following and path, params | {"cursor": following}
        assert [len(page) for page in titles] == [100, 100, 50]
        assert [title for page in titles for title in page] == [str(number) for number in range(250)]


async def test_only_the_next_days_are_known(sim: Sim) -> None:
    calendar = await connected_account(sim)
    for days in (29, 31):
        await add(sim, title=str(days), start=soon(days=days).isoformat())
    await sync(sim, calendar)
    assert [event["name"] for event in await events(sim, calendar)] == ["29"]
    answer = await sim.ok("POST", "/calendars/resync_all", params={"days": "40"})
    assert answer == {"synced_calendars": [calendar], "errors": []}
    assert [event["name"] for event in await events(sim, calendar)] == ["29", "31"]


@pytest.mark.parametrize("form", ["flagged", "gone"])
async def test_removed_events(form: str) -> None:
    async with running_sim(removed_events=form) as sim:
        calendar = await connected_account(sim)
        [identifier] = await add(sim)
        event = await only_event(sim, calendar)
        await cancel(sim, identifier)
        await sync(sim, calendar)
        status, answer = await sim.call("GET", f"/calendar_events/{event['uuid']}")
        if form == "gone":
            assert (status, await events(sim, calendar)) == (404, [])
        else:
            assert (status, answer["deleted"]) == (200, True)
            assert await events(sim, calendar) == [answer]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/calendars/raw"),
        ("GET", "/calendars/"),
        ("POST", "/calendars/resync_all"),
        ("GET", "/calendar_events/"),
        ("DELETE", "/calendar_events/x/bot"),
    ],
)
async def test_calendar_calls_need_the_key_and_suffer_faults(sim: Sim, method: str, path: str) -> None:
    wrong: Any = {"headers": {"x-meeting-baas-api-key": "wrong"}}
    assert (await sim.call(method, path, **wrong))[0] == 401
    await order(sim, "rate_limited", times=1, match={"path": "/calendar"})
    assert (await sim.call(method, path))[0] == 429
    assert (await sim.call(method, path))[0] != 429
