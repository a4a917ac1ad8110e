"""Faults that are ordered for calls, and what the ledger says of them."""

from typing import Any

import aiohttp
import pytest

from tests.devtools.simulator.meetingbaas_v2.support import V2Sim, body, running_v2, soon, zulu
from tests.devtools.simulator.support import MEETING, eventually


async def ordered(sim: V2Sim, kind: str, **fields: Any) -> None:
    await sim.ok("POST", "/_sim/faults", json={"kind": kind} | fields)


@pytest.mark.parametrize(
    ("kind", "fields", "refusal"),
    [
        ("rate_limited", {"retry_after": 3}, (429, "FST_ERR_TOO_MANY_REQUESTS")),
        ("daily_cap", {}, (429, "FST_ERR_DAILY_BOT_CAP_REACHED")),
        ("no_tokens", {}, (402, "FST_ERR_INSUFFICIENT_TOKENS")),
        ("key_revoked", {}, (403, "FST_ERR_FORBIDDEN")),
        ("duplicate", {}, (409, "FST_ERR_BOT_ALREADY_EXISTS")),
    ],
)
async def test_refusals(slow: V2Sim, kind: str, fields: dict[str, Any], refusal: tuple[int, str]) -> None:
    await ordered(slow, kind, times=1, **fields)
    response, answer = await slow.raw("POST", "/v2/bots", json=body())
    assert (response.status, answer["code"]) == refusal
    assert ("retry-after" in response.headers) is (kind == "rate_limited")
    await slow.send()
    assert [fault["kind"] for fault in (await slow.ledger())["faults"]] == [kind]


async def test_a_service_that_is_down(slow: V2Sim) -> None:
    await ordered(slow, "server_error", status=503, match={"path": "/v2/"}, times=2)
    assert (await slow.call("GET", "/v2/bots"))[0] == 503
    later = body(join_at=zulu(soon(hours=1)))
    assert (await slow.call("POST", "/v2/bots/scheduled", json=later))[0] == 503
    assert await slow.schedule()


@pytest.mark.parametrize("path", ["/v2/bots", "/v2/bots/scheduled"])
async def test_an_answer_is_lost_after_the_effect(slow: V2Sim, path: str) -> None:
    """The bot that the caller never heard of is found by what it was given."""
    await ordered(slow, "timeout_after", hold=0, times=1, match={"meeting_url": "abc-defg"})
    with pytest.raises(aiohttp.ClientError):
        await slow.call("POST", path, json=body(extra={"key": "k-1"}, join_at=zulu(soon(hours=1))))
    ledger = await eventually(slow.ledger, lambda ledger: ledger["faults"][0]["withheld_status"])
    [fault] = ledger["faults"]
    assert (fault["withheld_status"], fault["meeting_url"]) == (201, MEETING)
    assert await slow.listed(path, extra="key:k-1") == [fault["bot_id"]]


async def test_a_request_is_lost_before_the_effect(slow: V2Sim) -> None:
    await ordered(slow, "timeout_before", hold=0, times=1)
    with pytest.raises(aiohttp.ClientError):
        await slow.send()
    assert await slow.listed() == []


async def test_a_second_bot_is_made_without_a_word(slow: V2Sim) -> None:
    await ordered(slow, "second_bot", times=1)
    bot_id = await slow.send(extra={"key": "k-1"})
    double, known = await slow.listed(extra="key:k-1")
    assert (known, (await slow.bot(double))["double_of"]) == (bot_id, bot_id)


async def test_downloads_are_spoilt(v2: V2Sim) -> None:
    bot_id = await v2.send()
    await v2.ended(bot_id)
    await ordered(v2, "short", keep=0.5, match={"path": "output.flac"})
    bot = await v2.details(bot_id)
    sizes = []
    for link in (bot["audio"], bot["video"]):
        async with aiohttp.request("GET", link) as response:
            sizes.append(len(await response.read()))
    assert sizes == [64_000, 30_000]


async def test_faults_by_seed_strike_the_same_again() -> None:
    struck = []
    for _ in range(2):
        async with running_v2(fault_seed=7, fault_share=0.5, speed=1) as sim:
            for number in range(10):
                link = f"https://meet.google.com/abc-defg-{number:03}"
                try:
                    async with sim.session.post("/v2/bots", json=body(meeting_url=link), timeout=_SOON) as response:
                        await response.read()
                except (aiohttp.ClientError, TimeoutError):
                    pass
            faults = (await sim.ledger())["faults"]
            struck.append([(fault["kind"], fault["meeting_url"]) for fault in faults])
    assert struck[0] == struck[1] != []


_SOON = aiohttp.ClientTimeout(total=1)


async def test_the_ledger_counts_calls_and_knows_rooms(v2: V2Sim) -> None:
    bot_id = await v2.send(callback_enabled=True, callback_config={"url": "https://a.example/", "secret": "hidden"})
    bot = await v2.ended(bot_id)
    await v2.details(bot_id)
    await v2.refused("POST", f"/v2/bots/{bot_id}/leave")
    ledger = await v2.ledger()
    assert ledger["calls"]["POST /v2/bots/"] == {"count": 1, "statuses": {"201": 1}}
    assert ledger["calls"]["GET /v2/bots/{id}/"] == {"count": 1, "statuses": {"200": 1}}
    assert ledger["calls"]["POST /v2/bots/{id}/leave/"] == {"count": 1, "statuses": {"409": 1}}
    [stay] = ledger["rooms"][MEETING]
    assert stay == {
        "bot_id": bot_id,
        "from": next(each["at"] for each in bot["timeline"] if each["code"] == "joining_call"),
        "joined_at": bot["joined_at"],
        "to": bot["left_at"],
    }
    assert "hidden" not in str(ledger["requests"])
    assert bot["recording"]["size"] == 30_000


async def test_orders_to_the_simulator_itself(slow: V2Sim) -> None:
    for script in ("unheard-of", {"steps": 1}):
        assert (await slow.call("POST", "/_sim/scripts", json={"script": script}))[0] == 422
    bot_id = await slow.send()
    assert (await slow.call("POST", f"/_sim/bots/{bot_id}/emit", json={"code": "completed"}))[0] == 409
    assert (await slow.call("POST", f"/_sim/bots/{bot_id}/emit", json={}))[0] == 422
    await slow.ok("POST", "/_sim/reset")
    assert (await slow.ledger())["bots"] == []
    assert (await slow.call("POST", f"/_sim/bots/{bot_id}/advance"))[0] == 404
