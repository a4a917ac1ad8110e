"""Bots that join at their time."""

from datetime import timedelta

import pytest

from tests.devtools.simulator.meetingbaas_v2.support import SvixReceiver, V2Sim, body, running_v2, soon, zulu
from tests.devtools.simulator.support import MEETING, eventually

SCHEDULED = "/v2/bots/scheduled"


async def test_it_is_made_at_its_time_under_the_same_id(v2: V2Sim, svix: SvixReceiver) -> None:
    join_at = soon(seconds=2)
    bot_id = await v2.schedule(join_at, extra={"k": "v"})
    waiting = await v2.ok("GET", f"{SCHEDULED}/{bot_id}")
    assert (waiting["status"], waiting["extra"]) == ("scheduled", {"k": "v"})
    assert await v2.refused("GET", f"/v2/bots/{bot_id}") == (404, "FST_ERR_BOT_NOT_FOUND_BY_ID")
    done = await svix.first("bot.completed")
    assert (done["data"]["bot_id"], done["extra"]) == (bot_id, {"k": "v"})
    assert (await v2.ok("GET", f"{SCHEDULED}/{bot_id}"))["status"] == "completed"
    bot = await v2.bot(bot_id)
    assert bot["created_at"] >= zulu(join_at)
    assert bot["was_scheduled"] is True


@pytest.mark.parametrize(
    "join_at",
    [zulu(soon(seconds=-90)), zulu(soon(days=91)), zulu(soon(hours=1)).replace("Z", "+00:00"), "tomorrow", None],
    ids=["past", "too far", "with an offset", "word", "nothing"],
)
async def test_times_that_cannot_be(slow: V2Sim, join_at: str | None) -> None:
    refusal = await slow.refused("POST", SCHEDULED, json=body(join_at=join_at))
    assert refusal == (400, "FST_ERR_VALIDATION")


async def test_a_minute_late_is_early_enough(slow: V2Sim) -> None:
    for delay in ({"seconds": -50}, {"days": 89}):
        await slow.schedule(soon(**delay))
    assert len(await slow.listed(SCHEDULED)) == 2


async def test_changes_until_four_minutes_before(slow: V2Sim) -> None:
    bot_id = await slow.schedule(soon(minutes=5), transcription_enabled=True, extra={"a": 1})
    path, later = f"{SCHEDULED}/{bot_id}", soon(hours=3)
    await slow.ok("PATCH", path, json={"bot_name": "Other", "join_at": zulu(later)})
    changed = await slow.ok("GET", path)
    assert (changed["bot_name"], changed["meeting_url"], changed["extra"]) == ("Other", MEETING, {"a": 1})
    assert changed["transcription_config"] == {"enabled": True, "provider": "gladia", "custom_params": None}
    assert changed["join_at"][:19] == zulu(later)[:19]
    near = {"join_at": zulu(soon(minutes=3))}
    assert await slow.refused("PATCH", path, json=near) == (409, "FST_ERR_BOT_STATUS")
    far = {"join_at": zulu(soon(days=91))}
    assert await slow.refused("PATCH", path, json=far) == (400, "FST_ERR_VALIDATION")
    locked = await slow.schedule(soon(minutes=3.5))
    change = {"bot_name": "Late", "join_at": zulu(later)}
    assert await slow.refused("PATCH", f"{SCHEDULED}/{locked}", json=change) == (409, "FST_ERR_BOT_STATUS")


async def test_a_moved_bot_is_made_at_its_new_time_only(v2: V2Sim) -> None:
    bot_id = await v2.schedule(soon(seconds=3))
    await v2.ok("PATCH", f"{SCHEDULED}/{bot_id}", json={"join_at": zulu(soon(hours=1))})
    other = await v2.schedule(soon(seconds=3.2))
    await eventually(v2.ledger, lambda ledger: [bot["id"] for bot in ledger["bots"]] == [other])


async def test_what_refuses_a_bot_is_only_found_at_its_time(svix: SvixReceiver) -> None:
    """All that an immediate bot is told by its answer comes as a failure, of a bot that is not there."""
    async with running_v2(account_webhook_url=svix.url, daily_bot_cap=1, tokens=0.4) as sim:
        bot_id = await sim.schedule(extra={"k": "v"})
        await sim.advance(bot_id)
        told = await svix.first("bot.failed")
        assert (told["data"]["error_code"], told["extra"]) == ("INSUFFICIENT_TOKENS", {"k": "v"})
        assert (await sim.ok("GET", f"{SCHEDULED}/{bot_id}"))["status"] == "failed"
        assert await sim.refused("GET", f"/v2/bots/{bot_id}") == (404, "FST_ERR_BOT_NOT_FOUND_BY_ID")
        await sim.ok("PATCH", "/_sim/account", json={"tokens": 10})
        await sim.send()
        capped = await sim.schedule()
        await sim.advance(capped)
        await svix.wait_for(lambda: len(svix.of("bot.failed")) == 2)
        assert svix.of("bot.failed")[1]["data"]["error_code"] == "DAILY_BOT_CAP_REACHED"


