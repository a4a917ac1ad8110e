"""A meeting whose history is cut off at every chance ends as one that never was, in every phase."""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowUpdateFailedError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import DispatchPlan
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import Outcome
from minutekeeper.providers.base import AccountError, UnavailableError
from minutekeeper.temporal.names import MEETINGS_QUEUE
from tests.workflows.conftest import with_plugin, working
from tests.workflows.driver import Meeting, room
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ACTIONS = ("status", "status", "status", "fail", "complete", "move", "send", "leave", "cancel")


@dataclass
class QuickProvider(ScriptedProvider):
    """Sends other bots, and tries a refused account, after a second: the clock of a new run cannot be forwarded."""

    def dispatch_plan(self, start_time: datetime, now: datetime) -> DispatchPlan:
        plan = super().dispatch_plan(start_time, now)
        return plan.model_copy(update={"deadlines": Deadlines(retry=1, account=1, transcript=1)})


@dataclass
class Life:
    """What happens to one meeting, by a seed: the same steps, whoever lives it."""

    env: WorkflowEnvironment
    seed: int
    choose: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.choose = random.Random(self.seed)  # noqa: S311 - a plan, not a secret

    async def live(self, cuts: dict[str, str], how: str) -> dict[str, Any]:
        """What the meeting came to, and how many runs it took."""
        provider, recordings = QuickProvider(), ScriptedRecordings()
        if self.choose.random() < 0.3:
            recordings.transcripts = [TranscriptState.PENDING, TranscriptState.READY]
        provider.failures = self.choose.choice(
            [[], [], [AccountError("402: no tokens")], [UnavailableError("503")]]
        )
        client = with_plugin(self.env.client)
        workflow_id = f"meeting-{uuid.uuid4()}"
        cuts[workflow_id] = how
        async with working(client, provider, recordings):
            start_time = datetime.now(UTC) + timedelta(minutes=2)
            handle = await client.start_workflow(
                "MeetingWorkflow",
                {"meeting_url": room(), "start_time": start_time.isoformat()},
                id=workflow_id,
                task_queue=MEETINGS_QUEUE,
                result_type=Outcome,
            )
            meeting = Meeting(self.env, handle, provider, recordings)
            for step in range(6):
                await self._settle(meeting)
                await self._act(meeting, "status" if step == 0 else self.choose.choice(_ACTIONS))
            await self._end(meeting)
            outcome = await meeting.outcome()
            runs = await _count_runs(meeting)
        return {
            "status": outcome.status,
            "reason": outcome.reason,
            "transcript": outcome.transcript,
            "files": sorted(each.path.partition("/")[2] for each in outcome.artifacts),
            "removed": sorted(set(provider.removed)),
            "bots": len(provider.bots),
            "collected": sorted(order.bot_id for order in recordings.orders if order.recording),
            "runs": runs,
        }

    async def _act(self, meeting: Meeting, action: str) -> None:
        last = len(meeting.provider.bots) - 1
        minutes, code = self.choose.choice([1, 90]), self.choose.choice(["joining_call", "in_call_recording"])
        error = self.choose.choice(["InternalError", "BotNotAccepted"])
        if not await _is_open(meeting):
            return
        try:
            match action:
                case "move":
                    later = (await meeting.view()).start_time + timedelta(minutes=minutes)
                    await meeting.update("reschedule", Reschedule(start_time=later))
                case "send" | "leave" | "cancel":
                    await meeting.update(action, StopRequest(why="by the plan"))
                case "status" if last >= 0:
                    await meeting.bot_sends(code, dispatch=last)
                case "fail" if last >= 0:
                    await meeting.fails(error, dispatch=last)
                case "complete" if last >= 0:
                    await meeting.completes(dispatch=last)
        except (WorkflowUpdateFailedError, RPCError):
            return

    async def _settle(self, meeting: Meeting) -> None:
        """Until nothing is in flight and no other bot is about to be sent."""
        quiet_since, before = 0.0, None
        while quiet_since < 1.4 and await _is_open(meeting):
            described = await meeting.handle.describe()
            view = await meeting.view()
            now = (view, len(described.raw_description.pending_activities))
            quiet_since = quiet_since + 0.1 if now == before and not now[1] else 0.0
            before = now
            await asyncio.sleep(0.1)

    async def _end(self, meeting: Meeting) -> None:
        """Every bot leaves a recording, and the meeting ends, so that nothing is left to patience."""
        while await _is_open(meeting):
            await self._act(meeting, "cancel")
            for number in range(len(meeting.provider.bots)):
                if await _is_open(meeting):
                    await meeting.completes(dispatch=number)
            await self._settle(meeting)


async def _is_open(meeting: Meeting) -> bool:
    return (await meeting.handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def _count_runs(meeting: Meeting) -> int:
    client, run, count = meeting.env.client, meeting.handle.first_execution_run_id, 0
    while run:
        count += 1
        history = await client.get_workflow_handle(meeting.handle.id, run_id=run).fetch_history()
        run = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return count


@pytest.mark.parametrize("seed", range(4))
async def test_a_life_that_is_cut_at_every_chance_comes_to_the_same(
    env: WorkflowEnvironment, cuts: dict[str, str], seed: int
) -> None:
    whole = await Life(env, seed).live(cuts, "never")
    cut = await Life(env, seed).live(cuts, "always" if seed % 2 else "now and then")
    assert whole.pop("runs") == 1
    assert cut.pop("runs") > 1, "or this shows nothing"
    assert cut == whole


async def test_hundreds_of_webhooks_of_one_bot_do_not_outgrow_a_history(
    env: WorkflowEnvironment, cuts: dict[str, str]
) -> None:
    client, provider = with_plugin(env.client), ScriptedProvider()
    workflow_id = f"meeting-{uuid.uuid4()}"
    cuts[workflow_id] = "now and then"
    async with working(client, provider, ScriptedRecordings()):
        handle = await client.start_workflow(
            "MeetingWorkflow",
            {"meeting_url": room(), "start_time": datetime.now(UTC).isoformat()},
            id=workflow_id,
            task_queue=MEETINGS_QUEUE,
            result_type=Outcome,
        )
        meeting = Meeting(env, handle, provider, ScriptedRecordings())
        await meeting.until_bots(1)
        for number in range(300):
            await meeting.bot_sends("in_call_recording" if number % 2 else "recording_paused")
        await meeting.until_status(MeetingStatus.RECORDING)
        assert await _count_runs(meeting) > 3
        assert (await meeting.view()).bot_id == "bot-0"
        await meeting.completes()
        assert (await meeting.outcome()).status is MeetingStatus.COMPLETED
