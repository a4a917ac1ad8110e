"""Bots that the service sends to events by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import (
    BEN,
    BOT,
    account,
    add,
    bots_of,
    cancel,
    change,
    connect,
    connected_account,
    events,
    only_event,
    soon,
    sync,
)
from tests.devtools.simulator.support import Receiver, Sim, eventually, running_sim

EVERYTHING = {
    "bot_name": "Scribe",
    "enter_message": "Hello",
    "bot_image": "https://example.com/bot.jpg",
    "recording_mode": "gallery_view",
    "speech_to_text": {"provider": "Gladia", "api_key": "gladia-key"},
    "webhook_url": None,
    "waiting_room_timeout": 500,
    "noone_joined_timeout": 501,
    "silence_timeout": 502,
    "streaming_input": "wss://example.com/in",
    "streaming_audio_frequency": "16khz",
    "deduplication_key": "once",
    "extra": {"event": "e-1"},
}


async def scheduled(sim: Sim, calendar: str, **fields: Any) -> str:
    """The uuid of an event that is to be recorded."""
    await add(sim, **fields)
    uuid = str((await only_event(sim, calendar))["uuid"])
    await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=BOT)
    return uuid


async def waits(sim: Sim, event: str) -> bool:
    state = await sim.ok("GET", "/_sim/calendars")
    recordings = [one for calendar in state["connected"] for one in calendar["recordings"]]
    return any(one["event_uuid"] == event and one["waits"] for one in recordings)


async def test_scheduling_changing_and_removing(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim)
    event = await only_event(sim, calendar)
    path = f"/calendar_events/{event['uuid']}/bot"
    [answer] = await sim.ok("POST", path, json=EVERYTHING)
    param = answer["bot_param"]
    assert answer == event | {"bot_param": param}
    same = set(EVERYTHING) & set(param) - {"webhook_url"}
    assert {key: param[key] for key in same} == {key: EVERYTHING[key] for key in same}
    assert param["webhook_url"] == ""
    assert (param["speech_to_text_provider"], param["speech_to_text_api_key"]) == ("Gladia", "gladia-key")
    [answer] = await sim.ok("PATCH", path, json={"enter_message": "Bye", "speech_to_text": None})
    assert answer["bot_param"] == param | {
        "enter_message": "Bye",
        "speech_to_text_provider": None,
        "speech_to_text_api_key": None,
    }
    assert await events(sim, calendar) == [answer]
    for _ in range(2):
        [answer] = await sim.ok("DELETE", path)
        assert answer["bot_param"] is None
    assert (await sim.call("PATCH", path, json={"bot_name": "x"}))[0] == 404


async def test_the_answer_can_be_one_event_as_it_once_was() -> None:
    async with running_sim(recording_answer="object") as sim:
        calendar = await connected_account(sim)
        await add(sim)
        path = f"/calendar_events/{(await only_event(sim, calendar))['uuid']}/bot"
        assert (await sim.ok("POST", path, json=BOT))["bot_param"]["bot_name"] == "Scribe"
        assert (await sim.ok("DELETE", path))["bot_param"] is None


@pytest.mark.parametrize(
    ("body", "named"),
    [({}, "bot_name"), ({"bot_name": 1}, "bot_name"), (BOT | {"recording_mode": "both"}, "recording_mode")],
)
async def test_bad_bots(sim: Sim, body: dict[str, Any], named: str) -> None:
    calendar = await connected_account(sim)
    await add(sim)
    uuid = (await only_event(sim, calendar))["uuid"]
    status, text = await sim.call("POST", f"/calendar_events/{uuid}/bot", json=body)
    assert (status, named in text) == (422, True)
    assert (await only_event(sim, calendar))["bot_param"] is None


async def test_all_occurrences_or_one(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim, start=soon(days=-1).isoformat(), series={"count": 4, "every_days": 1})
    await add(sim, title="Other")
    await sync(sim, calendar)
    found = await events(sim, calendar)
    path = f"/calendar_events/{found[-1]['uuid']}/bot"
    everywhere = {"all_occurrences": "true"}

    async def recorded() -> list[bool]:
        return [event["bot_param"] is not None for event in await events(sim, calendar) if event["is_recurring"]]

    await sim.ok("POST", path, json=BOT)
    assert await recorded() == [False, False, False, True]
    answer = await sim.ok("POST", path, json=BOT, params=everywhere)
    assert len(answer) == 3
    assert await recorded() == [False, True, True, True]
    answer = await sim.ok("PATCH", path, json={"bot_name": "New"}, params=everywhere)
    assert [event["bot_param"]["bot_name"] for event in answer] == ["New"] * 3
    await sim.ok("DELETE", path)
    assert await recorded() == [False, True, True, False]
    await sim.ok("DELETE", path, params=everywhere)
    assert await recorded() == [False] * 4
    assert next(e for e in await events(sim, calendar) if e["name"] == "Other")["bot_param"] is None


async def test_occurrences_that_come_later_are_recorded_too(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim, series={"count": 3, "every_days": 20})
    await sync(sim, calendar)
    found = await events(sim, calendar)
    assert len(found) == 2
    await sim.ok("POST", f"/calendar_events/{found[0]['uuid']}/bot?all_occurrences=true", json=BOT)
    await sim.ok("POST", "/calendars/resync_all", params={"days": "60"})
    assert [bool(event["bot_param"]) for event in await events(sim, calendar)] == [True, True, True]


async def test_the_bot_comes_to_the_event_with_an_id_of_its_own(sim: Sim, receiver: Receiver) -> None:
    calendar = await connected_account(sim)
    await add(sim, start=soon(minutes=3).isoformat())
    uuid = (await only_event(sim, calendar))["uuid"]
    await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=EVERYTHING)
    [bot] = await eventually(lambda: bots_of(sim, uuid), bool)
    assert (bot["extra"], bot["deduplication_key"]) == ({"event": "e-1"}, "once")
    details = (await sim.data(bot["id"]))["bot_data"]
    assert details["event_uuid"] == uuid
    assert (details["bot"]["enter_message"], details["bot"]["silence_timeout"]) == ("Hello", 502)
    await receiver.wait_for(lambda: any(body["event"] == "complete" for body in receiver.bodies))
    assert {status["data"]["bot_id"] for status in receiver.bodies if "bot_id" in status["data"]} == {bot["id"]}
    complete = next(body["data"] for body in receiver.bodies if body["event"] == "complete")
    assert (complete["event_uuid"], complete["extra"]) == (uuid, {"event": "e-1"})


async def test_a_failed_bot_names_its_event_too(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, script="rejected", reserved_lead=10**9) as sim:
        uuid = await scheduled(sim, await connected_account(sim))
        await receiver.wait_for(lambda: any(body["event"] == "failed" for body in receiver.bodies))
        assert receiver.bodies[-1]["data"]["event_uuid"] == uuid


async def test_the_bot_is_sent_so_that_it_arrives_at_the_start() -> None:
    async with running_sim(speed=60, reserved_lead=60) as sim:
        calendar = await connected_account(sim)
        start = soon(seconds=2.5)
        uuid = await scheduled(sim, calendar, start=start.isoformat())
        assert await waits(sim, uuid)
        [bot] = await eventually(lambda: bots_of(sim, uuid), bool)
        # A simulated minute before the start is a real second, and no clock is exact.
        assert datetime.fromisoformat(bot["created_at"]) > start - timedelta(seconds=1.2)
        assert bot["reserved"] is True


async def test_a_moved_event_moves_its_bot_and_a_cancelled_one_gets_none() -> None:
    async with running_sim(reserved_lead=0) as sim:
        calendar = await connected_account(sim)
        moved = await add(sim)
        moved_uuid = (await only_event(sim, calendar))["uuid"]
        cancelled = await add(sim)
        await sync(sim, calendar)
        found = {event["google_id"]: event["uuid"] for event in await events(sim, calendar)}
        for uuid in found.values():
            await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=BOT)
        await cancel(sim, cancelled[0])
        await change(sim, cancelled[0], start=soon(seconds=0).isoformat())
        await change(sim, moved[0], start=soon(seconds=0).isoformat())
        await sync(sim, calendar)
        await eventually(lambda: bots_of(sim, moved_uuid), bool)
        assert await bots_of(sim, found[cancelled[0]]) == []
        assert not await waits(sim, moved_uuid)


async def test_an_event_without_a_link_or_that_is_over_gets_no_bot(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim, link="")
    await add(sim, start=soon(hours=-2).isoformat())
    await add(sim, title="Good")
    await sync(sim, calendar)
    found = {event["name"]: event["uuid"] for event in await events(sim, calendar)}
    for uuid in [event["uuid"] for event in await events(sim, calendar)]:
        await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=BOT)
    await eventually(lambda: bots_of(sim, found["Good"]), bool)
    assert [bot["event_uuid"] for bot in (await sim.ledger())["bots"]] == [found["Good"]]


async def test_two_calendars_of_one_meeting_send_one_bot_in_the_window() -> None:
    async with running_sim(duplicate_window=10**6, reserved_lead=10**9) as sim:
        calendars = [await connected_account(sim), await connected_account(sim, BEN)]
        await add(sim, guests=[BEN])
        uuids = [(await only_event(sim, calendar))["uuid"] for calendar in calendars]
        for uuid in uuids:
            await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=BOT)

        async def waiting() -> list[bool]:
            return [await waits(sim, uuid) for uuid in uuids]

        await eventually(waiting, lambda found: not any(found))
        assert len((await sim.ledger())["bots"]) == 1


async def test_new_credentials_and_the_end_of_a_calendar_unschedule() -> None:
    async with running_sim(reserved_lead=0) as sim:
        credentials = await account(sim)
        calendar = await connect(sim, credentials)
        [identifier] = await add(sim)
        event = await only_event(sim, calendar)
        path = f"/calendar_events/{event['uuid']}/bot"
        await sim.ok("POST", path, json=BOT)
        await sim.ok("PATCH", f"/calendars/{calendar}", json=credentials)
        patched = (await events(sim, calendar))[0]
        assert patched["bot_param"] is None
        assert patched["uuid"] == event["uuid"]
        assert patched["last_updated_at"] > event["last_updated_at"]
        await sim.ok("POST", path, json=BOT)
        await sim.ok("DELETE", f"/calendars/{calendar}")
        assert (await sim.call("GET", f"/calendar_events/{event['uuid']}"))[0] == 404
        await change(sim, identifier, start=soon(seconds=0).isoformat())
        other = await connect(sim, credentials)
        uuid = (await events(sim, other))[0]["uuid"]
        await sim.ok("POST", f"/calendar_events/{uuid}/bot", json=BOT)
        await eventually(lambda: bots_of(sim, uuid), bool)
        assert [bot["event_uuid"] for bot in (await sim.ledger())["bots"]] == [uuid]
