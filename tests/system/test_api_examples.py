"""The programs of `examples/` that speak with the HTTP API or receive its events, as their users run them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import aiohttp
import pytest
from standardwebhooks import Webhook

from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from tests.system.stack import RunningStack, clean_environment, in_four_minutes
from tests.system.test_examples import EXAMPLES, output, run
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

needs_node = pytest.mark.skipif(which("node") is None, reason="apt install nodejs")

BOOK = (sys.executable, EXAMPLES / "book_over_api.py")
PROGRAMS = [
    pytest.param(BOOK, id="python"),
    pytest.param(("node", EXAMPLES / "book_over_api.mjs"), id="node", marks=needs_node),
]

RECEIVERS = [
    pytest.param((sys.executable, EXAMPLES / "receive_events.py", "--port"), id="python"),
    pytest.param(("node", EXAMPLES / "receive_events.mjs"), id="node", marks=needs_node),
]


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_meeting_is_booked_and_awaited(stack: RunningStack, program: tuple[str | Path, ...]) -> None:
    booking = (*program, meeting_url(), in_four_minutes())
    first, status = (await output(stack, *booking, "--wait")).splitlines()
    meeting_id, outcome = first.split()
    assert (outcome, status) == ("booked", "completed")
    assert (await output(stack, *booking)) == f"{meeting_id} already_completed\n"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_what_is_wrong_is_told_in_a_sentence(stack: RunningStack, program: tuple[str | Path, ...]) -> None:
    done = await run(stack, *program, "https://example.com/", in_four_minutes())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("The API answered 422: meeting_url: ")
    assert len(done.stderr.splitlines()) == 1


@asynccontextmanager
async def receiving(
    program: tuple[str | Path, ...], port: int, secret: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *map(str, program),
        str(port),
        env=clean_environment() | {"WEBHOOK_SECRET": secret},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert (await asyncio.wait_for(process.stdout.readline(), 30)).strip() == b"listening"
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("program", RECEIVERS)
async def test_an_event_is_received_once_and_a_forged_one_is_refused(
    program: tuple[str | Path, ...], unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}/"
    secret = endpoint_secret("a secret of the installation, long enough", "ep_1", 1)
    body = json.dumps({"type": "meeting.completed", "data": {"meeting": {"meeting_id": "m-1", "title": "Grüße"}}})

    def signed(text: str, at: datetime, key: str = secret) -> dict[str, str]:
        signature = Webhook(key).sign("evt_1", at, text)
        return {"webhook-id": "evt_1", "webhook-timestamp": f"{at.timestamp():.0f}", "webhook-signature": signature}

    now = datetime.now(UTC).replace(microsecond=0)
    other = endpoint_secret("a secret of the installation, long enough", "ep_1", 2)
    rotated = signed(body, now) | {
        "webhook-signature": f"{Webhook(other).sign('evt_1', now, body)} {Webhook(secret).sign('evt_1', now, body)}"
    }
    tried = [
        (body, signed(body, now), 204),
        (body, rotated, 204),
        (body.replace("m-1", "m-2"), signed(body, now), 401),
        (body, signed(body, now, other), 401),
        (body, signed(body, now - timedelta(hours=1)), 401),
        (body, signed(body, now) | {"webhook-signature": "v1"}, 401),
        (body, {}, 401),
    ]
    async with receiving(program, unused_tcp_port, secret) as process, aiohttp.ClientSession() as http:
        for content, headers, expected in tried:
            async with http.post(url, data=content.encode(), headers=headers) as answer:
                assert answer.status == expected, headers
        async with http.post(url, data=b"x" * 100_000) as answer:
            assert answer.status == 413
    assert process.stdout is not None
    assert process.stderr is not None
    assert (await process.stdout.read()).decode() == "evt_1 meeting.completed m-1\n"
    assert (await process.stderr.read()).decode().count("refused: ") == 5


@pytest.mark.parametrize("program", RECEIVERS)
async def test_the_end_of_a_meeting_arrives(
    stack: RunningStack, program: tuple[str | Path, ...], unused_tcp_port: int
) -> None:
    command = (sys.executable, "-m", "starter", "webhook")
    added = json.loads(
        await output(stack, *command, "add", f"http://127.0.0.1:{unused_tcp_port}/", "--name", "crm", "--json")
    )
    async with receiving(program, unused_tcp_port, added["secret"]) as process:
        await output(stack, *BOOK, meeting_url(), in_four_minutes(), "--wait")
        assert process.stdout is not None
        event_id, kind, _ = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()
        assert (event_id[:4], kind) == ("evt_", "meeting.completed")
    await output(stack, *command, "remove", "crm")


@pytest.mark.parametrize("program", RECEIVERS)
async def test_a_receiver_needs_a_secret(stack: RunningStack, program: tuple[str | Path, ...]) -> None:
    done = await run(stack, *program, "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "WEBHOOK_SECRET" in done.stderr
