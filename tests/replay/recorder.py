"""What paths are recorded with: a server with virtual time, a scripted provider and store, the list of paths."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from minutekeeper.meetings.collection import CollectInput, CollectResult, ManifestInput
from minutekeeper.meetings.views import Artifact, Outcome
from minutekeeper.providers.base import BotObservation
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETINGS_QUEUE
from tests.workflows.conftest import temporal_binary, with_plugin, working
from tests.workflows.driver import Meeting, room
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

LONG_HISTORY = 150
"""Events after which a history is cut off: few paths come so far."""


@dataclass
class RecordedProvider(ScriptedProvider):
    """A provider that says of every bot that it has ended with a recording, once `all_ended` is set."""

    all_ended: bool = False

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        seen = await super().get_bot_status(bot_id)
        return self.finished(bot_id) if self.all_ended else seen


@dataclass
class RecordedArtifacts(ScriptedRecordings):
    """`manifest_failures` are raised by the next attempts to write a manifest, one each.

    `collect_failures` say why the next collections are given up, one each.
    """

    manifest_failures: list[Exception] = field(default_factory=list)
    collect_failures: list[str] = field(default_factory=list)

    @activity.defn
    async def collect(self, order: CollectInput) -> CollectResult:
        brought = await super().collect(order)
        if self.collect_failures:
            raise ApplicationError(self.collect_failures.pop(0), brought, non_retryable=True)
        return brought

    @activity.defn
    async def write_manifest(self, order: ManifestInput) -> Artifact:
        if self.manifest_failures:
            raise self.manifest_failures.pop(0)
        return await super().write_manifest(order)


@dataclass
class Recorder:
    """The provider, store and room of one path; every path has fresh ones, on the same server."""

    env: WorkflowEnvironment
    provider: RecordedProvider = field(default_factory=RecordedProvider)
    recordings: RecordedArtifacts = field(default_factory=RecordedArtifacts)
    fields: dict[str, Any] = field(default_factory=dict)
    """What every meeting of the path is booked with."""
    meeting_url: str = field(default_factory=room)

    async def book(
        self,
        *,
        in_: timedelta = timedelta(hours=1),
        search_attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
        **fields: Any,
    ) -> Meeting:
        request = {"meeting_url": self.meeting_url, "start_time": (datetime.now(UTC) + in_).isoformat()}
        request |= self.fields | fields
        handle: WorkflowHandle[Any, Outcome] = await with_plugin(self.env.client).start_workflow(
            "MeetingWorkflow",
            request,
            id=f"meeting-{uuid.uuid4()}",
            task_queue=MEETINGS_QUEUE,
            search_attributes=search_attributes,
            result_type=Outcome,
        )
        return Meeting(self.env, handle, self.provider, self.recordings)

    async def with_a_bot(self, *codes: str, **fields: Any) -> Meeting:
        """A meeting that begins in two minutes, whose bot was sent and has reported these codes."""
        meeting = await self.book(in_=timedelta(minutes=2), **fields)
        await meeting.until_bots(1)
        await meeting.bot_sends(*codes)
        return meeting

    async def run_to_end(self, meeting: Meeting) -> Outcome:
        """Has all bots end with a recording, in as much virtual time as it takes."""
        self.provider.all_ended = True
        self.provider.failures.clear()
        with contextlib.suppress(RPCError):  # It may have ended by itself meanwhile.
            return await meeting.outcome_in_time()
        return await meeting.outcome()

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        async with working(with_plugin(self.env.client), self.provider, self.recordings):
            yield


class Recorded(Protocol):
    """A meeting or a calendar, whose history is to be recorded."""

    @property
    def env(self) -> WorkflowEnvironment: ...

    @property
    def handle(self) -> WorkflowHandle[Any, Any]: ...


class Scenario(Protocol):
    """Brings a meeting or a calendar along a path to its end."""

    __name__: str

    async def __call__(self, recorder: Recorder) -> Recorded: ...


PATHS: dict[str, Scenario] = {}
"""Every path that is recorded, by the name of its file."""


def path(scenario: Scenario) -> Scenario:
    """Enters a function into `PATHS` under its own name. Workers run while it does."""
    enter(scenario.__name__, scenario)
    return scenario


def path_without_workers(scenario: Scenario) -> Scenario:
    """The same for a path that is about when workers run."""
    _add(scenario.__name__, scenario)
    return scenario


def enter(name: str, scenario: Scenario) -> None:
    """Enters one of many paths of the same kind."""

    async def scenario_with_workers(recorder: Recorder) -> Recorded:
        async with recorder.workers():
            return await scenario(recorder)

    _add(name, scenario_with_workers)


def _add(name: str, scenario: Scenario) -> None:
    name = name.replace("_", "-")
    if name in PATHS:
        raise ValueError(f"there are two paths of the name {name}")
    PATHS[name] = scenario


@contextlib.asynccontextmanager
async def recording_environment() -> AsyncIterator[WorkflowEnvironment]:
    """A real server on which each workflow has a clock that only moves when its path says so."""
    async with await WorkflowEnvironment.start_time_skipping_v2(
        ts_config=TimeSkippingConfig(enabled=False),
        dev_server_existing_path=temporal_binary(),
        dev_server_extra_args=[
            *("--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"),
            *("--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={LONG_HISTORY}"),
        ],
        search_attributes=list(search_attributes.ALL_KEYS),
    ) as environment:
        yield environment
