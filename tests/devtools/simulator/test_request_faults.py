"""What each fault of a request does to it, and to the work that was asked for."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from devtools.simulator.faults.duplicates import FORMS
from tests.devtools.simulator.faults_support import faults, order
from tests.devtools.simulator.support import KEY, MEETING, Sim, eventually, running_sim

BOT = {"meeting_url": MEETING, "bot_name": "Scribe"}
# Errors of a connection that ends without an answer, or in the middle of one.
CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, aiohttp.ClientOSError)


async def bots(sim: Sim) -> list[Any]:
    entries: list[Any] = (await sim.ledger())["bots"]
    return entries


async def last_request(sim: Sim) -> Any:
    return (await sim.ledger())["requests"][-1]


async def answer(sim: Sim, method: str = "POST", path: str = "/bots/", **options: Any) -> tuple[Any, str]:
    options = options or {"json": BOT}
    async with sim.session.request(method, path, **options) as response:
        return response, await response.text()


async def test_too_many_requests_say_how_long_to_wait(sim: Sim) -> None:
    await order(sim, "rate_limited", retry_after=7, times=1)
    response, text = await answer(sim)
    assert (response.status, response.headers["Retry-After"]) == (429, "7")
    assert "TooManyRequests" in text
    await order(sim, "rate_limited", retry_after=0.25, times=1)
    response, _ = await answer(sim)
    assert response.headers["Retry-After"] == "0.25"
    assert await bots(sim) == []
    assert (await answer(sim))[0].status == 200


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_error_does_nothing(sim: Sim, status: int) -> None:
    await order(sim, "server_error", status=status)
    assert (await answer(sim))[0].status == status
    assert await bots(sim) == []
    assert (await last_request(sim))["status"] == status


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [("key_revoked", 401, "InvalidApiKey"), ("no_tokens", 402, "InsufficientTokens")],
)
async def test_an_outage_of_the_account_passes(kind: str, status: int, error: str) -> None:
    async with running_sim(speed=1000) as sim:
        await order(sim, kind, seconds=400)
        refused, text = await answer(sim)
        assert (refused.status, error in text) == (status, True)
        assert await bots(sim) == []
        served, _ = await eventually(lambda: answer(sim), lambda each: each[0].status != status)
        assert served.status == 200


async def test_without_tokens_bots_can_still_be_read_and_removed(sim: Sim) -> None:
    bot_id = await sim.send(reserved=True)
    await order(sim, "no_tokens")
    assert (await answer(sim))[0].status == 402
    assert (await sim.call("POST", "/bots/retranscribe", json={"bot_uuid": bot_id}))[0] == 402
    assert (await sim.call("GET", "/bots/recent"))[0] == 200
    assert (await sim.call("DELETE", f"/bots/{bot_id}"))[0] == 200


async def test_without_a_key_nothing_can_be_done(sim: Sim) -> None:
    await order(sim, "key_revoked")
    assert (await sim.call("GET", "/bots/recent"))[0] == 401


async def test_no_tokens_strikes_what_it_names(sim: Sim) -> None:
    await order(sim, "no_tokens", match={"path": "/recent"})
    assert (await sim.call("GET", "/bots/recent"))[0] == 402
    assert (await answer(sim))[0].status == 200


@pytest.mark.parametrize("form", FORMS)
async def test_a_refused_duplicate_is_known_by_409_or_by_its_words(sim: Sim, form: str) -> None:
    await order(sim, "duplicate", form=form)
    response, text = await answer(sim)
    said = any(word in text.lower() for word in ("duplicate", "already"))
    assert response.status == 409 or (400 <= response.status < 500 and said)
    assert await bots(sim) == []


async def test_every_form_of_a_refused_duplicate_has_its_turn(sim: Sim) -> None:
    await order(sim, "duplicate")
    answers = [await answer(sim) for _ in range(len(FORMS) + 1)]
    seen = [(response.status, response.content_type, text) for response, text in answers]
    assert len(set(seen[:-1])) == len(FORMS)
    assert seen[-1] == seen[0]


async def test_only_new_bots_are_refused_as_duplicates(sim: Sim) -> None:
    bot_id = await sim.send()
    await order(sim, "duplicate")
    assert (await sim.call("POST", "/bots/retranscribe", json={"bot_uuid": bot_id}))[0] in (200, 404)
    assert (await sim.call("GET", "/bots/recent"))[0] == 200


async def test_a_time_out_before_the_work_leaves_nothing_behind(sim: Sim) -> None:
    await order(sim, "timeout_before", hold=0.1)
    with pytest.raises(CUT):
        await answer(sim)
    assert await bots(sim) == []
    assert (await last_request(sim))["status"] is None
    [fault] = await faults(sim)
    assert (fault["kind"], fault["withheld_status"], fault["bot_id"]) == ("timeout_before", None, "")


async def test_a_time_out_after_the_work_hides_that_it_was_done(sim: Sim) -> None:
    await order(sim, "timeout_after", hold=0.1)
    with pytest.raises(CUT):
        await answer(sim)
    [bot] = await bots(sim)
    assert (await last_request(sim))["status"] is None
    [fault] = await faults(sim)
    assert (fault["withheld_status"], fault["bot_id"]) == (200, bot["id"])
    assert fault["meeting_url"] == MEETING


@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after"])
async def test_a_time_out_lasts_as_long_as_ordered(sim: Sim, kind: str) -> None:
    await order(sim, kind, hold=60)
    with pytest.raises(TimeoutError):
        await answer(sim, json=BOT, timeout=aiohttp.ClientTimeout(total=0.3))


async def test_the_work_is_done_although_the_caller_hangs_up_at_once(sim: Sim) -> None:
    """The caller is gone before the stand-in has even read the request."""
    await order(sim, "timeout_after", hold=1)
    reader, writer = await asyncio.open_connection(*sim.url.removeprefix("http://").split(":"))
    body = b'{"meeting_url": "https://meet.google.com/abc", "bot_name": "b"}'
    head = (
        "POST /bots/ HTTP/1.1\r\nHost: simulator\r\nContent-Type: application/json\r\n"
        f"x-meeting-baas-api-key: {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    writer.close()
    await writer.wait_closed()
    assert reader.at_eof() or not await reader.read()
    entries = await eventually(lambda: bots(sim), lambda entries: entries)
    assert [entry["meeting_url"] for entry in entries] == ["https://meet.google.com/abc"]
    assert (await sim.ended(entries[0]["id"]))["recording"]


async def test_a_refusal_is_withheld_too(sim: Sim) -> None:
    await order(sim, "timeout_after", hold=0)
    with pytest.raises(CUT):
        await sim.call("GET", "/bots/meeting_data", params={"bot_id": "nobody"})
    assert {fault["withheld_status"] for fault in await faults(sim)} == {404}


async def test_a_cut_answer_has_a_head_and_half_of_its_body(sim: Sim) -> None:
    await order(sim, "cut_answer", times=1)
    async with sim.session.post("/bots/", json=BOT) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    [bot] = await bots(sim)
    [fault] = await faults(sim)
    assert (fault["withheld_status"], fault["bot_id"]) == (200, bot["id"])
    assert (await last_request(sim))["status"] is None
    assert await sim.ok("DELETE", f"/bots/{bot['id']}")


async def test_exactly_half_of_the_body_arrives(sim: Sim) -> None:
    await order(sim, "cut_answer")
    reader, writer = await asyncio.open_connection(*sim.url.removeprefix("http://").split(":"))
    writer.write(f"GET /bots/recent HTTP/1.1\r\nHost: s\r\nx-meeting-baas-api-key: {KEY}\r\n\r\n".encode())
    head, body = (await reader.read()).split(b"\r\n\r\n")
    writer.close()
    promised = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"Content-Length" in line)
    assert body.startswith(b'{"bots"')
    assert len(body) == promised // 2


async def test_faults_strike_whoever_calls(sim: Sim) -> None:
    await order(sim, "server_error")
    async with aiohttp.request("GET", f"{sim.url}/bots/recent") as response:
        assert response.status == 500


@pytest.mark.parametrize(
    ("data", "fits"),
    [(b"{", lambda status: status == 400), (b'{"meeting_url": 5}', lambda status: status == 422)],
)
async def test_bodies_that_cannot_be_read_meet_faults_as_well(
    sim: Sim, data: bytes, fits: Callable[[int], bool]
) -> None:
    await order(sim, "server_error", times=1)
    headers = {"content-type": "application/json"}
    assert (await answer(sim, data=data, headers=headers))[0].status == 500
    assert fits((await answer(sim, data=data, headers=headers))[0].status)


async def test_nothing_is_logged_about_faults(sim: Sim, caplog: pytest.LogCaptureFixture) -> None:
    for kind in ("timeout_before", "timeout_after"):
        await order(sim, kind, hold=0, times=1)
        with pytest.raises(CUT):
            await answer(sim)
    await order(sim, "cut_answer", times=1)
    with pytest.raises(CUT):
        await answer(sim)
    assert (await sim.call("GET", "/bots/recent"))[0] == 200
    assert caplog.records == []
