"""A day without webhooks, without the provider, without workers, without Temporal: every meeting is decided.

Where something of ours stands still, virtual time does, too. So that day is compressed: each meeting is brought to
shortly before a deadline of its own, and the outage is longer than what is left.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Replayer

from devtools.stack.ports import claim_ports
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import BotDispatch, DispatchedBot, DispatchPlan, RemovalResult
from minutekeeper.meetings.status import FailureReason, MeetingStatus, WebhookState
from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.providers.base import (
    BotCallback,
    BotObservation,
    FoundBot,
    ProviderBotStatus,
    UnavailableError,
)
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.worker_connection import plugin
from tests.bot_events import bot_event
from tests.workflows.conftest import temporal_binary, with_plugin, working
from tests.workflows.driver import Meeting, StartMeeting, room
from tests.workflows.scripted import LEAD, ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings
from tests.workflows.test_edges import book
from workflows.meeting import MeetingWorkflow

pytestmark = pytest.mark.asyncio(loop_scope="session")


def told(kind: BotEventKind, bot_id: str, at: datetime, **fields: Any) -> BotEvent:
    return bot_event(kind=kind, bot_id=bot_id, occurred_at=at, source=EventSource.API, **fields)


def recorded(bot_id: str, ended_at: datetime) -> BotObservation:
    event = told(BotEventKind.COMPLETE, bot_id, ended_at, has_recording=True, has_transcript=True)
    return BotObservation(status=ProviderBotStatus.COMPLETE, events=(event,), text="it ended")


def failed(bot_id: str, ended_at: datetime, error: str) -> BotObservation:
    event = told(BotEventKind.FAILED, bot_id, ended_at, code=error)
    return BotObservation(status=ProviderBotStatus.FAILED, events=(event,), text=error)


# A day without a webhook.


@dataclass
class Quiet(ScriptedProvider):
    """Its bots do their work and never report. When asked, they are in the call twice, then they have ended."""

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        await super().get_bot_status(bot_id)
        order = self.bot(bot_id).order
        if self.asked.count(bot_id) <= 2:
            joined = told(BotEventKind.STATUS, bot_id, order.start_time, code="in_call_not_recording")
            return BotObservation(status=ProviderBotStatus.OPEN, events=(joined,), text="it has not ended")
        ended_at = order.start_time + timedelta(minutes=10)
        error = {"refused": "BotNotAccepted", "thrown out": "botRemovedTooEarly"}.get(order.bot.name)
        return failed(bot_id, ended_at, error) if error else recorded(bot_id, ended_at)


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> ScriptedProvider:
    """The provider of a test's own kind."""
    made: ScriptedProvider = request.param()
    return made


@pytest.mark.parametrize("provider", [Quiet], indirect=True)
async def test_a_day_of_meetings_without_a_single_webhook(start: StartMeeting) -> None:
    names = ["well", "refused", "thrown out"] * 8
    meetings = [
        await start(in_=timedelta(hours=hour), bot={"name": name}) for hour, name in enumerate(names, start=1)
    ]
    outcomes = await asyncio.gather(*(meeting.outcome_in_time() for meeting in meetings))
    reasons = {"well": None, "refused": FailureReason.NOT_ACCEPTED, "thrown out": FailureReason.REMOVED}
    assert [outcome.reason for outcome in outcomes] == [reasons[name] for name in names]
    for outcome, name in zip(outcomes, names, strict=True):
        stored = any(artifact.path.endswith("recording.mp4") for artifact in outcome.artifacts)
        assert stored == (name == "well")
        assert outcome.evidence.event in {"complete", "failed"}
    views = await asyncio.gather(*(meeting.view() for meeting in meetings))
    assert {view.webhooks for view in views} == {WebhookState.SILENT}
    assert len(meetings[0].provider.bots) == len(meetings)


# A day without the provider.


@dataclass
class Away(ScriptedProvider):
    """Gives no answer while it is `away`.

    A bot is sent again and again then, as ever. The other calls are given up at their first attempt, for every
    pause takes a second here, and a day has thousands. For the same reason it is asked only every six hours.
    """

    away: bool = False

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        plan = super().dispatch_plan(start_time, now)
        return plan.model_copy(update={"deadlines": Deadlines(recording=6 * 3600, removed_bot=3600)})

    async def dispatch(self, order: BotDispatch, address: BotCallback, now: datetime) -> DispatchedBot:
        if self.away:
            raise UnavailableError("no answer within 8 s")
        return await super().dispatch(order, address, now)

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        self._refuse_if_away()
        return await super().find(key, meeting_url, since)

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        self._refuse_if_away()
        return await super().remove_bot(bot_id)

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        self._refuse_if_away()
        return await super().get_bot_status(bot_id)

    def _refuse_if_away(self) -> None:
        if self.away:
            raise ApplicationError("no answer within 8 s", type="Unavailable", non_retryable=True)


