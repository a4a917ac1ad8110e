"""A worker that notices when bots do not report: its counters, and the one line that it logs."""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.runtime import MetricBuffer, Runtime, TelemetryConfig
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.bots import BotActivities
from activities.dispatch_slots import DispatchPacing
from minutekeeper.meetings.bot_events import BotEventKind, EventSource, ObservedBot
from minutekeeper.meetings.status import FailureReason
from minutekeeper.meetings.webhook_health import BotStatusQuery
from minutekeeper.providers.base import BotObservation, ProviderBotStatus
from minutekeeper.providers.registry import Providers
from minutekeeper.temporal.names import MEETINGS_QUEUE, RECORDINGS_QUEUE
from minutekeeper.temporal.webhook_monitor import WebhookMonitor
from minutekeeper.temporal.worker_connection import plugin
from tests.bot_events import bot_event
from tests.workflows.conftest import with_plugin
from tests.workflows.driver import URL, Meeting, StartMeeting
from tests.workflows.scripted import Bot, NoWaiting, ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings
from tests.workflows.test_edges import book
from workflows.meeting import MeetingWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC_URL = "https://bridge.example"
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


@workflow.defn
class Asker:
    """Asks about a bot as a meeting does."""

    @workflow.run
    async def run(self, question: BotStatusQuery) -> ObservedBot:
        return await workflow.execute_activity_method(
            BotActivities.observe_bot, question, start_to_close_timeout=timedelta(seconds=10)
        )


class Watched:
    """A worker under watch, with what it counts."""

    def __init__(self, client: Client, provider: ScriptedProvider, queue: str, buffer: MetricBuffer) -> None:
        self.client = client
        self.provider = provider
        self._queue = queue
        self._buffer = buffer
        self._counted: Counter[str] = Counter()

    async def ask(self, bot_id: str, **fields: Any) -> None:
        question = BotStatusQuery.model_validate({"bot_id": bot_id, "asked_at": NOW, "due_at": NOW} | fields)
        await self.client.execute_workflow(Asker.run, question, id=str(uuid.uuid4()), task_queue=self._queue)

    async def until_counted(self, **counted: int) -> None:
        """Counters reach the buffer a moment late."""
        for _ in range(200):
            for update in self._buffer.retrieve_updates():
                self._counted[update.metric.name] += int(update.value)
            seen = {name: self._counted[f"minutekeeper_{name}_total"] for name in counted}
            if seen == counted:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"counted {seen}")


@asynccontextmanager
async def watched(
    env: WorkflowEnvironment, provider: ScriptedProvider, queue: str, workflows: list[type], **options: Any
) -> AsyncIterator[Watched]:
    buffer = MetricBuffer(10_000)
    runtime = Runtime(telemetry=TelemetryConfig(metrics=buffer))
    address = env.client.service_client.config.target_host
    client = await Client.connect(address, plugins=[plugin()], runtime=runtime)
    bots = BotActivities(
        Providers([provider]), public_url=PUBLIC_URL, secret="s3cret", pacing=DispatchPacing(NoWaiting())
    )
    async with Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=[bots.send_bot, bots.find_bot, bots.remove_bot, bots.observe_bot],
        interceptors=[WebhookMonitor(PUBLIC_URL)],
        **options,
    ):
        yield Watched(client, provider, queue, buffer)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == "minutekeeper.temporal.webhook_monitor"
    ]


async def until_logged(caplog: pytest.LogCaptureFixture, count: int) -> None:
    """A line is logged a moment after its bot was counted."""
    for _ in range(200):
        if len(lines(caplog)) >= count:
            return
        await asyncio.sleep(0.05)


