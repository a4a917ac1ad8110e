"""Bots that the service makes for events."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.devtools.simulator.meetingbaas_v2.calendar_support import (
    ANNA,
    BEN,
    BOT,
    LINK,
    add,
    bots,
    connect,
    event,
    events,
    every,
    one,
    order,
    planned,
)
from tests.devtools.simulator.meetingbaas_v2.support import SvixReceiver, V2Sim, running_v2, soon

OTHER_LINK = "https://meet.google.com/new-link-xyz"


@pytest_asyncio.fixture
async def sim(svix: SvixReceiver) -> AsyncIterator[V2Sim]:
    """Nothing is read but when it is ordered, and what starts within a minute is locked."""
    settings = {"speed": 100, "lock_window": 6000, "calendar_sync_interval": 10**9}
    async with running_v2(account_webhook_url=svix.url, **settings) as sim:
        yield sim


async def test_a_bot_is_made_when_the_event_starts(sim: V2Sim, svix: SvixReceiver) -> None:
    await add(sim, start=soon(seconds=1.5).isoformat(), end=soon(hours=1).isoformat())
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    assert await bots(sim, "POST", calendar_id, one(found, **BOT)) == ([found["event_id"]], [])
    assert (await event(sim, calendar_id, found["event_id"]))["bot_scheduled"] is True
    assert await sim.listed("/v2/bots/scheduled") == []
    done = await svix.first("bot.completed")
    assert (done["data"]["event_id"], done["extra"]) == (found["event_id"], BOT["extra"])
    [bot] = (await sim.ledger())["bots"]
    assert (bot["meeting_url"], bot["bot_name"], bot["event_id"]) == (LINK, "Scribe", found["event_id"])


async def test_what_cannot_be_recorded_is_told_event_by_event(sim: V2Sim) -> None:
    await add(sim, id="weekly", series={"count": 3})
    await add(sim, title="Walk", link="")
    calendar_id = await connect(sim)
    *weekly, walk = sorted(await events(sim, calendar_id), key=lambda each: each["title"])
    assert await bots(sim, "POST", calendar_id, one(weekly[1], **BOT)) == ([weekly[1]["event_id"]], [])
    done, codes = await bots(sim, "POST", calendar_id, every(weekly[0], **BOT))
    assert (len(done), codes) == (2, ["BOT_ALREADY_SCHEDULED"])
    assert await bots(sim, "POST", calendar_id, one(walk, **BOT)) == ([], ["MEETING_URL_NOT_FOUND"])
    path = f"/v2/calendars/{calendar_id}/bots"
    assert (await sim.refused("POST", path, json=every(walk)))[0] == 400
    nowhere = one(walk, **BOT) | {"event_id": calendar_id}
    assert (await sim.refused("POST", path, json=nowhere))[0] == 404
    without = {"series_id": walk["series_id"], "all_occurrences": False} | BOT
    assert (await sim.refused("POST", path, json=without))[0] == 400


async def test_a_bot_follows_its_event(sim: V2Sim) -> None:
    [identifier] = await add(sim)
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    await bots(sim, "POST", calendar_id, one(found, **BOT))
    await order(sim, "PATCH", f"events/{identifier}", shift=3600, link=OTHER_LINK)
    [moved] = await events(sim, calendar_id)
    [bot] = await planned(sim, found["event_id"])
    assert bot["join_at"][:19] == moved["start_time"][:19] > found["start_time"][:19]
    assert bot["meeting_url"] == OTHER_LINK
    await order(sim, "PATCH", f"events/{identifier}", link="")
    await events(sim, calendar_id)
    assert [each["meeting_url"] for each in await planned(sim, found["event_id"])] == [OTHER_LINK]


async def test_an_event_that_changes_late_gets_two_bots(sim: V2Sim) -> None:
    [identifier] = await add(sim, start=soon(seconds=30).isoformat(), end=soon(hours=1).isoformat())
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    await bots(sim, "POST", calendar_id, one(found, **BOT))
    await order(sim, "PATCH", f"events/{identifier}", link=OTHER_LINK)
    await events(sim, calendar_id)
    assert [each["meeting_url"] for each in await planned(sim, found["event_id"])] == [LINK, OTHER_LINK]


@pytest.mark.parametrize("how", ["cancelled", "declined", "disconnected"])
async def test_what_ends_an_event_cancels_its_bot(sim: V2Sim, how: str) -> None:
    [identifier] = await add(sim, BEN, guests=[ANNA])
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    await bots(sim, "POST", calendar_id, one(found, **BOT))
    if how == "cancelled":
        await order(sim, "POST", f"events/{identifier}/cancel")
    elif how == "declined":
        await order(sim, "POST", f"events/{identifier}/respond", email=ANNA, response="declined")
    else:
        await sim.ok("DELETE", f"/v2/calendars/{calendar_id}")
    if how != "disconnected":
        assert [each["bot_scheduled"] for each in await events(sim, calendar_id)] == [False]
    assert [each["status"] for each in await planned(sim, found["event_id"])] == ["cancelled"]


async def test_changes_and_their_lock(sim: V2Sim) -> None:
    await add(sim, title="far")
    await add(sim, title="near", start=soon(seconds=30).isoformat(), end=soon(hours=1).isoformat())
    calendar_id = await connect(sim)
    near, far = await events(sim, calendar_id)
    path = f"/v2/calendars/{calendar_id}/bots"
    assert (await sim.refused("PATCH", path, json=one(far, bot_name="Other")))[0] == 404
    for each in (near, far):
        await bots(sim, "POST", calendar_id, one(each, **BOT))
    assert await bots(sim, "PATCH", calendar_id, one(far, bot_name="Other")) == ([far["event_id"]], [])
    [bot] = await planned(sim, far["event_id"])
    assert (bot["bot_name"], bot["extra"]) == ("Other", BOT["extra"])
    assert await sim.refused("PATCH", path, json=one(near, bot_name="Other")) == (409, "FST_ERR_BOT_STATUS")
    assert await bots(sim, "PATCH", calendar_id, every(near, bot_name="Other")) == ([], ["BOT_STATUS"])


async def test_bots_are_removed_by_a_delete_with_a_body(sim: V2Sim) -> None:
    await add(sim, id="weekly", series={"count": 2})
    calendar_id = await connect(sim)
    first, second = await events(sim, calendar_id)
    path = f"/v2/calendars/{calendar_id}/bots"
    assert (await sim.refused("DELETE", path, json=one(first)))[0] == 404
    await bots(sim, "POST", calendar_id, every(first, **BOT))
    assert await bots(sim, "DELETE", calendar_id, one(first)) == ([first["event_id"]], [])
    assert await bots(sim, "DELETE", calendar_id, every(first)) == ([second["event_id"]], [])
    assert {each["status"] for each in (await sim.ledger())["scheduled"]} == {"cancelled"}
    assert {each["bot_scheduled"] for each in await events(sim, calendar_id)} == {False}


async def test_a_single_event_needs_no_series_that_exists(sim: V2Sim) -> None:
    """The vendor's own client names none."""
    await add(sim)
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    nowhere = {"series_id": "00000000-0000-0000-0000-000000000000"}
    assert await bots(sim, "POST", calendar_id, one(found, **BOT) | nowhere) == ([found["event_id"]], [])
    assert await bots(sim, "DELETE", calendar_id, one(found) | nowhere) == ([found["event_id"]], [])
    path = f"/v2/calendars/{calendar_id}/bots"
    assert (await sim.refused("DELETE", path, json=every(found) | nowhere))[0] == 404


async def test_a_bot_on_its_way_is_told_to_leave(sim: V2Sim) -> None:
    await add(sim)
    calendar_id = await connect(sim)
    [found] = await events(sim, calendar_id)
    await bots(sim, "POST", calendar_id, one(found, **BOT))
    [waiting] = await planned(sim, found["event_id"])
    await sim.advance(waiting["id"])
    await bots(sim, "DELETE", calendar_id, one(found))
    assert (await sim.ended(waiting["id"]))["error"] == "EXITING_MEETING_BEFORE_RECORD"


async def test_a_series_is_recorded_also_where_it_is_new(sim: V2Sim) -> None:
    await add(sim, id="weekly", series={"count": 2})
    calendar_id = await connect(sim)
    first, _ = await events(sim, calendar_id)
    await bots(sim, "POST", calendar_id, every(first, **BOT))
    await order(sim, "POST", "events/weekly/recur", count=3, every_days=1)
    found = await events(sim, calendar_id)
    assert sorted((each["status"], each["bot_scheduled"]) for each in found) == [
        *[("cancelled", False)] * 2,
        *[("confirmed", True)] * 3,
    ]