@pytest.mark.parametrize("provider", [Away], indirect=True)
async def test_a_day_without_the_provider(start: StartMeeting, provider: Away) -> None:
    """One bot is recording when the provider vanishes, webhooks and all; one is due meanwhile; one afterwards."""
    at_work = await start(in_=timedelta(minutes=2), meeting_url=room())
    await at_work.until_bots(1)
    await at_work.bot_sends("joining_call", "in_call_recording")
    soon = datetime.now(UTC) + timedelta(hours=3)
    briefly = {"start_time": soon.isoformat(), "end_time": (soon + timedelta(minutes=2)).isoformat()}
    meanwhile = await start(meeting_url=room(), **briefly)
    afterwards = await start(in_=timedelta(hours=26), meeting_url=room())
    provider.away = True
    for_one = datetime.now(UTC)
    missed = await meanwhile.outcome_in_time()
    assert (missed.status, missed.reason) == (MeetingStatus.FAILED, FailureReason.PROVIDER_UNREACHABLE)
    assert "no answer within 8 s" in missed.evidence.text
    await at_work.forward(hours=24)
    view = await at_work.view()
    assert not view.status.is_final
    tries = [entry for entry in view.timeline if entry.event in {"asked", "removal_refused"}]
    assert len(tries) >= 3
    provider.away = False
    provider.bots[0].observation = recorded("bot-0", for_one + timedelta(hours=1))
    outcome = await at_work.outcome_in_time()
    assert outcome.status is MeetingStatus.COMPLETED
    assert any(artifact.path.endswith("recording.mp4") for artifact in outcome.artifacts)
    await afterwards.forward(hours=26)
    await afterwards.until(lambda view: view.dispatches == 1)
    assert provider.bots[-1].address.workflow_id == afterwards.handle.id


# A day without workers, and one without Temporal.

_OUTAGE_SECONDS = 7.0
_MARGIN = timedelta(seconds=3)
"""So shortly before its deadline each meeting is when the outage begins."""


@dataclass
class Prompt(ScriptedProvider):
    """Wants to be called at the very start, so that a meeting can be over while the one who wakes it is away."""

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        plan = super().dispatch_plan(start_time + LEAD, now)
        at = max(start_time, now)
        return plan.model_copy(update={"dispatch_at": at, "join_at": at})


