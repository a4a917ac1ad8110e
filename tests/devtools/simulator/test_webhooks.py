"""How webhooks look and how they are repeated."""

from datetime import datetime
from typing import Any

import pytest

from tests.devtools.simulator.support import KEY, Receiver, Sim, eventually, running_receiver, running_sim


async def test_headers_and_times_of_a_status(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send()
    await receiver.final()
    assert {headers["x-meeting-baas-api-key"] for headers in receiver.headers} == {KEY}
    assert {headers["content-type"] for headers in receiver.headers} == {"application/json"}
    first, *_, last = zip(receiver.bodies, receiver.headers, strict=True)
    assert first[0]["event"] == "bot.status_change"
    assert first[0]["data"]["bot_id"] == bot_id
    assert first[1]["user-agent"] == "meetingbaas/1.0"
    assert last[0]["event"] == "complete"
    assert "user-agent" not in last[1]
    recording = next(s for s in receiver.statuses if s["code"] == "in_call_recording")
    created_at = datetime.fromisoformat(recording["created_at"])
    assert recording["start_time"] == pytest.approx(created_at.timestamp() * 1000, abs=1)


async def test_error_details_of_meeting_error(sim: Sim, receiver: Receiver) -> None:
    await sim.send_with("meeting_error")
    await receiver.final()
    status = next(s for s in receiver.statuses if s["code"] == "meeting_error")
    assert status["error_type"] == "JoinError"
    assert status["error_message"]


async def test_newest_complete(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send(speech_to_text={"provider": "Default"}, extra={"customer": 7})
    data = await receiver.final()
    assert set(data) == {*("bot_id", "mp4", "speakers", "transcript", "event", "event_uuid", "audio", "extra")}
    assert data["bot_id"] == bot_id
    assert data["event_uuid"] is None
    assert data["extra"] == {"customer": 7}
    assert data["audio"].split("?")[0].endswith(".wav")
    assert set(data["speakers"]) == {segment["speaker"] for segment in data["transcript"]}
    for segment in data["transcript"]:
        words = segment["words"]
        assert (segment["start_time"], segment["end_time"]) == (words[0]["start"], words[-1]["end"])
        assert all(set(word) == {"start", "end", "word"} and word["start"] < word["end"] for word in words)
        assert segment["end_time"] <= 120


async def test_no_transcript_unless_asked_for(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send()
    data = await receiver.final()
    assert "transcript" not in data
    assert data["speakers"] == []
    assert (await sim.data(bot_id))["bot_data"]["transcripts"] == []


OLD = {"bot_id", "mp4", "speakers", "transcript"}


@pytest.mark.parametrize(
    ("shape", "complete", "segment", "failed"),
    [
        ("2025-03", OLD, {"speaker", "words"}, {"bot_id", "error"}),
        ("2025-04", OLD | {"event"}, {"speaker", "words", "offset"}, {"bot_id", "error", "message"}),
    ],
)
async def test_older_shapes(
    receiver: Receiver, shape: str, complete: set[str], segment: set[str], failed: set[str]
) -> None:
    async with running_sim(account_webhook_url=receiver.url, shape=shape) as sim:
        bot_id = await sim.send(speech_to_text="Default")
        data = await receiver.final()
        assert set(data) == complete
        assert set(data["transcript"][0]) == segment
        assert "content_deleted" in await sim.data(bot_id)
        await sim.send_with("rejected")
        assert set(await receiver.final(2)) == failed


async def test_failed_in_the_newest_shape(sim: Sim, receiver: Receiver) -> None:
    bot_id = await sim.send_with("rejected", extra=[1])
    data = await receiver.final()
    assert data.pop("message")
    assert data == {"bot_id": bot_id, "event_uuid": None, "error": "BotNotAccepted", "extra": [1]}


async def test_the_bots_own_url_comes_first(sim: Sim, receiver: Receiver) -> None:
    async with running_receiver() as own:
        await sim.send(webhook_url=own.url)
        await own.final()
    assert receiver.bodies == []


def attempts(ledger: Any, code: str) -> list[tuple[int, int | None]]:
    return [(d["attempt"], d["status"]) for d in ledger["deliveries"] if d["code"] == code]


async def test_status_is_dropped_after_two_repeats(sim: Sim, receiver: Receiver) -> None:
    receiver.answers = [500, 503, 302]
    await sim.send()
    await receiver.final()
    ledger = await sim.ledger()
    assert attempts(ledger, "joining_call") == [(1, 500), (2, 503), (3, 302)]
    assert attempts(ledger, "in_waiting_room") == [(1, 200)]


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_repeated_status_holds_up_the_next_or_is_overtaken(receiver: Receiver, in_order: bool) -> None:
    changes = {"statuses_in_order": in_order, "status_retry_delays": (900,)}
    async with running_sim(account_webhook_url=receiver.url, **changes) as sim:
        receiver.answers = [500]
        await sim.send_with([{"code": "joining_call"}, {"code": "in_waiting_room", "after": 90}])
        await receiver.wait_for(lambda: len(receiver.bodies) == 3)
    again = ["joining_call", "in_waiting_room"] if in_order else ["in_waiting_room", "joining_call"]
    assert [status["code"] for status in receiver.statuses] == ["joining_call", *again]


async def test_final_is_repeated_on_schedule(receiver: Receiver) -> None:
    async with running_sim(account_webhook_url=receiver.url, final_retry_delays=(1, 2, 3)) as sim:
        receiver.answers = [500, 404, 204, 500]
        await sim.send_with([{"code": "failed"}])
        await receiver.wait_for(lambda: len(receiver.finals) == 3)
        await sim.send_with([{"code": "failed"}])
        ledger = await eventually(sim.ledger, lambda ledger: len(ledger["deliveries"]) == 5)
        assert attempts(ledger, "failed") == [(1, 500), (2, 404), (3, 204), (1, 500), (2, 200)]
    first, second, third, *_ = receiver.finals
    assert first == second == third


async def test_a_final_nobody_takes_is_given_up() -> None:
    async with running_sim(final_retry_delays=(1,), status_retry_delays=()) as sim:
        bot_id = await sim.send_with([{"code": "failed"}], webhook_url="http://127.0.0.1:1/closed")
        await sim.ended(bot_id)
        deliveries = (await eventually(sim.ledger, lambda ledger: len(ledger["deliveries"]) == 2))["deliveries"]
    assert [d["status"] for d in deliveries] == [None, None]
    assert all("ClientConnectorError" in d["error"] for d in deliveries)


async def test_senders_lose_patience(receiver: Receiver) -> None:
    receiver.pause = 0.5
    changes = {"status_timeout": 0.05, "final_timeout": 0.05, "status_retry_delays": (), "final_retry_delays": ()}
    async with running_sim(account_webhook_url=receiver.url, **changes) as sim:
        await sim.send_with([{"code": "joining_call"}, {"code": "failed"}])
        deliveries = (await eventually(sim.ledger, lambda ledger: len(ledger["deliveries"]) == 2))["deliveries"]
    assert {(d["event"], d["status"]) for d in deliveries} == {("bot.status_change", None), ("failed", None)}
    assert all(d["error"].startswith("TimeoutError") for d in deliveries)
