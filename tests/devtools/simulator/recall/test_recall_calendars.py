"""Calendar V2: connections, copies of events, notices, and bots of events."""

import asyncio
from typing import Any

from tests.devtools.simulator.recall.calendar_support import (
    ANNA,
    BEN,
    CALENDARS,
    EVENTS,
    LINK,
    add,
    calendar,
    connect,
    credentials,
    events_of,
    only_event,
    sync,
)
from tests.devtools.simulator.recall.support import Recall, ahead, events, running
from tests.devtools.simulator.support import Receiver, eventually


async def test_a_calendar_echoes_its_secrets_and_a_second_post_makes_a_second_one(recall: Recall) -> None:
    first, given = await connect(recall), await credentials(recall)
    shown = await calendar(recall, first)
    assert shown["oauth_client_secret"] == given["oauth_client_secret"]
    assert shown["oauth_refresh_token"]
    assert (shown["platform_email"], shown["webhook_url"]) == (ANNA, None)
    assert [change["status"] for change in shown["status_changes"]] == ["connecting", "connected"]
    second = await recall.ok("POST", CALENDARS, json=given)
    assert second["id"] != first
    assert second["platform_email"] is None
    found = await recall.ok("GET", CALENDARS, params={"email": ANNA, "platform": "google_calendar"})
    assert first in [one["id"] for one in found["results"]]
    assert (await recall.ok("GET", CALENDARS, params={"platform": "microsoft_outlook"}))["results"] == []
    assert (await recall.call("POST", CALENDARS, json=given | {"raw_calendar_id": "x"}))[0] == 400
    assert (await recall.call("DELETE", f"{CALENDARS}{first}/"))[0] == 204
    assert (await recall.call("GET", f"{CALENDARS}{first}/"))[0] == 404


async def test_unnamed_notices_lead_to_what_has_changed(recall: Recall, receiver: Receiver) -> None:
    one = await connect(recall)
    event = await add(recall, guests=[BEN], title="Planning")
    await receiver.wait_for(lambda: events(receiver).count("calendar.sync_events") == 2)
    notice = [body for body in receiver.bodies if body["event"] == "calendar.sync_events"][-1]["data"]
    assert set(notice) == {"calendar_id", "last_updated_ts"}
    [found] = await events_of(recall, one, updated_at__gte=notice["last_updated_ts"])
    assert (found["platform_id"], found["meeting_url"], found["meeting_platform"]) == (event, LINK, "google_meet")
    assert (found["raw"]["summary"], found["raw"]["attendees"][1]["email"]) == ("Planning", BEN)
    assert (found["is_deleted"], found["bots"]) == (False, [])
    await recall.ok("POST", f"/_sim/calendars/events/{event}/cancel")
    await receiver.wait_for(lambda: events(receiver).count("calendar.sync_events") == 3)
    [gone] = await events_of(recall, one, is_deleted="true")
    assert gone["id"] == found["id"]
    assert await events_of(recall, one, is_deleted="false") == []
    assert (await recall.ok("GET", f"{EVENTS}{found['id']}/"))["is_deleted"] is True


async def test_events_are_listed_by_time_page_by_page() -> None:
    async with running(page_size=2, speed=100_000) as recall:
        one = await connect(recall)
        for hours in (3, 1, 2):
            await add(recall, start=ahead(hours=hours), title=str(hours))
        await add(recall, start=ahead(days=40))
        await sync(recall, one)
        first = await recall.ok("GET", EVENTS, params={"calendar_id": one})
        second = await recall.ok("GET", first["next"].removeprefix(recall.url))
        later = await events_of(recall, one, start_time__gte=ahead(minutes=90), start_time__lte=ahead(minutes=150))
        assert (await recall.call("GET", EVENTS, params={"cursor": "?"}))[0] == 404
    titles = [event["raw"]["summary"] for event in first["results"] + second["results"]]
    assert (titles, second["next"]) == (["1", "2", "3"], None)
    assert [event["raw"]["summary"] for event in later] == ["2"]


async def test_outlook_has_its_own_raw_events(recall: Recall) -> None:
    one = await connect(recall, platform="Microsoft")
    await add(recall)
    event = await only_event(recall, one)
    assert event["platform"] == "microsoft_outlook"
    assert (event["raw"]["subject"], event["ical_uid"]) == ("Meeting", event["raw"]["iCalUId"])


async def test_bad_credentials_are_found_out_by_the_first_look(recall: Recall, receiver: Receiver) -> None:
    given = await credentials(recall) | {"oauth_client_secret": "wrong"}
    one = (await recall.ok("POST", CALENDARS, json=given))["id"]
    await receiver.wait_for(lambda: "calendar.update" in events(receiver))
    shown = await calendar(recall, one)
    assert shown["status"] == "disconnected"
    assert "invalid_client" in shown["status_changes"][-1]["reason"]
    status, answer = await recall.call("POST", f"{CALENDARS}{one}/access-token/")
    assert (status, answer["code"]) == (400, "error")
    await recall.ok("PATCH", f"{CALENDARS}{one}/", json={"oauth_client_secret": "google-app-secret"})
    await eventually(lambda: calendar(recall, one), lambda found: found["status"] == "connected")


