"""Two simulated providers as processes of their own, of which the first one is killed for a while."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus
from starter.client import MeetingClient
from tests.system.stack import KEY, ROOT, SPEED, clean_environment, running_stack
from tests.workflows.driver import room

RECALL_KEY = "key-of-the-workspace"
SECRET = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"
MEETINGS = 8


class ProviderProcess:
    """A simulated provider that can be killed, and started again at the same address."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self._name = name
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    async def start(self) -> None:
        port = urlsplit(self.url).port or 0
        command = [sys.executable, "-m", "devtools.simulator", "--provider", self._name, f"--port={port}"]
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it returns as soon as the process runs
            [*command, f"--speed={SPEED}"],
            cwd=ROOT,
            env=clean_environment() | self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = await asyncio.to_thread(self._process.stdout.readline)
        assert line, f"the simulated {self._name} did not start"
        self.url = json.loads(line)["simulator"]

    async def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    async def bots(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        async with http.get(f"{self.url}/_sim/ledger") as answer:
            bots: list[dict[str, Any]] = (await answer.json())["bots"]
            return bots


@asynccontextmanager
async def provider_process(name: str, **environment: str) -> AsyncIterator[ProviderProcess]:
    process = ProviderProcess(name, environment)
    await process.start()
    try:
        yield process
    finally:
        await process.kill()


async def test_while_the_first_provider_is_away_every_meeting_has_one_bot_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recall_account = {"RECALL_API_KEY": RECALL_KEY, "RECALL_WEBHOOK_SECRET": SECRET}
    async with (
        provider_process("meetingbaas", MEETINGBAAS_API_KEY=KEY) as first,
        provider_process("recall", **recall_account) as second,
    ):
        hosts = ",".join(urlsplit(each.url).netloc for each in (first, second))
        settings = recall_account | {
            "MEETINGBAAS_BASE_URL": first.url,
            "RECALL_BASE_URL": second.url,
            "MINUTEKEEPER_PROVIDERS": "meetingbaas,recall",
            "MINUTEKEEPER_DOWNLOAD_HOSTS": hosts,
            "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES": "true",
            "RECALL_REQUESTS_PER_SECOND": "10",
        }
        async with running_stack(tmp_path / "stack", "--no-simulator", **settings) as stack:
            endpoint = {"url": f"{stack.addresses['bridge']}/webhooks/recall"}
            async with stack.http.post(f"{second.url}/_sim/endpoints", json=endpoint) as answer:
                assert answer.status == 200, await answer.text()
            await first.kill()
            monkeypatch.setenv("TEMPORAL_ADDRESS", stack.addresses["temporal"])
            client = await MeetingClient.connect()
            start_time = datetime.now(UTC) + timedelta(seconds=90)
            booked = [
                await client.start(MeetingRequest(meeting_url=room(), start_time=start_time))
                for _ in range(MEETINGS)
            ]
            views = await asyncio.gather(*(stack.until(each.workflow_id, "bot_sent", 110) for each in booked))
            assert {view.provider for view in views} == {"recall"}
            await first.start()
            outcomes = await asyncio.gather(*(stack.outcome(each.workflow_id, 150) for each in booked))
            assert [each.status for each in outcomes] == [MeetingStatus.COMPLETED] * MEETINGS
            sent = await second.bots(stack.http)
            assert len({bot["meeting_url"] for bot in sent}) == len(sent) == MEETINGS
            assert await first.bots(stack.http) == []