async def test_a_duplicate_is_only_found_at_its_time(svix: SvixReceiver) -> None:
    async with running_v2(account_webhook_url=svix.url, speed=1) as sim:
        both = [await sim.schedule(allow_multiple_bots=False) for _ in range(2)]
        for bot_id in both:
            await sim.advance(bot_id)
        told = await svix.first("bot.failed")
        assert (told["data"]["bot_id"], told["data"]["error_code"]) == (both[1], "BOT_ALREADY_EXISTS")


async def test_lists_are_in_opposite_orders(slow: V2Sim) -> None:
    made = [await slow.send() for _ in range(3)]
    assert await slow.listed() == made[::-1]
    later, sooner = await slow.schedule(soon(hours=2)), await slow.schedule(soon(hours=1))
    assert await slow.listed(SCHEDULED) == [sooner, later]


@pytest.mark.parametrize("path", ["/v2/bots", SCHEDULED])
async def test_pages_lead_on_and_back(slow: V2Sim, path: str) -> None:
    for number in range(5):
        await (slow.send() if path == "/v2/bots" else slow.schedule(soon(hours=number + 1)))
    every = await slow.listed(path)
    _, first = await slow.call("GET", path, params={"limit": "2"})
    _, second = await slow.call("GET", path, params={"limit": "2", "cursor": first["cursor"]})
    _, third = await slow.call("GET", path, params={"limit": "2", "cursor": second["cursor"]})
    pages = [[each["bot_id"] for each in page["data"]] for page in (first, second, third)]
    assert [bot_id for page in pages for bot_id in page] == every
    assert (first["prev_cursor"], third["cursor"]) == (None, None)
    _, back = await slow.call("GET", path, params={"limit": "2", "cursor": third["prev_cursor"]})
    assert [each["bot_id"] for each in back["data"]] == pages[1]
    for cursor in ("nonsense", "bm9uc2Vuc2U="):
        assert await slow.refused("GET", path, params={"cursor": cursor}) == (400, "FST_ERR_VALIDATION")


@pytest.mark.parametrize("path", ["/v2/bots", SCHEDULED])
async def test_filters(slow: V2Sim, path: str) -> None:
    make = slow.send if path == "/v2/bots" else slow.schedule
    plain = await make(extra={"key": "k-1", "number": 7, "flag": True})
    zoom = await make(meeting_url="https://us02web.zoom.us/j/123", bot_name="Zora", extra={"key": "k-10"})
    bare = await make(bot_name="Bare")
    cases = {
        "extra=key:k-1": [plain],
        "extra=key:k-1,number:7,flag:true": [plain],
        "extra=key:k-1,number:8": [],
        "extra=key:K-1": [],
        "meeting_url=ZOOM.us": [zoom],
        "meeting_platform=zoom,teams": [zoom],
        "bot_name=zor": [zoom],
        f"bot_id={bare[:13]}": [bare],
        "status=completed,failed": [],
    }
    for query, expected in cases.items():
        assert await slow.listed(f"{path}?{query}") == expected, query
    assert await slow.refused("GET", f"{path}?extra=key") == (400, "FST_ERR_VALIDATION")
    most = 250 if path == "/v2/bots" else 100
    assert await slow.refused("GET", path, params={"limit": str(most + 1)}) == (400, "FST_ERR_VALIDATION")
    assert await slow.refused("GET", path, params={"limit": "0"}) == (400, "FST_ERR_VALIDATION")


async def test_times_in_filters(slow: V2Sim) -> None:
    bot_id, later = await slow.send(), await slow.schedule(soon(hours=2))
    assert await slow.listed(created_after=zulu(soon(hours=-1))) == [bot_id]
    assert await slow.listed(created_before=zulu(soon(hours=-1))) == []
    assert await slow.listed(SCHEDULED, scheduled_after=zulu(soon(hours=1))) == [later]
    assert await slow.listed(SCHEDULED, scheduled_before=zulu(soon(hours=1))) == []
    for query in ({"created_after": zulu(soon(days=-91))}, {"created_after": zulu(soon(days=1))}):
        assert await slow.refused("GET", "/v2/bots", params=query) == (400, "FST_ERR_VALIDATION")


@pytest.mark.parametrize("path", ["/v2/bots/batch", f"{SCHEDULED}/batch"])
async def test_batches_succeed_in_parts(slow: V2Sim, path: str) -> None:
    time = {"join_at": zulu(soon(hours=1))} if "scheduled" in path else {}
    items = [body(extra={"n": 0}, **time), body(bot_name="", extra={"n": 1}, **time), body(**time)]
    status, answer = await slow.call("POST", path, json=items)
    assert (status, answer["success"]) == (201, True)
    assert [(each["index"], each["extra"]) for each in answer["data"]] == [(0, {"n": 0}), (2, None)]
    [error] = answer["errors"]
    assert (error["index"], error["code"], error["extra"]) == (1, "VALIDATION_ERROR", {"n": 1})
    for wrong in ([], [body(**time)] * 101, {"a": "b"}):
        assert await slow.refused("POST", path, json=wrong) == (400, "FST_ERR_VALIDATION")
    assert len(await slow.listed(path.removesuffix("/batch"))) == 2


async def test_the_time_of_an_answer_is_that_of_the_request(slow: V2Sim) -> None:
    join_at = soon(hours=1) + timedelta(milliseconds=123)
    waiting = await slow.ok("GET", f"{SCHEDULED}/{await slow.schedule(join_at)}")
    assert waiting["join_at"] == join_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
