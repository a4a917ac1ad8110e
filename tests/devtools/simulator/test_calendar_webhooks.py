"""Sync webhooks: when they are sent, in every form that they have had, and what faults make of them."""

from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import (
    account,
    add,
    cancel,
    connected_account,
    events,
    only_event,
    sync,
)
from tests.devtools.simulator.faults_support import faults, order
from tests.devtools.simulator.support import KEY, Receiver, Sim, eventually, running_sim

SYNC = "calendar.sync_events"


def notices(receiver: Receiver) -> list[dict[str, Any]]:
    return [body["data"] for body in receiver.bodies if body["event"] == SYNC]


async def test_every_sync_with_changes_is_told(sim: Sim, receiver: Receiver) -> None:
    calendar = await connected_account(sim)
    [identifier] = await add(sim)
    await eventually(lambda: events(sim, calendar), bool)
    await cancel(sim, identifier)
    await receiver.wait_for(lambda: len(notices(receiver)) == 3)
    [event] = await events(sim, calendar)
    first, added, cancelled = notices(receiver)
    assert first["affected_event_uuids"] == []
    assert added["affected_event_uuids"] == cancelled["affected_event_uuids"] == [event["uuid"]]
    assert first["last_updated_ts"] < added["last_updated_ts"] < cancelled["last_updated_ts"]
    assert cancelled["last_updated_ts"] == event["last_updated_at"]
    assert {notice["calendar_id"] for notice in notices(receiver)} == {calendar}
    assert receiver.headers[0]["x-meeting-baas-api-key"] == KEY
    assert await sync(sim, calendar) == []
    assert len(notices(receiver)) == 3


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("listed", {"calendar_id", "last_updated_ts", "affected_event_uuids"}),
        ("empty", {"calendar_id", "last_updated_ts", "affected_event_uuids"}),
        ("null", {"calendar_id", "last_updated_ts", "affected_event_uuids"}),
        ("absent", {"calendar_id", "last_updated_ts"}),
        ("last_updated_at", {"calendar_id", "last_updated_at"}),
        ("calendar_uuid", {"calendar_uuid", "last_updated_ts", "affected_event_uuids"}),
        ("uuid", {"uuid", "last_updated_ts", "affected_event_uuids"}),
    ],
)
async def test_forms(receiver: Receiver, form: str, fields: set[str]) -> None:
    async with running_sim(account_webhook_url=receiver.url, calendar_notice=form) as sim:
        await add(sim)
        calendar = await connected_account(sim)
        await receiver.wait_for(lambda: bool(notices(receiver)))
        [notice] = notices(receiver)
        assert set(notice) == fields
        listed = {"empty": [], "null": None}.get(form, [(await events(sim, calendar))[0]["uuid"]])
        assert notice.get("affected_event_uuids", listed) == listed
        path = f"/_sim/calendars/{calendar}/emit"
        record = await sim.ok("POST", path, json={"form": "uuid", "events": ["e-1"]})
        assert (record["status"], record["event"], record["calendar_id"]) == (200, SYNC, calendar)
        assert record["bot_id"] == ""
        assert notices(receiver)[1]["affected_event_uuids"] == ["e-1"]
        await sim.ok("POST", path, json={"body": {"event": SYNC, "data": {}}})
        assert receiver.bodies[2] == {"event": SYNC, "data": {}}


async def test_an_account_without_a_webhook_url_is_told_nothing() -> None:
    async with running_sim() as sim:
        calendar = await connected_account(sim)
        assert (await sim.ledger())["deliveries"] == []
        assert (await sim.call("POST", f"/_sim/calendars/{calendar}/emit", json={}))[0] == 409


async def test_a_webhook_that_failed_is_repeated(sim: Sim, receiver: Receiver) -> None:
    receiver.answers = [503]
    await connected_account(sim)
    await receiver.wait_for(lambda: len(notices(receiver)) == 2)
    first, second = notices(receiver)
    assert first == second


@pytest.mark.parametrize(("kind", "copies"), [("lose", 0), ("double", 2)])
async def test_lost_and_doubled(sim: Sim, receiver: Receiver, kind: str, copies: int) -> None:
    calendar = await connected_account(sim)
    await receiver.wait_for(lambda: len(notices(receiver)) == 1)
    await order(sim, kind, times=1, match={"event": SYNC})
    [identifier] = await add(sim)
    event = await only_event(sim, calendar)
    await cancel(sim, identifier)
    await receiver.wait_for(lambda: len(notices(receiver)) == copies + 2)
    told = [notice["affected_event_uuids"] for notice in notices(receiver)]
    assert told == [[], *[[event["uuid"]]] * (copies + 1)]
    assert [fault["event"] for fault in await faults(sim)] == [SYNC]


async def test_a_stranger_is_told_of_too(sim: Sim, receiver: Receiver) -> None:
    await order(sim, "unknown_bot", times=1, match={"event": SYNC})
    calendar = await connected_account(sim)
    await receiver.wait_for(lambda: len(notices(receiver)) == 2)
    own, stranger = notices(receiver)
    assert own["calendar_id"] == calendar != stranger["calendar_id"]
    assert own | {"calendar_id": stranger["calendar_id"]} == stranger
    recorded = [delivery["calendar_id"] for delivery in (await sim.ledger())["deliveries"]]
    assert recorded == [calendar, stranger["calendar_id"]]


async def test_reset_forgets_calendars_and_people(sim: Sim) -> None:
    calendar = await connected_account(sim)
    credentials = await account(sim)
    await sim.ok("POST", "/_sim/reset")
    assert await sim.ok("GET", "/_sim/calendars") == {"accounts": [], "events": [], "connected": []}
    assert (await sim.call("GET", f"/calendars/{calendar}"))[0] == 404
    assert (await sim.call("POST", "/calendars/", json=credentials))[0] == 400