async def test_silent_bots_are_counted_once_and_one_line_says_what_to_look_at(
    env: WorkflowEnvironment, provider: ScriptedProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    provider.bots = [Bot(f"bot-{number}", order=None, address=None) for number in range(4)]  # type: ignore[arg-type]  # nobody looks at them
    queue = f"asking-{uuid.uuid4()}"
    async with watched(env, provider, queue, [Asker], workflow_runner=UnsandboxedWorkflowRunner()) as worker:
        await worker.ask("bot-0", reported_until=NOW)
        await worker.until_counted(bots_silent=0)
        assert lines(caplog) == []
        await worker.ask("bot-1")
        await worker.ask("bot-1", known_to_be_silent=True)
        await worker.ask("bot-2")
        await worker.ask("bot-3")
        await worker.until_counted(bots_silent=3)
    (line,) = lines(caplog)
    assert line.startswith("1 of 1 bots that were due in the last 15 minutes did not report by webhook")
    assert f"BRIDGE_PUBLIC_URL ({PUBLIC_URL})" in line


async def test_bots_that_are_sent_and_heard_count_once_each(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings
) -> None:
    # A worker without memory replays the whole meeting at every step, and must not count it anew.
    async with watched(env, provider, MEETINGS_QUEUE, [MeetingWorkflow], max_cached_workflows=0) as worker:
        start_time = datetime.now(UTC) + timedelta(minutes=2)
        handle = await worker.client.start_workflow(
            "MeetingWorkflow",
            {"meeting_url": URL, "start_time": start_time.isoformat()},
            id=f"meeting-{uuid.uuid4()}",
            task_queue=MEETINGS_QUEUE,
        )
        meeting = Meeting(env, handle, provider, recordings)
        await meeting.until(lambda view: view.dispatches == 1)
        await worker.until_counted(bots_sent=1, bots_heard=0)
        for code in ("joining_call", "in_waiting_room", "joining_call", "in_call_recording"):
            await handle.signal("bot_event", bot_event(bot_id="bot-0", code=code, occurred_at=datetime.now(UTC)))
        await meeting.until(lambda view: view.status == "recording")
        await worker.until_counted(bots_sent=1, bots_heard=1)
        await handle.terminate()


async def test_a_meeting_shows_whether_its_bot_reports(start: StartMeeting) -> None:
    meeting = await start(in_=timedelta(minutes=2))
    await meeting.until_bots(1)
    assert (await meeting.view()).webhooks == "awaited"
    await meeting.forward(minutes=6)
    assert (await meeting.until(lambda view: view.webhooks != "awaited")).webhooks == "silent"
    await meeting.bot_sends("in_call_recording")
    assert (await meeting.until(lambda view: view.status == "recording")).webhooks == "heard"


async def test_a_meeting_whose_bot_never_reports_is_told_in_the_workers_log(
    env: WorkflowEnvironment,
    provider: ScriptedProvider,
    recordings: ScriptedRecordings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with watched(env, provider, MEETINGS_QUEUE, [MeetingWorkflow]) as worker:
        handle = await book(with_plugin(env.client), datetime.now(UTC) + timedelta(minutes=2))
        meeting = Meeting(env, handle, provider, recordings)
        await meeting.until(lambda view: view.dispatches == 1)
        await meeting.forward(minutes=30)
        await meeting.until(lambda view: [entry.event for entry in view.timeline].count("asked") >= 2)
        await worker.until_counted(bots_sent=1, bots_heard=0, bots_silent=1)
        (line,) = lines(caplog)
        assert line.startswith("1 of 1 bots")
        await meeting.bot_sends("in_call_recording")
        await worker.until_counted(bots_sent=1, bots_heard=1, bots_silent=1)
        await until_logged(caplog, 2)
        assert lines(caplog)[1:] == ["Bots report by webhook again."]
        await handle.terminate()


async def test_words_that_nobody_knows_are_counted_once_for_a_bot_and_logged(
    env: WorkflowEnvironment,
    provider: ScriptedProvider,
    recordings: ScriptedRecordings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        Worker(env.client, task_queue=RECORDINGS_QUEUE, activities=[recordings.write_record]),
        watched(env, provider, MEETINGS_QUEUE, [MeetingWorkflow], max_cached_workflows=0) as worker,
    ):
        handle = await book(with_plugin(env.client), datetime.now(UTC) + timedelta(minutes=2))
        meeting = Meeting(env, handle, provider, recordings)
        first = await meeting.until_bots(1)
        await meeting.bot_sends("joining_call", "levitating", "levitating")
        failure = bot_event(
            kind=BotEventKind.FAILED, bot_id=first.bot_id, occurred_at=datetime.now(UTC), code="BrowserCrashed"
        )
        first.observation = BotObservation(status=ProviderBotStatus.FAILED, events=(failure,))
        await meeting.fails("BrowserCrashed")
        await meeting.fails("BrowserCrashed")
        await meeting.forward(minutes=1)
        second = await meeting.until_bots(2)
        await worker.until_counted(unknown_words=2)
        unasked = failure.model_copy(update={"bot_id": second.bot_id, "source": EventSource.API})
        second.observation = BotObservation(status=ProviderBotStatus.FAILED, events=(unasked,))
        assert (await meeting.outcome_in_time()).reason is FailureReason.UNKNOWN
        await worker.until_counted(unknown_words=3)
    known = [line for line in lines(caplog) if "an unknown code" in line]
    assert sorted(line.rpartition(" ")[2] for line in known) == ["BrowserCrashed", "BrowserCrashed", "levitating"]
