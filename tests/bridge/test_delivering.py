"""What reaches a workflow, and that it does so once."""

import asyncio
import json
import logging
from datetime import datetime
from typing import NoReturn

import pytest
from temporalio.client import Client
from temporalio.worker import Worker
from yarl import URL

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.recorder import Recorder
from tests.bridge.support import (
    KEY,
    NOON,
    QUEUE,
    SECRET,
    Bridge,
    codes,
    complete,
    eventually,
    log_lines,
    signals,
    start_recorder,
    status,
    stored,
)


async def test_a_status_becomes_a_signal(bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    answer = await bridge.to_bot(workflow_id, status("in_waiting_room"), dispatch=2)
    assert (answer.status, answer.json) == (200, {"outcome": "delivered"})
    (payload,) = await signals(client, workflow_id)
    assert BotEvent.model_validate(payload) == BotEvent(
        kind=BotEventKind.STATUS,
        bot_id="bot-1",
        occurred_at=NOON,
        dispatch=2,
        status=MeetingStatus.WAITING_ROOM,
        code="in_waiting_room",
    )


async def test_a_worker_reads_what_the_bridge_writes(bridge: Bridge, client: Client, workflow_id: str) -> None:
    handle = await start_recorder(client, workflow_id)
    await bridge.to_bot(workflow_id, status("in_call_recording"), dispatch=1)
    await bridge.to_bot(workflow_id, complete(), dispatch=1)
    async with Worker(client, task_queue=QUEUE, workflows=[Recorder]):
        recording, final = await handle.query(Recorder.events)
    assert (recording.code, recording.dispatch) == ("in_call_recording", 1)
    assert (final.kind, final.has_recording, final.has_transcript) == (BotEventKind.COMPLETE, True, True)


async def test_repeats_add_nothing_to_the_history(bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    for _ in range(3):
        assert (await bridge.to_bot(workflow_id, status("joining_call"))).status == 200
        assert (await bridge.to_bot(workflow_id, complete())).status == 200
    assert [each.get("kind", "status") for each in await signals(client, workflow_id)] == ["status", "complete"]


async def test_one_bot_reporting_to_two_meetings_counts_in_both(bridge: Bridge, client: Client) -> None:
    for name in ("shared-1", "shared-2"):
        await start_recorder(client, name)
        await bridge.to_bot(name, status())
    assert await codes(client, "shared-1") == await codes(client, "shared-2") == ["joining_call"]


async def test_two_hundred_at_once_arrive_once_each(bridge: Bridge, client: Client, workflow_id: str) -> None:
    await start_recorder(client, workflow_id)
    bodies = [status(f"code_{number % 100}", second=number % 100) for number in range(200)]
    answers = await asyncio.gather(*(bridge.to_bot(workflow_id, body) for body in bodies))
    assert {answer.status for answer in answers} == {200}

    async def have_all_arrived() -> bool:
        # Some may have waited in the inbox meanwhile, if the server was slow.
        return len(await codes(client, workflow_id)) >= 100

    await eventually(have_all_arrived)
    assert sorted(await codes(client, workflow_id)) == sorted(f"code_{number}" for number in range(100))


async def test_a_final_body_is_kept_and_only_its_place_is_signalled(
    bridge: Bridge, client: Client, store: ArtifactStore
) -> None:
    await start_recorder(client, "meeting-long")
    body = json.dumps(complete(words=60_000, signature="topsecret")).encode()
    assert len(body) > 3_000_000
    assert (await bridge.to_bot("meeting-long", body)).status == 200
    (payload,) = await signals(client, "meeting-long")
    assert payload["body"].startswith("long/raw/complete-")
    assert await stored(store) == [payload["body"]]
    assert await store.get(payload["body"]) == body
    history = (await client.get_workflow_handle("meeting-long").fetch_history()).to_json()
    assert "topsecret" not in history
    assert "word59999" not in history


async def test_a_final_body_is_kept_without_our_own_keys(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    said = f"no answer to {KEY} signed with {SECRET}"
    await bridge.to_bot(workflow_id, complete(message=said, signature="for-the-download"))
    (payload,) = await signals(client, workflow_id)
    kept = await store.get(payload["body"])
    assert b"no answer to *** signed with ***" in kept
    assert b"for-the-download" in kept


async def test_a_resent_final_with_fresh_urls_gets_through(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for signature in ("old", "new"):
        await bridge.to_bot(workflow_id, complete(signature=signature))
    places = [each["body"] for each in await signals(client, workflow_id)]
    bodies = [(await store.get(place)).decode() for place in places]
    assert ["Signature=old" in bodies[0], "Signature=new" in bodies[1]] == [True, True]


async def test_a_finished_meeting_is_not_woken_but_keeps_its_final_body(
    bridge: Bridge, client: Client, store: ArtifactStore, workflow_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    handle = await start_recorder(client, workflow_id)
    await handle.terminate()
    assert (await bridge.to_bot(workflow_id, status())).json == {"outcome": "meeting finished"}
    assert await stored(store) == []
    assert (await bridge.to_bot(workflow_id, complete())).status == 200
    assert len(await stored(store)) == 1
    assert await signals(client, workflow_id) == []
    assert [each["outcome"] for each in log_lines(caplog)] == ["meeting finished"] * 2


@pytest.mark.parametrize("body", [status(), complete()], ids=["status", "complete"])
async def test_a_meeting_that_never_was_leaves_one_line_and_nothing_else(
    bridge: Bridge, store: ArtifactStore, caplog: pytest.LogCaptureFixture, body: dict[str, object]
) -> None:
    caplog.set_level(logging.INFO)
    answer = await bridge.to_bot("meeting-that-never-was", body)
    assert (answer.status, answer.json) == (200, {"outcome": "no such workflow"})
    assert await stored(store) == []
    assert [each["outcome"] for each in log_lines(caplog)] == ["no such workflow"]


async def test_unknown_events_are_acknowledged_and_logged(
    bridge: Bridge, client: Client, workflow_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await start_recorder(client, workflow_id)
    body = {"event": "bot.chat_message", "data": {"bot_id": "bot-1"}}
    assert (await bridge.to_bot(workflow_id, body)).status == 200
    assert (await bridge.to_account(body)).status == 200
    assert await signals(client, workflow_id) == []
    assert [each["outcome"] for each in log_lines(caplog)] == ["ignored"] * 2


async def test_the_line_names_the_delivery_and_opens_no_door(
    bridge: Bridge, client: Client, workflow_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await start_recorder(client, workflow_id)
    address = bridge.address(workflow_id)
    await bridge.post(address, complete(signature="topsecret"))
    await bridge.post(address, status("in_call_recording"))
    await bridge.post(address, b"no json", headers={"x-meeting-baas-api-key": "wrong-key"})
    await bridge.post(address[:-1] + "_", status())
    assert [(each["event"], each["answer"]) for each in log_lines(caplog)] == [
        ("complete", 200),
        ("in_call_recording", 200),
        ("", 401),
        ("", 401),
    ]
    assert {each["workflow_id"] for each in log_lines(caplog)} == {workflow_id}
    ours = [record for record in caplog.records if not record.name.startswith(("asyncio", "aiohttp.client"))]
    everything = " ".join(f"{record.getMessage()} {vars(record)}" for record in ours)
    for secret in ("topsecret", "word0", "wrong-key", bridge.address(workflow_id).rpartition("/")[2][:-1]):
        assert secret not in everything


async def test_an_id_from_outside_cannot_fake_a_log_line(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    await bridge.post(f"{bridge.url}/webhooks/meetingbaas/x%0Afake%1B%5B31m/0/wrong", status())
    (line,) = log_lines(caplog)
    assert line["workflow_id"] == "x?fake?[31m"


async def test_not_even_a_broken_request_gives_its_secrets_to_the_log(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = URL(bridge.url)
    for head in (
        "POST /top-secret-token HTTP/9.9",
        "POST / HTTP/1.1\r\nx-meeting-baas-api-key\x01: top-secret-key",
    ):
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"{head}\r\n\r\n".encode())
        assert b" 400 " in await reader.readline()
        writer.close()
    assert [record.name for record in caplog.records if record.levelno >= logging.ERROR] == ["bridge.http"] * 2
    assert "top-secret" not in caplog.text


async def test_an_error_of_ours_is_a_500_that_quotes_nothing(
    bridge: Bridge, workflow_id: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_self: MeetingBaasProvider, _headers: object, body: bytes, _received_at: datetime) -> NoReturn:
        raise KeyError(body)

    monkeypatch.setattr(MeetingBaasProvider, "parse_webhook", stumble)
    answer = await bridge.to_bot(workflow_id, complete(signature="topsecret"))
    assert (answer.status, answer.json) == (500, {"error": "internal error"})
    assert "KeyError in stumble" in caplog.text
    assert "topsecret" not in caplog.text
