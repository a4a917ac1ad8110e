"""Scheduled and ad hoc bots, capacity, idempotency, and what can be cancelled when."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.recall.support import MEETING, Recall, ahead, codes, running
from tests.devtools.simulator.support import Receiver

BOT = "/api/v1/bot/"
OK = {"meeting_url": MEETING}


async def test_a_bot_far_ahead_is_scheduled_and_the_nearer_one_ad_hoc() -> None:
    async with running(speed=1, adhoc_capacity=1) as recall:
        far = await recall.create(join_at=ahead(minutes=11))
        near = await recall.create(join_at=ahead(minutes=9))
        assert [(await recall.known(bot["id"]))["is_adhoc"] for bot in (far, near)] == [False, True]
        await recall.create(join_at=ahead(days=100))
        assert await recall.call("POST", BOT, json=OK) == (507, {"code": "adhoc_pool_depleted"})


@pytest.mark.parametrize("retry_after", [None, 30])
async def test_a_507_with_and_without_retry_after(retry_after: float | None) -> None:
    async with (
        running(adhoc_capacity=0, adhoc_retry_after=retry_after) as recall,
        recall.session.post(BOT, json=OK) as answer,
    ):
        assert answer.status == 507
        assert answer.headers.get("Retry-After") == (None if retry_after is None else "30")


async def test_a_machine_is_free_again_once_its_bot_is_done() -> None:
    async with running(adhoc_capacity=1) as recall:
        first = (await recall.create())["id"]
        assert (await recall.call("POST", BOT, json=OK))[0] == 507
        await recall.done(first)
        await recall.create()


async def test_capacity_as_a_fault_strikes_ad_hoc_bots_only(recall: Recall) -> None:
    await recall.order("capacity", times=1, retry_after=7)
    await recall.create(join_at=ahead(hours=1))
    async with recall.session.post(BOT, json=OK) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (507, "7")
    await recall.create()


async def test_the_same_key_gives_the_same_bot(recall: Recall) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await recall.ok("POST", BOT, json=OK, headers=headers)
    assert await recall.ok("POST", BOT, json=OK | {"bot_name": "Other"}, headers=headers) == first
    another = await recall.ok("POST", BOT, json=OK, headers={"Idempotency-Key": "two"})
    ledger = await recall.ledger()
    assert [bot["id"] for bot in ledger["bots"]] == [first["id"], another["id"]]
    assert ledger["calls"]["replayed"] == 1
    assert [request["idempotency_key"] for request in ledger["requests"]] == ["one", "one", "two"]


async def test_a_key_protects_for_its_lifetime() -> None:
    async with running(idempotency_lifetime=0.05) as recall:
        headers = {"Idempotency-Key": "one"}
        first = await recall.ok("POST", BOT, json=OK, headers=headers)
        await asyncio.sleep(0.1)
        assert (await recall.ok("POST", BOT, json=OK, headers=headers))["id"] != first["id"]


async def test_a_key_whose_request_is_at_work_is_a_conflict() -> None:
    async with running(creation_delay=0.3) as recall:
        headers = {"Idempotency-Key": "one"}
        first = asyncio.create_task(recall.call("POST", BOT, json=OK, headers=headers))
        await asyncio.sleep(0.1)
        assert (await recall.call("POST", BOT, json=OK, headers=headers))[0] == 409
        assert (await first)[0] == 201


async def test_a_507_is_kept_for_its_key(recall: Recall) -> None:
    await recall.order("capacity", times=1)
    headers = {"Idempotency-Key": "one"}
    assert (await recall.call("POST", BOT, json=OK, headers=headers))[0] == 507
    assert (await recall.call("POST", BOT, json=OK, headers=headers))[0] == 507
    assert (await recall.call("POST", BOT, json=OK, headers={"Idempotency-Key": "two"}))[0] == 201


async def test_a_lost_answer_is_found_by_key_and_by_metadata(recall: Recall) -> None:
    await recall.order("timeout_after", hold=0, times=1, match={"method": "POST", "path": BOT})
    body = OK | {"metadata": {"attempt": "a-1"}}
    with pytest.raises(aiohttp.ClientConnectionError):
        await recall.call("POST", BOT, json=body, headers={"Idempotency-Key": "one"})
    again = await recall.ok("POST", BOT, json=body, headers={"Idempotency-Key": "one"})
    found = await recall.ok("GET", BOT, params={"metadata__attempt": "a-1"})
    [fault] = (await recall.ledger())["faults"]
    assert [bot["id"] for bot in found["results"]] == [again["id"]] == [fault["bot_id"]]


async def refusal(recall: Recall, method: str, path: str, **options: Any) -> tuple[int, str]:
    status, answer = await recall.call(method, path, **options)
    return status, answer["code"]


async def test_long_before_its_time_a_bot_can_be_moved_and_deleted(receiver: Receiver) -> None:
    async with running(speed=1, webhook_url=receiver.url) as recall:
        bot = (await recall.create(join_at=ahead(hours=1), metadata={"k": "v"}))["id"]
        path = f"{BOT}{bot}/"
        assert await refusal(recall, "POST", f"{path}leave_call/") == (400, "cannot_command_unstarted_bot")
        later = ahead(hours=2)
        moved = await recall.ok("PATCH", path, json={"join_at": later})
        assert (moved["id"], moved["join_at"][:19], moved["metadata"]) == (bot, later[:19], {"k": "v"})
        near = {"json": {"join_at": ahead(minutes=5)}}
        assert await refusal(recall, "PATCH", path, **near) == (400, "update_bot_failed")
        assert (await recall.call("PATCH", path, json={"foo": 1}))[0] == 400
        assert (await recall.call("DELETE", path))[0] == 204
        assert (await recall.call("DELETE", path))[0] == 404
        assert (await recall.call("GET", path))[0] == 404
        assert (await recall.known(bot))["deleted_at"]
    assert receiver.bodies == []


@pytest.mark.parametrize("status", [405, 400])
async def test_in_the_gap_nothing_can_cancel(status: int) -> None:
    """The lead of two seconds begins soon, and the gap lasts as long as it."""
    lead = {"scheduled_lead": 2, "dispatch_gap": 2, "speed": 1, "refused_delete_status": status}
    async with running(**lead) as recall:
        bot = (await recall.create(join_at=ahead(seconds=2.2)))["id"]
        path = f"{BOT}{bot}/"
        await asyncio.sleep(0.3)
        assert await refusal(recall, "DELETE", path) == (status, "cannot_delete_bot")
        assert await refusal(recall, "POST", f"{path}leave_call/") == (400, "cannot_command_unstarted_bot")
        assert await recall.call("PATCH", path, json={"join_at": ahead(hours=1)}) == (
            400,
            {"code": "update_bot_failed", "detail": "Not enough time to launch new bot"},
        )


async def test_once_dispatched_a_bot_can_leave_before_it_joins(receiver: Receiver) -> None:
    lead = {"scheduled_lead": 2, "dispatch_gap": 0.1, "speed": 1, "leave_delay": 0, "shutdown_delay": 0}
    async with running(**lead, webhook_url=receiver.url) as recall:
        bot = (await recall.create(join_at=ahead(seconds=2.05)))["id"]
        await recall.until(bot, lambda bot: bot["dispatched_at"])
        assert await refusal(recall, "DELETE", f"{BOT}{bot}/") == (405, "cannot_delete_bot")
        assert (await recall.ok("POST", f"{BOT}{bot}/leave_call/"))["id"] == bot
        known = await recall.until(bot, lambda bot: bot["ended_at"])
        assert codes(known) == ["call_ended", "done"]
        ended = await refusal(recall, "POST", f"{BOT}{bot}/leave_call/")
        assert ended == (400, "cannot_command_completed_bot")
        await receiver.wait_for(lambda: len(receiver.bodies) == 2)


@pytest.mark.parametrize(("says", "told"), [("done", ["bot.done"]), ("silent", [])])
async def test_what_a_bot_says_that_leaves_before_it_joins(receiver: Receiver, says: str, told: list[str]) -> None:
    async with running(leave_before_joining=says, adhoc_delay=10**6, webhook_url=receiver.url) as recall:
        bot = (await recall.create())["id"]
        await recall.ok("POST", f"{BOT}{bot}/leave_call/")
        await recall.until(bot, lambda bot: bot["ended_at"])
        await asyncio.sleep(0.1)
    assert [body["event"] for body in receiver.bodies] == told


async def test_a_scheduled_bot_joins_at_its_time() -> None:
    async with running(scheduled_lead=100, dispatch_gap=10) as recall:
        due = ahead(seconds=1)
        bot = (await recall.create(join_at=due))["id"]
        known = await recall.until_code(bot, "joining_call")
        assert known["is_adhoc"] is False
        assert known["timeline"][0]["at"] >= due[:23]
        assert (await recall.bot(bot))["join_at"] is None


async def test_time_can_be_advanced() -> None:
    async with running(speed=1) as recall:
        bot = (await recall.create(join_at=ahead(days=1)))["id"]
        await asyncio.sleep(0.05)
        await recall.ok("POST", f"/_sim/bots/{bot}/advance")
        await recall.until(bot, lambda bot: bot["dispatched_at"])
        for _ in range(2):
            await asyncio.sleep(0.05)
            await recall.ok("POST", f"/_sim/bots/{bot}/advance")
        await recall.until_code(bot, "joining_call")
