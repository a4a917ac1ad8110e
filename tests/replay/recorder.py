"""Where a path of a meeting's life is played: a server with virtual time, scripted neighbours, a list of paths."""

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

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.collection import CollectInput, CollectResult, ManifestInput
from minutekeeper.meetings.views import Artifact, Outcome
from minutekeeper.providers.base import BotObservation, FoundBot, ProviderBotStatus
from minutekeeper.temporal import search_attributes
from minutekeeper.temporal.names import MEETINGS_QUEUE
from tests.workflows.conftest import temporal_binary, with_plugin, working
from tests.workflows.driver import URL, Meeting
from tests.workflows.scripted import ScriptedProvider, ScriptedRecordings

LONG_HISTORY = 100
"""So that a meeting which is moved again and again is cut off after this many events; no other path comes near."""


def finished(bot_id: str, *, recording: bool = True) -> BotObservation:
    """What the provider says of a bot that has ended."""
    event = BotEvent(
        kind=BotEventKind.COMPLETE,
        bot_id=bot_id,
        occurred_at=datetime.now(UTC),
        source=EventSource.API,
        has_recording=recording,
        has_transcript=recording,
    )
    return BotObservation(status=ProviderBotStatus.COMPLETE, events=(event,), text="ended")


@dataclass
class StagedProvider(ScriptedProvider):
    """`all_over`: whoever asks about a bot hears that it has ended, with a recording."""

    all_over: bool = False
    search_failures: list[Exception] = field(default_factory=list)

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        if self.search_failures:
            raise self.search_failures.pop(0)
        return await super().find(key, meeting_url, since)

    async def get_bot_status(self, bot_id: str) -> BotObservation:
        seen = await super().get_bot_status(bot_id)
        return finished(bot_id) if self.all_over else seen


@dataclass
class StagedRecordings(ScriptedRecordings):
    """`manifest_failures` are raised by the next tries to write a manifest, one each.

    `collect_failures` say why everything that the next collections are to bring home is given up, one each.
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
    """One path's world; every path has a fresh one, on the same server."""

    env: WorkflowEnvironment
    provider: StagedProvider = field(default_factory=StagedProvider)
    recordings: StagedRecordings = field(default_factory=StagedRecordings)
    fields: dict[str, Any] = field(default_factory=dict)
    """What every meeting of the path is booked with."""

    async def book(
        self,
        *,
        in_: timedelta = timedelta(hours=1),
        search_attributes: TypedSearchAttributes = TypedSearchAttributes.empty,
        **fields: Any,
    ) -> Meeting:
        request = {"meeting_url": URL, "start_time": (datetime.now(UTC) + in_).isoformat()}
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

    async def see_out(self, meeting: Meeting) -> Outcome:
        """Lets whatever bots there are end with a recording, in as much virtual time as it takes."""
        self.provider.all_over = True
        self.provider.failures.clear()
        with contextlib.suppress(RPCError):  # It may have ended by itself meanwhile.
            return await meeting.outcome_in_time()
        return await meeting.outcome()

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        async with working(with_plugin(self.env.client), self.provider, self.recordings):
            yield


class Played(Protocol):
    """A meeting or a calendar, whose history is to be recorded."""

    @property
    def env(self) -> WorkflowEnvironment: ...

    @property
    def handle(self) -> WorkflowHandle[Any, Any]: ...


class Play(Protocol):
    """Leads a meeting or a calendar along a path to its end."""

    __name__: str

    async def __call__(self, stage: Recorder) -> Played: ...


PATHS: dict[str, Play] = {}
"""Every path that is recorded, by the name of its file."""


def path(play: Play) -> Play:
    """Enters a function into `PATHS` under its own name. Workers run while it does."""
    enter(play.__name__, play)
    return play


def path_without_workers(play: Play) -> Play:
    """The same for a path that is about when workers run."""
    _add(play.__name__, play)
    return play


def enter(name: str, play: Play) -> None:
    """Enters one of many paths of the same kind."""

    async def play_with_workers(stage: Recorder) -> Played:
        async with stage.workers():
            return await play(stage)

    _add(name, play_with_workers)


def _add(name: str, play: Play) -> None:
    name = name.replace("_", "-")
    if name in PATHS:
        raise ValueError(f"there are two paths of the name {name}")
    PATHS[name] = play


@contextlib.asynccontextmanager
async def theatre() -> AsyncIterator[WorkflowEnvironment]:
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