class Lives:
    """Meetings that each have something to live through: a deadline that passes while nobody is there."""

    def __init__(self, client: Client, provider: ScriptedProvider, recordings: ScriptedRecordings) -> None:
        self._client = client
        self._provider = provider
        self._recordings = recordings
        self._handles: dict[str, WorkflowHandle[Any, Outcome]] = {}
        self._bots: dict[str, str] = {}

    async def begin(self, env: WorkflowEnvironment) -> None:
        sent_at = datetime.now(UTC)
        for name in ("reported", "unreported", "failed", "overstayed"):
            await self._book(name, timedelta(minutes=-1))
            meeting = self._meeting(env, name)
            self._bots[name] = (await meeting.until(lambda view: view.dispatches == 1)).bot_id
            await self._reports(name, BotEventKind.STATUS, code="in_call_recording")
        await self._book("asleep", timedelta(hours=1), length=timedelta(seconds=62))
        questions = {
            name: (await self._meeting(env, name).until(_has_deadline)).next_deadline
            for name in ("reported", "unreported", "failed")
        }
        for name, question in questions.items():
            assert question is not None
            await self._meeting(env, name).forward_to(question - _MARGIN)
        overstays_at = sent_at + timedelta(seconds=Deadlines().max_bot_lifetime - Deadlines().relief)
        await self._meeting(env, "overstayed").forward_to(overstays_at - _MARGIN)
        asleep = self._meeting(env, "asleep")
        await asleep.forward_to((await asleep.view()).start_time - _MARGIN)

    def happen(self) -> None:
        """What happens out there while nobody of ours looks."""
        now = datetime.now(UTC)
        for name in ("reported", "unreported", "overstayed"):
            self._provider.bot(self._bots[name]).observation = recorded(self._bots[name], now)
        self._provider.bot(self._bots["failed"]).observation = failed(self._bots["failed"], now, "BotRemoved")

    async def report(self) -> None:
        """What Temporal takes in, or is handed by the bridge as soon as it is back."""
        await self._reports("reported", BotEventKind.COMPLETE, has_recording=True, body="raw/complete.json")

    async def check(self, env: WorkflowEnvironment) -> None:
        names = list(self._handles)
        ended = await asyncio.gather(*(self._meeting(env, name).outcome_in_time() for name in names))
        outcomes = dict(zip(names, ended, strict=True))
        reasons = {name: outcome.reason for name, outcome in outcomes.items()}
        assert reasons == {
            "reported": None,
            "unreported": None,
            "failed": FailureReason.REMOVED,
            "overstayed": None,
            "asleep": FailureReason.MISSED,
        }
        for name in ("reported", "unreported", "overstayed"):
            files = [artifact.path.rpartition("/")[2] for artifact in outcomes[name].artifacts]
            assert "recording.mp4" in files
            assert "manifest.json" in files
        timeline = (await self._meeting(env, "overstayed").view()).timeline
        assert "overstayed" not in [entry.event for entry in timeline], "it had left before its time was up"
        assert [word in outcomes["asleep"].evidence.text for word in ("start", "end", "now")] == [True] * 3
        assert len(self._provider.bots) == 4, "nobody was sent twice, and nobody to a meeting that was over"
        replayer = Replayer(workflows=[MeetingWorkflow], plugins=[plugin()])
        for handle in self._handles.values():
            await replayer.replay_workflow(await handle.fetch_history())

    def _meeting(self, env: WorkflowEnvironment, name: str) -> Meeting:
        return Meeting(env, self._handles[name], self._provider, self._recordings)

    async def _book(self, name: str, in_: timedelta, length: timedelta = timedelta(hours=1)) -> None:
        start = datetime.now(UTC) + in_
        end = (start + length).isoformat()
        at_the_start = {"lead": 0, "ahead": 0, "spread": 0}
        self._handles[name] = await book(self._client, start, end_time=end, wake_up=at_the_start)

    async def _reports(self, name: str, kind: BotEventKind, **fields: Any) -> None:
        event = bot_event(kind=kind, bot_id=self._bots[name], occurred_at=datetime.now(UTC), **fields)
        await self._handles[name].signal("bot_event", event)


def _has_deadline(view: MeetingView) -> bool:
    return view.status is MeetingStatus.RECORDING and view.next_deadline is not None


@pytest.mark.parametrize("provider", [Prompt], indirect=True)
async def test_a_day_without_workers(
    env: WorkflowEnvironment, provider: ScriptedProvider, recordings: ScriptedRecordings
) -> None:
    client = with_plugin(env.client)
    lives = Lives(client, provider, recordings)
    async with working(client, provider, recordings):
        await lives.begin(env)
    lives.happen()
    await lives.report()
    await asyncio.sleep(_OUTAGE_SECONDS)
    async with working(client, provider, recordings):
        await lives.check(env)


@pytest.mark.parametrize("provider", [Prompt], indirect=True)
async def test_a_day_without_temporal(
    provider: ScriptedProvider, recordings: ScriptedRecordings, tmp_path: Path
) -> None:
    """The workers go on asking for work; webhooks wait in the bridge's inbox."""
    port = claim_ports({"port": 0})["port"]
    async with AsyncExitStack() as server, AsyncExitStack() as workers:
        env = await server.enter_async_context(_temporal(tmp_path / "temporal.db", port))
        client = with_plugin(env.client)
        await workers.enter_async_context(working(client, provider, recordings))
        lives = Lives(client, provider, recordings)
        await lives.begin(env)
        await server.aclose()
        lives.happen()
        await asyncio.sleep(_OUTAGE_SECONDS)
        env = await server.enter_async_context(_temporal(tmp_path / "temporal.db", port))
        await lives.report()
        await lives.check(env)


@asynccontextmanager
async def _temporal(database: Path, port: int) -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
        dev_server_database_filename=str(database),
        search_attributes=list(search_attributes.ALL_KEYS),
        port=port,
    ) as environment:
        yield environment
