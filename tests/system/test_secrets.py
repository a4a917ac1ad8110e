"""Keys, secrets and signatures are planted wherever somebody could quote them, and then looked for everywhere."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.webhook_urls import token_for
from minutekeeper.temporal.names import ROOM_WORKFLOW
from tests.system.conftest import SHORT_DEADLINES
from tests.system.leaky_provider import Gossip
from tests.system.stack import RunningStack, running_stack
from tests.system.test_ends import start
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="module")

ACCOUNT_KEY = "planted-account-key-4f1c77"
OLD_ACCOUNT_KEY = "planted-former-account-key-90ab"
BRIDGE_SECRET = "planted-bridge-secret-5dd0e2-with-enough-letters"
OLD_BRIDGE_SECRET = "planted-former-bridge-secret-17c4-with-enough-letters"
SPEECH_KEY = "planted-speech-key-b83a09"
SIGNATURE = "planted5194736"

PLANTED = {
    "MEETINGBAAS_API_KEY": ACCOUNT_KEY,
    "MEETINGBAAS_API_KEY_PREVIOUS": OLD_ACCOUNT_KEY,
    "BRIDGE_SECRET": BRIDGE_SECRET,
    "BRIDGE_SECRET_PREVIOUS": OLD_BRIDGE_SECRET,
    "MINUTEKEEPER_SPEECH_TO_TEXT_PROVIDER": "Gladia",
    "MINUTEKEEPER_SPEECH_TO_TEXT_API_KEY": SPEECH_KEY,
}
KEYS = {value for name, value in PLANTED.items() if "PROVIDER" not in name}
QUOTES = (
    f"key {ACCOUNT_KEY}, before {OLD_ACCOUNT_KEY}, transcriber {SPEECH_KEY}, "
    f"secrets {BRIDGE_SECRET} {OLD_BRIDGE_SECRET}, "
    f"file https://bucket.example/v.mp4?X-Amz-Signature={SIGNATURE} and v.mp4?Expires=9&Signature={SIGNATURE}"
)
"""What a careless provider might say."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    async with running_stack(tmp_path_factory.mktemp("planted"), **SHORT_DEADLINES, **PLANTED) as running:
        yield running


async def test_a_good_meeting_and_a_bad_one_leave_no_secret_anywhere(stack: RunningStack) -> None:
    good = await start(stack, "normal")
    bad = await start(stack, _script_that_quotes())
    assert (await stack.outcome(good)).status is MeetingStatus.COMPLETED
    outcome = await stack.outcome(bad)
    assert (outcome.status, outcome.reason) == (MeetingStatus.FAILED, FailureReason.NOT_ACCEPTED)
    said = (await stack.until(bad, "meeting_error")).model_dump_json()
    assert said.count("***") > len(KEYS), said
    await _knock(stack, good)

    signatures = _signatures_of_raw_deliveries(stack)
    tokens = {
        token_for("meetingbaas", name, 0, secret)
        for name in (good, bad)
        for secret in (BRIDGE_SECRET, OLD_BRIDGE_SECRET)
    }
    secrets = KEYS | tokens | signatures | {SIGNATURE}
    await _look_everywhere(stack, (good, bad), secrets)
    # The addresses of bots are what the ledger is read for; everything else in it is clean.
    ledger = json.dumps(await stack.ledger())
    _assert_clean({"the ledger": ledger}, secrets - tokens)
    assert '"api_key": "***"' in ledger


async def test_a_provider_that_quotes_all_it_was_told_gives_nothing_away(tmp_path: Path) -> None:
    gossip = Gossip(refused="/aaa-", invalid="/bbb-")
    async with (
        TestServer(gossip.app()) as server,
        running_stack(
            tmp_path,
            "--no-simulator",
            **SHORT_DEADLINES,
            **PLANTED,
            MEETINGBAAS_BASE_URL=str(server.make_url("/")),
        ) as stack,
    ):
        refused, invalid, failing = [
            await _start(stack, f"https://meet.google.com/{part}{meeting_url()[28:]}")
            for part in ("aaa-", "bbb-", "ccc-")
        ]
        await stack.until(refused, "dispatch_failed")
        assert (await stack.outcome(invalid)).reason is FailureReason.REQUEST_REJECTED
        assert (await stack.outcome(failing)).reason is FailureReason.NOT_ACCEPTED
        view = await stack.handle(refused).query("status")
        assert view["reason"] == FailureReason.ACCOUNT.value
        assert "***" in view["evidence"]["text"]
        names = (refused, invalid, failing)
        tokens = {token_for("meetingbaas", name, 0, BRIDGE_SECRET) for name in names}
        assert all(any(secret in text for text in gossip.quoted) for secret in (ACCOUNT_KEY, SPEECH_KEY, *tokens))
        await _look_everywhere(stack, names, KEYS | tokens)
        await stack.handle(refused).cancel()


def _script_that_quotes() -> dict[str, Any]:
    trouble = {"error_message": QUOTES, "error_type": {"keys": [ACCOUNT_KEY, SPEECH_KEY]}, "reason": QUOTES}
    return {
        "steps": [
            {"after": 1, "code": "joining_call"},
            {"after": 1, "code": "meeting_error", "fields": trouble},
            {"after": 1, "code": "failed", "fields": {"error": "BotNotAccepted", "message": QUOTES}},
        ]
    }


