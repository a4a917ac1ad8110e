"""Thousands of webhooks of one meeting that piled up: a fresh worker process works them off, and stops in time."""

import asyncio
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.views import MeetingView
from minutekeeper.temporal.search_attributes import ALL_KEYS
from minutekeeper.temporal.worker_connection import plugin
from tests.bot_events import bot_event
from tests.system.stack import KEY, ROOT, clean_environment

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

PILED_UP = 4_000
"""Twice what once killed a meeting. Temporal takes 10,000 for one workflow; see `docs/performance.md`."""
SHUTDOWN_SECONDS = 5


async def test_a_fresh_worker_works_off_what_piled_up(tmp_path: Path) -> None:
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(Path(sys.executable).with_name("temporal")),
        dev_server_log_level="never",
        search_attributes=list(ALL_KEYS),
        plugins=[plugin()],
    ) as env:
        now = datetime.now(UTC)
        request = {
            "meeting_url": "https://meet.google.com/abc-defg-hij",
            "start_time": now.isoformat(),
            "follows": {"bot_id": "bot", "sent_at": now.isoformat()},
        }
        handle = await env.client.start_workflow("MeetingWorkflow", request, id="m", task_queue="meetings")
        codes = ("joining_call", "in_call_not_recording", "in_call_recording", "recording_paused", "levitating")
        events = [
            bot_event(bot_id="bot", occurred_at=now + timedelta(seconds=each), code=codes[each % 5])
            for each in range(PILED_UP)
        ]
        for some in range(0, PILED_UP, 200):
            await asyncio.gather(*(handle.signal("bot_event", each) for each in events[some : some + 200]))
        worker = await _worker(env.client, tmp_path)
        try:
            view = await _answer(env.client)
            assert view.timeline[-1].event == "levitating"
            assert len(view.timeline) <= 200
        finally:
            asked = time.monotonic()
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(worker.wait(), 60) == 0
        assert time.monotonic() - asked < SHUTDOWN_SECONDS + 5
        history = await handle.fetch_history()
        failed = [each for each in history.events if each.HasField("workflow_task_failed_event_attributes")]
        assert not failed


async def _worker(client: Client, folder: Path) -> asyncio.subprocess.Process:
    settings = {
        "TEMPORAL_ADDRESS": client.service_client.config.target_host,
        "MEETINGBAAS_API_KEY": KEY,
        "MEETINGBAAS_BASE_URL": "http://127.0.0.1:9",
        "BRIDGE_SECRET": "s" * 40,
        "ARTIFACTS_URL": folder.as_uri(),
        "MINUTEKEEPER_SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS),
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker"),
        cwd=ROOT,
        env=clean_environment() | settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _answer(client: Client) -> MeetingView:
    handle = client.get_workflow_handle("m")
    for _ in range(300):
        await asyncio.sleep(0.3)
        try:
            view: MeetingView = await handle.query(
                "status", result_type=MeetingView, rpc_timeout=timedelta(seconds=10)
            )
        except Exception:  # noqa: BLE001, S112 - the worker is still loading
            continue
        if view.timeline[-1].event == "levitating":
            return view
    raise AssertionError("the worker never came to the end of it")
