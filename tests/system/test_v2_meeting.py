"""Meetings whose bots come from version 2 of Meeting BaaS, with real workers and a real bridge."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio.testing import WorkflowEnvironment

from devtools.simulator.meetingbaas_v2.server import running_meetingbaas_v2
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.temporal import search_attributes
from tests.replay.copies import ROOT
from tests.replay.worker_fleet import WorkerFleet, running_bridge_process
from tests.workflows.conftest import temporal_binary, with_plugin

KEY = "key-of-the-team"
WEBHOOK_SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="


@asynccontextmanager
async def running_v2_fleet(folder: Path, speed: float = 200) -> AsyncIterator[WorkerFleet]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=temporal_binary(), search_attributes=list(search_attributes.ALL_KEYS)
            )
        )
        simulator = await stack.enter_async_context(
            running_meetingbaas_v2(MeetingBaasV2Settings(api_key=KEY, speed=speed, webhook_secret=WEBHOOK_SECRET))
        )
        environment = {
            "PATH": os.environ["PATH"],
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "MEETINGBAAS_API_KEY": "key-of-no-use",
            "MEETINGBAAS_BASE_URL": "http://127.0.0.1:9",
            "MEETINGBAAS_V2_API_KEY": KEY,
            "MEETINGBAAS_V2_BASE_URL": simulator,
            "MEETINGBAAS_V2_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "MINUTEKEEPER_PROVIDERS": "meetingbaas-v2",
            # No webhook tells that a bot was cancelled before it was started.
            "MINUTEKEEPER_DEADLINE_REMOVED_BOT": "2",
            "BRIDGE_SECRET": "a-secret-of-the-tests-with-enough-letters",
            "ARTIFACTS_URL": (folder / "artifacts").as_uri(),
            "MINUTEKEEPER_DOWNLOAD_HOSTS": simulator.removeprefix("http://"),
            "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES": "true",
        }
        bridge = await stack.enter_async_context(running_bridge_process(environment))
        environment["BRIDGE_PUBLIC_URL"] = bridge
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{simulator}/_sim/webhooks", json={"url": f"{bridge}/webhooks/meetingbaas-v2"}) as answer,
        ):
            assert answer.status == 200, await answer.text()
        fleet = WorkerFleet(with_plugin(server.client), simulator, environment, folder)
        stack.push_async_callback(fleet.end)
        await fleet.worker(ROOT)
        yield fleet


async def timeline(meeting: Any) -> list[str]:
    view = await meeting.query("status")
    return [entry["event"] for entry in view["timeline"]]


@pytest.mark.timeout(120)
async def test_a_meeting_is_recorded_by_version_2(tmp_path: Path) -> None:
    async with running_v2_fleet(tmp_path) as fleet:
        meeting = await fleet.book_for(datetime.now(UTC) + timedelta(seconds=2))
        outcome = await meeting.result()
        assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
        files = {artifact.path.rpartition("/")[2]: artifact.path for artifact in outcome.artifacts}
        assert {"recording.mp4", "transcript.json", "transcript.md"} <= set(files)
        transcript = json.loads((tmp_path / "artifacts" / files["transcript.json"]).read_text())
        assert transcript["segments"]
        told = await timeline(meeting)
        assert {"joining_call", "in_call_recording", "complete"} <= set(told)
        history = (await meeting.fetch_history()).to_json()
        for secret in (KEY, WEBHOOK_SECRET, "X-Amz-Signature"):
            assert secret not in history


@pytest.mark.timeout(120)
async def test_a_meeting_that_is_cancelled_leaves_no_bot(tmp_path: Path) -> None:
    async with running_v2_fleet(tmp_path, speed=1) as fleet:
        meeting = await fleet.book(timedelta(seconds=2))
        while not (await fleet.ledger())["scheduled"]:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.1)
        await meeting.execute_update("cancel")
        assert (await meeting.result()).status is MeetingStatus.CANCELLED
        ledger = await fleet.ledger()
        (bot,) = ledger["scheduled"]
        assert (bot["status"], bot["extra"]["workflow_id"], ledger["bots"]) == ("cancelled", meeting.id, [])
