"""Bodies of every kind at both addresses, by senders with the key: nothing breaks, and nothing false gets in."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio.client import Client

from bridge.inbox import InboxFolder
from minutekeeper.meetings.bot_events import BotEvent
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.support import (
    DEAD,
    Bridge,
    codes,
    complete,
    running_bridge,
    signals,
    start_recorder,
    status,
    stored,
)

FEW = settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""The same bridge hears all examples of a test: what one leaves behind is there for the next."""

KEPT = re.compile(r"[A-Za-z0-9_~][A-Za-z0-9._~-]*/raw/(complete|failed)-[0-9a-f-]{13}\.json")

WAITING = re.compile(r"artifacts/inbox/[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f-]{13}\.json")

OUTCOMES = {"delivered", "ignored", "no meeting has this bot", "no such workflow"}
"""What may become of a delivery while Temporal works: it is never away, and never refuses what we send it."""

texts = st.text(max_size=30) | st.sampled_from(
    [
        "\0",
        "a\0b",
        "../../etc",
        "a/b\\c",
        "\n",
        "x" * 300,
        "x" * 5000,
        "\u202e",
        "'; --",
        '"',
        "\ud800",
        "calendar-1",
    ]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**300, -(10**300), 253402300799, 1e308, 2**63])
times = (
    st.datetimes().map(datetime.isoformat)
    | numbers
    | st.sampled_from(
        ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-03-02", "9" * 400, "²"]
    )
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts | times,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
extras = values | st.fixed_dictionaries(
    {"dispatch_key": texts, "workflow_id": texts, "dispatch": values, "run": texts}
)
deliveries = st.builds(
    lambda event, data: {"event": event, "data": data},
    st.sampled_from(["complete", "failed", "bot.status_change", "transcription_complete", "calendar.sync_events"])
    | values,
    values
    | st.fixed_dictionaries(
        {"bot_id": texts | numbers},
        optional={
            "status": values | st.fixed_dictionaries({"code": texts, "created_at": times, "error_message": values}),
            "mp4": texts,
            "transcript": values,
            "error": values,
            "extra": extras,
            "calendar_id": texts,
            "last_updated_ts": times,
        },
    ),
)
bodies = st.binary(max_size=200) | (deliveries | values).map(lambda value: json.dumps(value).encode())


@pytest_asyncio.fixture
async def listener(client: Client, workflow_id: str) -> AsyncIterator[str]:
    """A workflow; what it has heard by the end of the test is judged."""
    await start_recorder(client, workflow_id)
    yield workflow_id
    for payload in await signals(client, workflow_id):
        event = BotEvent.model_validate(payload)
        assert event.bot_id
        assert event.bot_id.isprintable()
        assert len(json.dumps(payload)) < 10_000
        assert datetime(2000, 1, 1, tzinfo=UTC) <= event.occurred_at < datetime.now(UTC) + timedelta(hours=2)


@FEW
@given(body=bodies)
@example(body=b'{"event": "failed", "data": {"bot_id": "a\\u0000b"}}')
@example(body=json.dumps(complete(extra={"dispatch_key": "k", "workflow_id": "w" * 2000})).encode())
async def test_any_body_is_understood_ignored_or_refused(
    bridge: Bridge, store: ArtifactStore, listener: str, body: bytes
) -> None:
    for answer in (await bridge.to_bot(listener, body), await bridge.to_account(body)):
        assert answer.status in {200, 400}
        assert answer.status == 400 or answer.json["outcome"] in OUTCOMES
        assert answer.status == 200 or isinstance(answer.json["error"], str)
    for path in await stored(store):
        assert KEPT.fullmatch(path) or path.startswith(InboxFolder.UNKNOWN_BOT), path


BOMBS: dict[str, tuple[bytes, int]] = {
    "a million brackets": (b"[" * 1_000_000, 400),
    "a million objects without an end": (b'{"a":' * 1_000_000, 400),
    "a million objects": (b'{"a":' * 1_000_000 + b"1" + b"}" * 1_000_000, 200),
    "as deep as can be read": (
        b'{"event":"failed","data":{"bot_id":"b","error":%s}}' % (b"[" * 900 + b"]" * 900),
        200,
    ),
    "a number of 100,000 digits": (b'{"event":"failed","data":{"bot_id":%s}}' % (b"9" * 100_000), 200),
    "a fraction of 100,000 digits": (
        b'{"event":"failed","data":{"bot_id":"b","error":0.%s}}' % (b"9" * 100_000),
        200,
    ),
    "no numbers": (b'{"event":"failed","data":{"bot_id":"b","error":[NaN,-Infinity,1e999]}}', 200),
    "a time of ten million digits": (
        b'{"event":"bot.status_change","data":{"bot_id":"b","status":{"code":"c","created_at":"%s"}}}'
        % (b"9" * 10_000_000),
        200,
    ),
    "an id of ten megabytes": (b'{"event":"failed","data":{"bot_id":"%s"}}' % (b"x" * 10_000_000), 200),
    "an event of ten megabytes": (b'{"event":"%s","data":{}}' % (b"x" * 10_000_000), 200),
    "millions of tiny parts": (
        b'{"event":"complete","data":{"bot_id":"b","transcript":[%s{}]}}' % (b"{}," * 5_000_000),
        200,
    ),
    "halves of surrogates": (
        b'{"event":"failed","data":{"bot_id":"b","error":"%s"}}' % (rb"\ud800" * 2_000_000),
        200,
    ),
    "the same key twice": (b'{"event":"x","event":"failed","data":{},"data":{"bot_id":"b"}}', 200),
    "no UTF-8": (b'{"event":"failed","data":{"bot_id":"b","error":"\xff\xc3"}}', 400),
    "UTF-16": (json.dumps(status()).encode("utf-16"), 400),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_bombs_do_no_harm(bridge: Bridge, client: Client, workflow_id: str, name: str) -> None:
    await start_recorder(client, workflow_id)
    body, expected = BOMBS[name]
    for answer in (await bridge.to_bot(workflow_id, body), await bridge.to_account(body)):
        assert answer.status == expected, answer.json
        assert len(json.dumps(answer.json)) < 1000
    history = (await client.get_workflow_handle(workflow_id).fetch_history()).to_json()
    assert len(history) < 20_000


async def test_a_status_from_the_future_does_not_pass_for_the_newest(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    for time in ("2099-12-31T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        body = {"event": "bot.status_change", "data": {"bot_id": "b", "status": {"code": "x", "created_at": time}}}
        assert (await bridge.to_bot(workflow_id, body)).status == 200
    for payload in await signals(client, workflow_id):
        age = datetime.now(UTC) - BotEvent.model_validate(payload).occurred_at
        assert timedelta(minutes=-1) < age < timedelta(minutes=1)


async def test_a_delivery_that_is_replayed_counts_once_and_in_its_own_meeting_only(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    other = f"{workflow_id}-other"
    for name in (workflow_id, other):
        await start_recorder(client, name)
    recorded = json.dumps(status()).encode()
    address = bridge.address(workflow_id)
    answers = await asyncio.gather(*(bridge.post(address, recorded) for _ in range(100)))
    assert {answer.status for answer in answers} == {200}
    assert (await bridge.post(address.replace(workflow_id, other), recorded)).status == 401
    assert (await bridge.post(address, recorded, headers={})).status == 401
    assert await codes(client, workflow_id) == ["joining_call"]
    assert await codes(client, other) == []


@settings(FEW, max_examples=60)
@given(
    workflow_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
    | st.sampled_from(
        ["..", "../..", "meeting-../../x", "/etc/passwd", ".hidden", "meeting-", "a\\b", "inbox", "CON"]
    )
    | st.sampled_from(["a\nb", "meeting-inbox", "~", "x" * 700, "\0"]),
    bot_id=texts,
)
async def test_names_of_files_never_come_from_outside(
    tmp_path: Path, store: ArtifactStore, workflow_id: str, bot_id: str
) -> None:
    client = await Client.connect(DEAD, lazy=True, plugins=[plugin()])
    async with running_bridge(client, store) as bridge:
        answer = await bridge.to_bot(workflow_id, complete(bot_id=bot_id))
    assert answer.status in {200, 400}
    assert all(WAITING.fullmatch(name) for name in _files(tmp_path))


async def test_a_final_body_lies_in_a_plain_folder_whatever_its_workflow_is_called(
    bridge: Bridge, client: Client, store: ArtifactStore, tmp_path: Path
) -> None:
    names = ("..", "meeting-../../../x", "/etc/passwd", "a\\..\\b", "meeting-inbox", ".hidden", "ü/☃", "meeting-.")
    for name in names:
        await start_recorder(client, name)
        assert (await bridge.to_bot(name, complete())).json == {"outcome": "delivered"}
    paths = await stored(store)
    assert len(paths) == len(names)
    assert all(KEPT.fullmatch(path) for path in paths), paths
    assert sorted(_files(tmp_path)) == sorted(f"artifacts/{path}" for path in paths)


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
