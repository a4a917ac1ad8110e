"""Events appear, move, lose their link, are cancelled and recur, as Google and Microsoft show it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import (
    ANNA,
    BEN,
    LINK,
    OTTO,
    add,
    cancel,
    change,
    connected_account,
    events,
    only_event,
    soon,
    sync,
)
from tests.devtools.simulator.support import Sim, eventually, running_sim

CONTROL = "/_sim/calendars"


async def test_a_change_is_noticed_by_itself(sim: Sim) -> None:
    calendar = await connected_account(sim)
    [identifier] = await add(sim, title="New")
    [event] = await eventually(lambda: events(sim, calendar), bool)
    await change(sim, identifier, title="Newer")
    [renamed] = await eventually(lambda: events(sim, calendar), lambda found: found[0]["name"] == "Newer")
    assert renamed["uuid"] == event["uuid"]
    assert renamed["last_updated_at"] > event["last_updated_at"]


async def test_what_nobody_reports_is_noticed_after_a_while() -> None:
    async with running_sim(calendar_sync_interval=1) as sim:
        calendar = await connected_account(sim)
        ledger = await eventually(sim.ledger, lambda ledger: len(ledger["syncs"]) > 3)
        assert ledger["syncs"][0]["trigger"] == "connected"
        assert {entry["trigger"] for entry in ledger["syncs"][1:]} == {"periodic"}
        assert {entry["calendar_id"] for entry in ledger["syncs"]} == {calendar}


async def test_a_moved_event_keeps_ids_and_length(sim: Sim) -> None:
    calendar = await connected_account(sim)
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    [identifier] = await add(sim, start=start.isoformat(), end=(start + timedelta(hours=2)).isoformat())
    event = await only_event(sim, calendar)
    await change(sim, identifier, start=(start + timedelta(days=1)).isoformat())
    moved = await only_event(sim, calendar)
    await change(sim, identifier, shift=-86400)
    back = await only_event(sim, calendar)
    assert [moved[key] for key in ("uuid", "google_id")] == [event[key] for key in ("uuid", "google_id")]
    hours = [datetime.fromisoformat(moved[key]) - start for key in ("start_time", "end_time")]
    assert hours == [timedelta(hours=24), timedelta(hours=26)]
    assert (back["start_time"], back["end_time"]) == (event["start_time"], event["end_time"])


@pytest.mark.parametrize("place", ["conference", "location", "description"])
@pytest.mark.parametrize("platform", ["Google", "Microsoft"])
async def test_links_are_found_and_lost(sim: Sim, platform: str, place: str) -> None:
    calendar = await connected_account(sim, platform=platform)
    [identifier] = await add(sim, link="https://teams.live.com/meet/9311112223334", link_place=place)
    event = await only_event(sim, calendar)
    assert event["meeting_url"] == "https://teams.live.com/meet/9311112223334"
    assert "teams.live.com" in str(event["raw"])
    await change(sim, identifier, link="https://video.example.com/1")
    assert (await only_event(sim, calendar))["meeting_url"] == ""
    await change(sim, identifier, link="")
    event = await only_event(sim, calendar)
    assert (event["meeting_url"], "https://video" in str(event["raw"])) == ("", False)


async def test_google_shares_ids_between_copies(sim: Sim) -> None:
    hers, his = await connected_account(sim), await connected_account(sim, BEN)
    await add(sim, guests=[BEN, OTTO])
    first, second = await only_event(sim, hers), await only_event(sim, his)
    assert first["google_id"] == second["google_id"]
    assert first["raw"]["iCalUID"] == second["raw"]["iCalUID"] == f"{first['google_id']}@google.com"
    assert first["uuid"] != second["uuid"]
    assert (first["calendar_uuid"], second["calendar_uuid"]) == (hers, his)
    assert (first["is_organizer"], second["is_organizer"]) == (True, False)
    assert first["raw"]["organizer"] == {"email": ANNA, "self": True}
    assert second["raw"]["organizer"] == {"email": ANNA}
    assert second["raw"]["attendees"] == [
        {"email": ANNA, "organizer": True, "responseStatus": "accepted"},
        {"email": BEN, "self": True, "responseStatus": "needsAction"},
        {"email": OTTO, "responseStatus": "needsAction"},
    ]


async def test_microsoft_shares_only_the_calendar_uid(sim: Sim) -> None:
    hers, his = await connected_account(sim), await connected_account(sim, OTTO, "Microsoft")
    another = await connected_account(sim, BEN, "Microsoft")
    await add(sim, OTTO, guests=[ANNA, BEN], link="https://teams.live.com/meet/9311112223334")
    google, own, invited = [await only_event(sim, calendar) for calendar in (hers, his, another)]
    assert len({event["google_id"] for event in (google, own, invited)}) == 3
    assert google["raw"]["iCalUID"] == own["raw"]["iCalUId"] == invited["raw"]["iCalUId"]
    assert own["raw"]["iCalUId"].startswith("040000008200E00074C5B7101A82E00800000000")
    assert own["raw"]["responseStatus"]["response"] == "organizer"
    assert invited["raw"]["responseStatus"]["response"] == "notResponded"
    assert (own["raw"]["isOrganizer"], invited["raw"]["isOrganizer"]) == (True, False)
    assert own["raw"]["onlineMeeting"] == {"joinUrl": "https://teams.live.com/meet/9311112223334"}
    assert own["raw"]["start"]["timeZone"] == "UTC"
    assert own["raw"]["start"]["dateTime"].endswith(".0000000")
    assert [guest["emailAddress"]["address"] for guest in own["raw"]["attendees"]] == [ANNA, BEN]
    assert own["raw"]["attendees"][0]["status"]["response"] == "none"


async def test_answers_of_guests(sim: Sim) -> None:
    google = await connected_account(sim, BEN)
    microsoft = await connected_account(sim, OTTO, "Microsoft")
    [identifier] = await add(sim, guests=[BEN, OTTO])
    for email, response in ((BEN, "declined"), (OTTO, "tentative")):
        order = {"email": email, "response": response}
        await sim.ok("POST", f"{CONTROL}/events/{identifier}/respond", json=order)
    raw = (await only_event(sim, google))["raw"]
    assert {guest["email"]: guest["responseStatus"] for guest in raw["attendees"]} == {
        ANNA: "accepted",
        BEN: "declined",
        OTTO: "tentative",
    }
    raw = (await only_event(sim, microsoft))["raw"]
    assert raw["responseStatus"]["response"] == "tentativelyAccepted"
    assert [guest["status"]["response"] for guest in raw["attendees"]] == ["declined", "tentativelyAccepted"]


async def test_cancelling(sim: Sim) -> None:
    google = await connected_account(sim)
    own, invited = [await connected_account(sim, email, "Microsoft") for email in (OTTO, BEN)]
    [identifier] = await add(sim, OTTO, guests=[ANNA, BEN], title="Plan")
    for calendar in (google, own, invited):
        await only_event(sim, calendar)
    await cancel(sim, identifier)
    event = await only_event(sim, google)
    assert (event["deleted"], event["raw"]["status"], "start" in event["raw"]) == (True, "cancelled", False)
    event = await only_event(sim, own)
    assert (event["deleted"], event["raw"]["@removed"]) == (True, {"reason": "deleted"})
    event = await only_event(sim, invited)
    assert (event["deleted"], event["raw"]["isCancelled"]) == (False, True)
    assert event["raw"]["subject"] == "Canceled: Plan"


async def test_somebody_who_is_no_longer_invited_loses_the_event(sim: Sim) -> None:
    calendar = await connected_account(sim, BEN)
    [identifier] = await add(sim, guests=[BEN])
    assert not (await only_event(sim, calendar))["deleted"]
    await change(sim, identifier, guests=[OTTO])
    assert (await only_event(sim, calendar))["deleted"]
    await change(sim, identifier, guests=[BEN])
    assert not (await only_event(sim, calendar))["deleted"]


async def test_all_day_events_and_time_zones(sim: Sim) -> None:
    google = await connected_account(sim, BEN)
    microsoft = await connected_account(sim, OTTO, "Microsoft")
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    await add(sim, guests=[BEN, OTTO], start=f"{day}T15:00:00Z", all_day=True)
    event = await only_event(sim, google)
    assert event["raw"]["start"] == {"date": str(day)}
    assert event["raw"]["end"] == {"date": str(day + timedelta(days=1))}
    assert event["start_time"] == f"{day}T00:00:00.000000Z"
    assert (await only_event(sim, microsoft))["raw"]["isAllDay"] is True
    await add(sim, BEN, start="2026-01-15T09:00:00Z", time_zone="Europe/Paris")
    await sync(sim, google)
    past = (await events(sim, google))[0]
    assert past["raw"]["start"] == {"dateTime": "2026-01-15T10:00:00+01:00", "timeZone": "Europe/Paris"}


async def series(sim: Sim, calendar: str) -> list[dict[str, Any]]:
    await sync(sim, calendar)
    return await events(sim, calendar)


async def test_series_at_google(sim: Sim) -> None:
    calendar = await connected_account(sim)
    identifiers = await add(sim, id="standup", series={"count": 3, "every_days": 1})
    before = await series(sim, calendar)
    await change(sim, identifiers[1], shift=3600)
    await cancel(sim, identifiers[2])
    first, moved, cancelled = await series(sim, calendar)
    assert {event["recurring_event_id"] for event in (first, moved, cancelled)} == {"standup"}
    assert {event["is_recurring"] for event in (first, moved, cancelled)} == {True}
    assert {event["raw"]["iCalUID"] for event in (first, moved)} == {"standup@google.com"}
    assert [event["google_id"] for event in (first, moved, cancelled)] == identifiers
    assert moved["raw"]["originalStartTime"] == before[1]["raw"]["start"] != moved["raw"]["start"]
    assert moved["google_id"] == f"standup_{datetime.fromisoformat(before[1]['start_time']):%Y%m%dT%H%M%SZ}"
    assert cancelled["deleted"]
    assert set(cancelled["raw"]) == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}


async def test_series_at_microsoft(sim: Sim) -> None:
    calendar = await connected_account(sim, OTTO, "Microsoft")
    identifiers = await add(sim, OTTO, series={"count": 2, "every_days": 1})
    before = await series(sim, calendar)
    await change(sim, identifiers[1], shift=-60)
    first, moved = await series(sim, calendar)
    assert first["recurring_event_id"] == moved["recurring_event_id"] == first["raw"]["seriesMasterId"]
    assert (first["raw"]["type"], moved["raw"]["type"]) == ("occurrence", "exception")
    start = datetime.fromisoformat(before[1]["start_time"])
    assert moved["raw"]["originalStart"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"
    days = [f"{at.year:04X}{at.month:02X}{at.day:02X}" for at in (start - timedelta(days=1), start)]
    assert [event["raw"]["iCalUId"][32:40] for event in (first, moved)] == days
    assert len({event["raw"]["iCalUId"][40:] for event in (first, moved)}) == 1


async def test_a_whole_series_changes_at_once(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim, id="weekly", series={"count": 4})
    await series(sim, calendar)
    await change(sim, "weekly", title="Later", shift=60)
    assert {event["name"] for event in await series(sim, calendar)} == {"Later"}
    await cancel(sim, "weekly")
    assert {event["deleted"] for event in await series(sim, calendar)} == {True}


@pytest.mark.no_cover
async def test_thousands_of_events_at_once(sim: Sim) -> None:
    calendar = await connected_account(sim)
    start = soon(days=1).isoformat()
    orders = [{"organizer": ANNA, "start": start, "title": str(number)} for number in range(5000)]
    await sim.ok("POST", f"{CONTROL}/events", json=orders)
    await sync(sim, calendar)
    state = await sim.ok("GET", CONTROL)
    assert len(state["events"]) == 5000
    assert {copy["calendar"] for event in state["events"] for copy in event["copies"]} == {calendar}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"organizer": ANNA}, "start"),
        ({"organizer": ANNA, "start": "2026-01-01T10:00:00"}, "start"),
        ([{"organizer": ANNA, "start": "2026-01-01T10:00:00Z"}, {"start": "2026-01-01T10:00:00Z"}], "organizer"),
        ({"organizer": ANNA, "start": "2026-01-01T10:00:00Z", "end": "2026-01-01T09:00:00Z"}, "end"),
        ({"organizer": ANNA, "start": "2026-01-01T10:00:00Z", "time_zone": "Mars/Base"}, "time_zone"),
        ({"organizer": ANNA, "start": "2026-01-01T10:00:00Z", "calendar": "nowhere"}, "calendar"),
        ({"organizer": ANNA, "start": "2026-01-01T10:00:00Z", "series": {"count": 0}}, "series.count"),
    ],
)
async def test_bad_orders_are_refused_whole(sim: Sim, body: Any, named: str) -> None:
    status, text = await sim.call("POST", f"{CONTROL}/events", json=body)
    assert (status, named in text) == (400, True)
    assert (await sim.ok("GET", CONTROL))["events"] == []


async def test_what_does_not_exist_cannot_change(sim: Sim) -> None:
    assert (await sim.call("PATCH", f"{CONTROL}/events/x", json={"title": "x"}))[0] == 404
    for path in ("events/x/cancel", "apps/x/expire", "accounts/x/expire", "x/sync"):
        assert (await sim.call("POST", f"{CONTROL}/{path}"))[0] == 404
    order = {"email": ANNA, "client_id": "unknown"}
    assert (await sim.call("POST", f"{CONTROL}/accounts", json=order))[0] == 404


async def test_the_state_of_everything_holds_no_secret(sim: Sim) -> None:
    order = {"email": ANNA, "refresh_token": "refresh-token-1"}
    credentials = await sim.ok("POST", f"{CONTROL}/accounts", json=order)
    await sim.ok("POST", "/calendars/", json=credentials)
    await add(sim, link=LINK)
    texts = str(await sim.ok("GET", CONTROL)), str(await sim.ledger())
    for text in texts:
        assert credentials["oauth_client_secret"] not in text
        assert "refresh-token-1" not in text