async def _start(stack: RunningStack, url: str) -> str:
    name = f"meeting-{url[-12:]}"
    request = {"meeting_url": url, "start_time": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
    await stack.client.start_workflow("MeetingWorkflow", request, id=name, task_queue="meetings")
    return name


async def _knock(stack: RunningStack, name: str) -> None:
    """Deliveries that are refused, ignored, or lead nowhere, and say too much."""
    bridge = stack.addresses["bridge"]
    token = token_for("meetingbaas", name, 0, BRIDGE_SECRET)
    account = f"{bridge}/webhooks/meetingbaas"
    unknown = {"event": f"bot.{QUOTES}", "data": {}}
    stranger = {"event": "failed", "data": {"bot_id": "a-stranger", "error": QUOTES, "message": QUOTES}}
    for url, key, body, status in (
        (f"{account}/{name}/0/{token}x", ACCOUNT_KEY, {}, 401),
        (f"{account}/{name}/0/{token}", f"{ACCOUNT_KEY}x", {}, 401),
        (f"{account}/{name}/0/{token}", ACCOUNT_KEY, {"event": 7}, 200),
        (f"{account}/{name}/0/{token}", ACCOUNT_KEY, [QUOTES], 400),
        (f"{account}/{name}/0/{token}", ACCOUNT_KEY, unknown, 200),
        (f"{account}/{name}/0/{token}/more", ACCOUNT_KEY, {}, 404),
        (account, ACCOUNT_KEY, unknown, 200),
        (account, ACCOUNT_KEY, stranger, 200),
    ):
        async with stack.http.post(url, json=body, headers={"x-meeting-baas-api-key": key}) as answer:
            assert answer.status == status, await answer.text()
            _assert_clean({url: await answer.text()}, KEYS | {token, SIGNATURE})


def _signatures_of_raw_deliveries(stack: RunningStack) -> set[str]:
    """Raw deliveries are kept with their links, by which a recording is fetched."""
    raw = [path.read_text() for path in stack.artifacts.glob("*/raw/*") if "complete" in path.name]
    found = set(re.findall(r"X-Amz-Signature=([0-9a-f]+)", " ".join(raw)))
    assert found
    return found


async def _look_everywhere(stack: RunningStack, names: Iterable[str], secrets: set[str]) -> None:
    _assert_clean(await _histories(stack), secrets)
    _assert_clean(await _shown(stack, names), secrets)
    _assert_clean(await _answers(stack), secrets)
    _assert_clean(_files(stack), secrets)
    _assert_clean(_command_lines(), KEYS)
    kept = {str(path): path.read_bytes().decode("utf-8", "replace") for path in stack.artifacts.rglob("*.json")}
    _assert_clean(kept, KEYS)


async def _histories(stack: RunningStack) -> dict[str, str]:
    """What an operator with Temporal's UI can read of every workflow there is."""
    found = {}
    async for each in stack.client.list_workflows():
        if each.workflow_type == ROOM_WORKFLOW:
            # It has run nothing that could be asked; what it holds is in its history.
            found[f"history of {each.id}"] = await stack.history(each.id)
            continue
        described = await stack.handle(each.id).query("__temporal_workflow_metadata")
        found[f"history of {each.id}"] = await stack.history(each.id) + json.dumps(described, default=str)
    assert found
    return found


async def _shown(stack: RunningStack, names: Iterable[str]) -> dict[str, str]:
    commands: list[tuple[str, ...]] = [("list", "--json"), ("doctor",)]
    for name in names:
        commands += [("show", name), ("show", name, "--json")]
    last = max(names)
    commands += [("why", last), ("watch", last)]
    shown = {}
    for done in await asyncio.gather(*(asyncio.to_thread(_run, stack, command) for command in commands)):
        assert "Traceback" not in done.stderr
        assert done.stdout or done.stderr, done.args
        shown[" ".join(done.args[1:])] = done.stdout + done.stderr
    return shown


def _run(stack: RunningStack, command: Iterable[str]) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "minutekeeper")
    own = {"MEETINGBAAS_BASE_URL": stack.addresses.get("simulator") or "http://127.0.0.1:9"}
    own |= {"BRIDGE_PUBLIC_URL": stack.addresses["bridge"]}
    return subprocess.run(
        [program, *command], env=stack.environment | PLANTED | own, capture_output=True, text=True, check=False
    )


async def _answers(stack: RunningStack) -> dict[str, str]:
    found = {}
    for path in ("/healthz", "/readyz"):
        async with stack.http.get(stack.addresses["bridge"] + path) as answer:
            assert answer.status == 200, path
            found[path] = await answer.text()
    return found


def _files(stack: RunningStack) -> dict[str, str]:
    """Everything in the data folder, database and logs too, but for raw deliveries and where secrets live."""
    folder = stack.artifacts.parent
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"env", "bridge-secret", "simulator.json"}
    ]
    found = {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace")
        for path in files
        if not {"raw", "inbox"} & set(path.relative_to(folder).parts)
    }
    assert {"temporal.db", "logs/worker.log", "logs/bridge.log"} <= set(found)
    return found


def _command_lines() -> dict[str, str]:
    """Of every process that this user may look at: those are for everybody to see."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[str(path)] = path.read_text(errors="replace")
        except OSError:
            continue
    return found


def _assert_clean(places: dict[str, str], secrets: set[str]) -> None:
    for place, text in places.items():
        leaked = [(secret, text[max(0, text.index(secret) - 200) :][:500]) for secret in secrets if secret in text]
        assert not leaked, (place, leaked)
