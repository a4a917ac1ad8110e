"""The course of a year: what is due happens in its order, and the clocks of calendar and meetings follow."""

import asyncio
import contextlib
import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from minutekeeper.calendars.tracked_events import TrackedEvent
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.providers.base import BotObservation, ProviderBotStatus
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.store import ArtifactStore
from tests.bot_events import bot_event
from tests.workflows.calendar_driver import Calendar, World
from tests.workflows.scripted import LEAD, Bot
from tests.workflows.year.faults import Workers

FULL_EVERY = timedelta(days=1)
LENGTH = timedelta(minutes=30)

Turn = Callable[[], Awaitable[None]]


@dataclass
class Life:
    """`turns` are what is to come, `tales` what happened to each event."""

    world: World
    calendar: Calendar
    random: random.Random
    workers: Workers
    now: datetime
    ends: datetime
    counts: Counter[str] = field(default_factory=Counter)
    tales: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _turns: list[tuple[datetime, int, Turn]] = field(default_factory=list)
    _greeted: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)
    """Runs of meetings that have ended, of those that had a bot."""

    def at(self, instant: datetime, turn: Turn) -> None:
        self.counts["turns"] += 1
        heapq.heappush(self._turns, (instant, self.counts["turns"], turn))

    async def live(self) -> None:
        while self._turns and self._turns[0][0] <= self.ends:
            instant, _, turn = heapq.heappop(self._turns)
            while self.now < instant:
                step = min(instant - self.now, FULL_EVERY)
                await self.world.env.fast_forward(self.calendar.handle, step)
                self.now += step
                await self._come_to_rest()
            await turn()

    async def tell(self, times: int, **said: Any) -> None:
        """The webhook so many times, and the look that it leads to."""
        before = (await self.calendar.view()).reconcile_count
        for _ in range(times):
            self.counts["webhooks"] += 1
            await self.calendar.call(**said)
        await self.calendar.until(lambda view: view.reconcile_count > before, seconds=60)
        await self._come_to_rest()
        await self.meet()

    async def meet(self) -> None:
        """Every meeting whose bot is due, or that has one, comes to this instant; bots report that they record."""
        notebook = await CalendarCheckpointStore(ArtifactStore(self.world.folder.as_uri())).read(
            self.calendar.calendar_id
        )
        entries = notebook.events.entries.values() if notebook else ()
        due = {workflow_id_for(each.meeting_id) for each in entries if each.booked and self._is_due(each)}
        due |= {bot.address.workflow_id for bot in self.world.provider.bots if bot.order.run not in self._closed}
        for workflow_id in sorted(due):
            await self._bring_to_now(workflow_id)
        for bot in self._present():
            if bot.order.start_time <= self.now and bot.bot_id not in self._greeted:
                self._greeted.add(bot.bot_id)
                await self._hear(bot, BotEventKind.STATUS, code="in_call_recording")
        if (await self.calendar.view()).counts.deferred:
            self.at(self.now + timedelta(minutes=3), self.meet)

    async def part(self) -> None:
        """The bots whose time is over go home."""
        for bot in self._present():
            if bot.order.start_time + LENGTH <= self.now:
                bot.observation = BotObservation(status=ProviderBotStatus.COMPLETE, events=())
                await self._hear(bot, BotEventKind.COMPLETE, has_recording=True, body="raw/complete.json")
        if self.random.random() < 0.03:
            self.counts["workers replaced"] += 1
            await self.workers.restart()
        await self.meet()

    async def _come_to_rest(self) -> None:
        for _ in range(4000):
            description = (await self.calendar.handle.describe()).raw_description
            if not (description.pending_activities or description.HasField("pending_workflow_task")):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the look never came to its end")

    def _is_due(self, entry: TrackedEvent) -> bool:
        return entry.applied.start_time - LEAD <= self.now < entry.applied.start_time + LENGTH

    async def _bring_to_now(self, workflow_id: str) -> None:
        handle: WorkflowHandle[Any, Any] = self.world.client.get_workflow_handle(workflow_id)
        description = await handle.describe()
        if description.status is not WorkflowExecutionStatus.RUNNING:
            self._closed.add(description.run_id)
            return
        with contextlib.suppress(RPCError):  # It may have ended meanwhile.
            behind = self.now - await self.world.env.get_current_time(handle)
            if behind > timedelta():
                await self.world.env.fast_forward(handle, behind)
            await self.world.meeting(workflow_id).until(lambda view: view.dispatches > 0 or view.status.is_final)

    def _present(self) -> list[Bot]:
        bots = self.world.provider.bots
        return [bot for bot in bots if not bot.removed and bot.observation.status is ProviderBotStatus.OPEN]

    async def _hear(self, bot: Bot, kind: BotEventKind, **said: Any) -> None:
        event = bot_event(kind=kind, bot_id=bot.bot_id, dispatch=bot.order.dispatch, occurred_at=self.now, **said)
        handle = self.world.client.get_workflow_handle(bot.address.workflow_id)
        with contextlib.suppress(RPCError):  # The meeting is over.
            await handle.signal("bot_event", event)
