"""Meetings whose bots Recall.ai sends, as real processes: worker, bridge, and the simulated Recall.ai."""

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio.testing import WorkflowEnvironment

from devtools.simulator.recall.app import running_recall
from devtools.simulator.recall.settings import RecallSettings
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETING_WORKFLOW, MEETINGS_QUEUE
from tests.replay.copies import ROOT
from tests.replay.worker_fleet import Meeting, WorkerFleet, running_bridge_process
from tests.system.conftest import SHORT_DEADLINES
from tests.system.test_good_day import meeting_url
from tests.workflows.conftest import temporal_binary, with_plugin

pytestmark = pytest.mark.asyncio(loop_scope="function")

_KEY = "key-of-the-workspace"
_WEBHOOK_SECRET = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"


@dataclass
class RecallStack:
    fleet: WorkerFleet
    simulator: aiohttp.ClientSession
    artifacts: Path

    async def script(self, script: str, url: str = "") -> None:
        rule = {"script": script} | ({"match": {"meeting_url": url}} if url else {})
        async with self.simulator.post("/_sim/scripts", json=rule) as answer:
            assert answer.status < 300, await answer.text()

    async def ledger(self) -> Any:
        async with self.simulator.get("/_sim/ledger") as answer:
            return await answer.json()

    async def until_bot(self) -> Any:
        """The first bot, once there is one."""
        for _ in range(600):
            if bots := (await self.ledger())["bots"]:
                return bots[0]
            await asyncio.sleep(0.05)
        raise AssertionError("there never was a bot")

    async def book(self, url: str = "", ahead: timedelta = timedelta(seconds=2)) -> Meeting:
        handle: Meeting = await self.fleet.client.start_workflow(
            MEETING_WORKFLOW,
            {
                "meeting_url": url or meeting_url(),
                "start_time": (datetime.now(UTC) + ahead).isoformat(),
                "metadata": {"crm.id": "7"},
                "bot": {"image": "https://ours.example/face.png"},
            },
            id=f"meeting-{uuid.uuid4()}",
            task_queue=MEETINGS_QUEUE,
            result_type=Outcome,
        )
        return handle

    async def timeline(self, meeting: Meeting) -> list[str]:
        view: MeetingView = await meeting.query("status", result_type=MeetingView)
        return [f"{entry.event} {entry.text}" for entry in view.timeline]


@asynccontextmanager
async def running_recall_stack(folder: Path) -> AsyncIterator[RecallStack]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=temporal_binary(), search_attributes=list(search_attributes.ALL_KEYS)
            )
        )
        settings = RecallSettings(api_key=_KEY, speed=200, webhook_secret=_WEBHOOK_SECRET, recording_size=100_000)
        simulator = await stack.enter_async_context(running_recall(settings))
        environment = SHORT_DEADLINES | {
            "PATH": os.environ["PATH"],
            "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            # Calendars may stay at another provider.
            "MEETINGBAAS_API_KEY": "of-the-calendars",
            "MEETINGBAAS_BASE_URL": "http://127.0.0.1:1",
            "MINUTEKEEPER_PROVIDERS": "recall",
            "RECALL_API_KEY": _KEY,
            "RECALL_BASE_URL": simulator,
            "RECALL_WEBHOOK_SECRET": _WEBHOOK_SECRET,
            "BRIDGE_SECRET": uuid.uuid4().hex,
            "ARTIFACTS_URL": (folder / "artifacts").as_uri(),
            "MINUTEKEEPER_DOWNLOAD_HOSTS": simulator.removeprefix("http://"),
            "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES": "true",
        }
        bridge = await stack.enter_async_context(running_bridge_process(environment))
        environment["BRIDGE_PUBLIC_URL"] = bridge
        fleet = WorkerFleet(with_plugin(server.client), simulator, environment, folder)
        stack.push_async_callback(fleet.end)
        http = await stack.enter_async_context(aiohttp.ClientSession(simulator))
        async with http.post("/_sim/endpoints", json={"url": f"{bridge}/webhooks/recall"}) as answer:
            assert answer.status < 300, await answer.text()
        await fleet.worker(ROOT)
        yield RecallStack(fleet, http, folder / "artifacts")


