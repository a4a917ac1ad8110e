"""What a team may do, and how it is told that it may not."""

import asyncio

import pytest

from tests.devtools.simulator.meetingbaas_v2.support import V2Sim, body, running_v2
from tests.devtools.simulator.support import eventually

OTHER = "https://meet.google.com/xyz-abcd-xyz"


async def test_only_those_who_want_to_be_alone_are(slow: V2Sim) -> None:
    await slow.send(allow_multiple_bots=False)
    alone = body(allow_multiple_bots=False)
    assert await slow.refused("POST", "/v2/bots", json=alone) == (409, "FST_ERR_BOT_ALREADY_EXISTS")
    await slow.send()
    await slow.send(allow_multiple_bots=False, meeting_url=OTHER)
    _, answer = await slow.call("POST", "/v2/bots/batch", json=[alone])
    assert answer["errors"][0]["code"] == "BOT_ALREADY_EXISTS"


async def test_the_lock_of_a_meeting_ends() -> None:
    async with running_v2(speed=1000) as sim:
        await sim.send(allow_multiple_bots=False)
        alone = body(allow_multiple_bots=False)
        status, _ = await eventually(lambda: sim.call("POST", "/v2/bots", json=alone), lambda got: got[0] == 201)
        assert status == 201


async def test_writes_beyond_the_plan_are_refused_and_reads_are_free() -> None:
    async with running_v2(speed=1, requests_per_second=2) as sim:
        answers = await asyncio.gather(*(sim.raw("POST", "/v2/bots", json=body()) for _ in range(3)))
        answers.sort(key=lambda answer: (answer[0].status, -int(answer[0].headers["x-ratelimit-remaining"])))
        assert [response.status for response, _ in answers] == [201, 201, 429]
        assert [response.headers["x-ratelimit-remaining"] for response, _ in answers] == ["1", "0", "0"]
        response, refusal = answers[2]
        assert response.headers["retry-after"] == "1"
        assert (refusal["code"], refusal["error"], refusal["retryAfter"]) == (
            *("FST_ERR_TOO_MANY_REQUESTS", "Rate Limited", 1),
        )
        for _ in range(5):
            assert (await sim.call("GET", "/v2/bots"))[0] == 200


async def test_a_daily_cap_says_no_time_to_wait(slow: V2Sim) -> None:
    await slow.ok("PATCH", "/_sim/account", json={"daily_bot_cap": 2})
    _, answer = await slow.call("POST", "/v2/bots/batch", json=[body()] * 3)
    assert [error["code"] for error in answer["errors"]] == ["DAILY_BOT_CAP_REACHED"]
    response, refusal = await slow.raw("POST", "/v2/bots", json=body())
    assert (response.status, refusal["code"]) == (429, "FST_ERR_DAILY_BOT_CAP_REACHED")
    assert "retryAfter" not in refusal
    assert "retry-after" not in response.headers


async def test_tokens_are_reserved_and_settled() -> None:
    async with running_v2(tokens=1, call_duration=3600) as sim:
        first, second = await sim.send(), await sim.send_with("rejected", meeting_url=OTHER)
        assert await sim.refused("POST", "/v2/bots", json=body()) == (402, "FST_ERR_INSUFFICIENT_TOKENS")
        for bot_id in (first, second):
            await sim.ended(bot_id)
        assert (await sim.details(first))["tokens"]["recording"] == 1
        waiting = (await sim.details(second))["tokens"]
        assert 0 < waiting["recording"] < 0.5
        left = (await sim.ok("GET", "/_sim/account"))["tokens"]
        assert left == pytest.approx(1 - 1 - waiting["recording"], abs=0.01)


async def test_transcripts_cost_less_with_an_own_key() -> None:
    async with running_v2(call_duration=3600) as sim:
        own = {"transcription_config": {"api_key": "theirs"}}
        bots = [await sim.send(transcription_enabled=True), await sim.send(transcription_enabled=True, **own)]
        costs = [(await sim.ended(bot), (await sim.details(bot))["tokens"])[1] for bot in bots]
        assert [(cost["transcription"], cost["byok_transcription"]) for cost in costs] == [(0.25, 0), (0, 0.05)]
        assert "theirs" not in str((await sim.ledger())["requests"])