async def test_ended_access_is_noticed_late_and_tested_at_once(receiver: Receiver) -> None:
    async with running(webhook_url=receiver.url, disconnect_notice_delay=500, scheduled_lead=1) as recall:
        one = await connect(recall)
        await add(recall)
        event = await only_event(recall, one)
        path = f"{EVENTS}{event['id']}/bot/"
        booked = await recall.ok("POST", path, json={"deduplication_key": "k", "bot_config": {}})
        assert (await recall.ok("POST", f"{CALENDARS}{one}/access-token/"))["token"]
        await recall.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
        status, answer = await recall.call("POST", f"{CALENDARS}{one}/access-token/")
        assert (status, answer["code"]) == (400, "bad_refresh_token")
        assert (await recall.call("POST", f"/_sim/calendars/{one}/sync"))[0] == 409
        assert (await calendar(recall, one))["status"] == "connected"
        ended = await eventually(lambda: calendar(recall, one), lambda found: found["status"] == "disconnected")
        assert "Token has been expired or revoked" in ended["status_changes"][-1]["reason"]
        assert [
            each["id"] for each in (await recall.ok("GET", CALENDARS, params={"status": "disconnected"}))["results"]
        ] == [one]
        [kept] = await events_of(recall, one)
        assert (kept["id"], kept["bots"]) == (event["id"], [])
        assert (await recall.known(booked["bots"][0]["bot_id"]))["deleted_at"]


async def book(recall: Recall, event: Any, key: str, **config: Any) -> Any:
    body = {"deduplication_key": key, "bot_config": config}
    return await recall.ok("POST", f"{EVENTS}{event['id']}/bot/", json=body)


async def test_a_bot_of_an_event_takes_its_link_and_time(recall: Recall) -> None:
    one = await connect(recall)
    await add(recall)
    event = await only_event(recall, one)
    [bot] = (await book(recall, event, "k", metadata={"k": "v"}))["bots"]
    shown = await recall.bot(bot["bot_id"])
    assert (shown["join_at"], shown["metadata"]) == (event["start_time"], {"k": "v"})
    assert (bot["deduplication_key"], bot["meeting_url"]) == ("k", LINK)
    assert (await recall.call("PATCH", f"/api/v1/bot/{bot['bot_id']}/", json={"bot_name": "x"}))[0] == 400
    status, answer = await recall.call("POST", f"{EVENTS}{event['id']}/bot/", json={"bot_config": {}})
    assert (status, answer) == (400, {"deduplication_key": ["This field is required."]})
    body = {"deduplication_key": "k", "bot_config": {"foo": 1}}
    assert (await recall.call("POST", f"{EVENTS}{event['id']}/bot/", json=body))[0] == 400
    assert (await recall.ok("DELETE", f"{EVENTS}{event['id']}/bot/"))["bots"] == []
    assert (await recall.call("GET", f"/api/v1/bot/{bot['bot_id']}/"))[0] == 404


async def test_events_share_a_bot_by_its_key(recall: Recall) -> None:
    anna, ben = await connect(recall), await connect(recall, BEN)
    await add(recall, guests=[BEN])
    hers, his = await only_event(recall, anna), await only_event(recall, ben)
    first = (await book(recall, hers, "k", bot_name="First"))["bots"][0]["bot_id"]
    second = (await book(recall, his, "k", bot_name="Second"))["bots"][0]["bot_id"]
    assert first == second
    assert (await recall.bot(first))["bot_name"] == "Second"
    await recall.ok("DELETE", f"{EVENTS}{hers['id']}/bot/")
    assert (await recall.bot(first))["id"] == first
    await recall.ok("DELETE", f"{CALENDARS}{ben}/")
    assert (await recall.known(first))["deleted_at"]


async def test_a_moved_event_leaves_its_bot_until_it_is_booked_again(recall: Recall) -> None:
    one = await connect(recall)
    identifier = await add(recall)
    event = await only_event(recall, one)
    old = (await book(recall, event, "k1"))["bots"][0]["bot_id"]
    await recall.ok("PATCH", f"/_sim/calendars/events/{identifier}", json={"shift": 3600})
    moved = await only_event(recall, one)
    assert (await recall.bot(old))["join_at"] == event["start_time"] != moved["start_time"]
    [new] = (await book(recall, moved, "k2"))["bots"]
    assert new["bot_id"] != old
    assert (await recall.known(old))["deleted_at"]
    await recall.ok("POST", f"/_sim/calendars/events/{identifier}/cancel")
    assert (await only_event(recall, one))["bots"] == []
    status, answer = await recall.call(
        "POST", f"{EVENTS}{event['id']}/bot/", json={"deduplication_key": "k", "bot_config": {}}
    )
    assert (status, answer["code"]) == (400, "invalid_request_data")


async def test_parallel_requests_with_one_key_conflict() -> None:
    async with running(creation_delay=0.3) as recall:
        one = await connect(recall)
        await add(recall)
        event = await only_event(recall, one)
        first = asyncio.create_task(book(recall, event, "k"))
        await asyncio.sleep(0.1)
        body: dict[str, Any] = {"deduplication_key": "k", "bot_config": {}}
        assert (await recall.call("POST", f"{EVENTS}{event['id']}/bot/", json=body))[0] == 409
        assert len((await first)["bots"]) == 1


async def test_an_event_that_is_over_gets_no_bot(recall: Recall) -> None:
    one = await connect(recall)
    await add(recall, start=ahead(hours=-2), end=ahead(hours=-1))
    event = await only_event(recall, one)
    status, answer = await recall.call(
        "POST", f"{EVENTS}{event['id']}/bot/", json={"deduplication_key": "k", "bot_config": {}}
    )
    assert status == 400
    assert answer["errors"] == {"non_field_errors": ["Cannot schedule bot as calendar event has ended."]}