async def test_from_the_booking_to_the_files(tmp_path: Path) -> None:
    async with running_recall_stack(tmp_path) as stack:
        await stack.script("two_recordings")
        meeting = await stack.book()
        outcome = await meeting.result()
        assert (outcome.status, outcome.transcript) == (MeetingStatus.COMPLETED, TranscriptState.READY)
        names = {artifact.path.rsplit("/", 1)[1] for artifact in outcome.artifacts}
        assert {"recording.mp4", "recording-2.mp4", "transcript.vtt", "manifest.json"} <= names
        for artifact in outcome.artifacts:
            assert (stack.artifacts / artifact.path).stat().st_size == artifact.size

        timeline = await stack.timeline(meeting)
        assert any("Recall.ai takes no links to pictures" in line for line in timeline)
        for event in ("joining_call", "in_call_recording", "call_ended", "settled"):
            assert any(line.startswith(event) for line in timeline), timeline
        ledger = await stack.ledger()
        (bot,) = ledger["bots"]
        assert bot["id"] == outcome.bot_id
        (created,) = [
            each for each in ledger["requests"] if each["method"] == "POST" and each["path"].endswith("/bot/")
        ]
        assert created["body"]["metadata"]["mk_workflow_id"] == meeting.id
        assert created["body"]["metadata"]["meta_crm_id"] == "7"
        assert all(delivery["status"] == 200 for delivery in ledger["deliveries"])

        history = (await meeting.fetch_history()).to_json()
        assert json.loads(history)["events"]
        for secret in (_KEY, _WEBHOOK_SECRET, "Signature"):
            assert secret not in history


COMPLETED, FAILED = MeetingStatus.COMPLETED, MeetingStatus.FAILED
ENDS: dict[str, tuple[MeetingStatus, FailureReason | None, TranscriptState | None, int]] = {
    "rejected": (FAILED, FailureReason.NOT_ACCEPTED, None, 1),
    "denied": (FAILED, FailureReason.NEEDS_AUTHORISATION, None, 1),
    "needs_zoom_authorisation": (FAILED, FailureReason.NEEDS_AUTHORISATION, None, 1),
    "joining_error": (FAILED, FailureReason.PROVIDER_ERROR, None, 3),
    "silent": (COMPLETED, None, TranscriptState.READY, 1),
    "unknown_words": (COMPLETED, None, TranscriptState.READY, 1),
    "late_recording": (COMPLETED, None, TranscriptState.READY, 1),
    "transcript_failed": (COMPLETED, None, TranscriptState.FAILED, 1),
    "nobody_spoke": (COMPLETED, None, TranscriptState.EMPTY, 1),
}
"""What becomes of a meeting, and how many bots it takes."""


async def test_every_end(tmp_path: Path) -> None:
    async with running_recall_stack(tmp_path) as stack:
        urls = {script: meeting_url() for script in ENDS}
        for script, url in urls.items():
            await stack.script(script, url)
        meetings = {script: await stack.book(url) for script, url in urls.items()}
        outcomes = {script: await meeting.result() for script, meeting in meetings.items()}
        ledger = await stack.ledger()
        became = {}
        for script, outcome in outcomes.items():
            bots = [
                each
                for each in ledger["requests"]
                if each["method"] == "POST" and (each["body"] or {}).get("meeting_url") == urls[script]
            ]
            has_transcript = ENDS[script][2] is not None
            became[script] = (
                outcome.status,
                outcome.reason,
                outcome.transcript if has_transcript else None,
                len(bots),
            )
        assert became == ENDS


async def test_a_booked_bot_is_deleted_and_joins_nothing(tmp_path: Path) -> None:
    async with running_recall_stack(tmp_path) as stack:
        meeting = await stack.book(ahead=timedelta(minutes=3))
        booked = await stack.until_bot()
        assert booked["timeline"] == []
        await meeting.execute_update("cancel")
        outcome = await meeting.result()
        assert outcome.status is MeetingStatus.CANCELLED
        ledger = await stack.ledger()
        assert len(ledger["bots"]) == 1
        assert [each["status"] for each in ledger["requests"] if each["method"] == "DELETE"] == [204]
