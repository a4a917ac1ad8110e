"""A year of one busy calendar in virtual time: `python -m tests.workflow.year --seed 7 --events 1500`.

Things happen to its events, webhooks about them get lost, doubled or say nothing, activities fail in the middle and
workers are replaced. At the end every bot that stood in a meeting is held against what the policy says about the
calendar as it was when that meeting started.
"""

import argparse
import asyncio
import contextlib
import heapq
import json
import logging
import random
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import TimeSkippingConfig, WorkflowEnvironment

from activities.calendars import CalendarActivities
from activities.meeting_calls import MeetingCalls
from activities.notebook import Notebooks
from artifacts.store import ArtifactStore
from meetings.calendars.decision import decide
from meetings.calendars.entry import BookEntry
from meetings.calendars.event import CalendarEvent
from meetings.calendars.overrides import NO_OVERRIDES
from meetings.calendars.policy import load_policy
from meetings.events import BotEvent, BotEventKind
from meetings.ids import workflow_id_for
from meetings.names import MEETING_WORKFLOW
from providers.base import BotReality, Observation, Removal, UnavailableError
from runtime.exits import run_and_exit
from tests.workflow.calendar_driver import Calendar, World
from tests.workflow.conftest import temporal_binary, with_plugin, working
from tests.workflow.scripted import LEAD, Bot, ScriptedProvider, ScriptedRecordings
from workflows import attributes

POLICY = {
    "rules": [
        {"name": "declined", "when": {"response": "declined"}, "then": "skip"},
        {"name": "private", "when": {"title": "*private*"}, "then": "skip"},
    ]
}
_RULES = load_policy(json.dumps(POLICY))
FULL_EVERY = timedelta(days=1)
LENGTH = timedelta(minutes=30)
_TROUBLE = 0.02
"""The share of calls that fail, half of them after they had their effect."""


@dataclass
class ObedientProvider(ScriptedProvider):
    """Bots that were sent away have ended, and have recorded nothing."""

    async def cancel(self, bot_id: str) -> Removal:
        removal = await super().cancel(bot_id)
        gone = BotEvent(kind=BotEventKind.FAILED, bot_id=bot_id, occurred_at=self.bot(bot_id).order.call_at)
        self.bot(bot_id).observation = Observation(reality=BotReality.GONE, events=(gone,))
        return removal


@dataclass
class Year:
    """`truth` is the calendar; `expected` what the policy said of each meeting that began, `turns` what is to come."""

    world: World
    calendar: Calendar
    random: random.Random
    workers: "Workers"
    now: datetime
    ends: datetime
    truth: dict[str, CalendarEvent] = field(default_factory=dict)
    expected: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    turns: list[tuple[datetime, int, Callable[[], Any]]] = field(default_factory=list)
    begun: dict[str, datetime] = field(default_factory=dict)
    """When the last meeting of an event that got a bot is over."""
    greeted: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    """Runs of meetings that have ended, of those that had a bot."""

    def at(self, instant: datetime, turn: Callable[[], Any]) -> None:
        heapq.heappush(self.turns, (instant, self.counts["turns"], turn))
        self.counts["turns"] += 1

    async def live(self) -> None:
        while self.turns and self.turns[0][0] <= self.ends:
            instant, _, turn = heapq.heappop(self.turns)
            await self._pass_time(max(instant, self.now))
            await turn()

    async def _pass_time(self, until: datetime) -> None:
        while self.now < until:
            step = min(until - self.now, FULL_EVERY)
            await self.world.env.fast_forward(self.calendar.handle, step)
            self.now += step
            await self._settle()

    async def _settle(self) -> None:
        for _ in range(2000):
            description = (await self.calendar.handle.describe()).raw_description
            if not (description.pending_activities or description.HasField("pending_workflow_task")):
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the look never came to its end")

    # What happens in the calendar.

    def plan(self, events: int) -> None:
        """Single events and series, written over the whole time, most of them changed later."""
        span = self.ends - self.now
        number = 0
        while number < events:
            written = self.now + span * self.random.random() * 0.9
            start = written + timedelta(minutes=self.random.choice([3, 20, 90, 600, 3000, 9000, 20000]))
            instances = self.random.choice([1, 1, 1, 4]) if start + timedelta(weeks=3) < self.ends else 1
            for week in range(min(instances, events - number)):
                name = f"e{number}"
                when = start + timedelta(weeks=week)
                series = {"is_recurring": True, "recurring_event_id": f"s{start}", "original_start": when}
                self.at(written, self._writing(name, when, series if instances > 1 else {}))
                for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
                    changed = written + (when + LENGTH * 1.5 - written) * self.random.random()
                    self.at(changed, self._changing(name))
                number += 1

    def _writing(self, name: str, start: datetime, series: dict[str, Any]) -> Callable[[], Any]:
        title = self.random.choice(["Weekly", "Planning", "private"])
        link = self.world.link(name) if self.random.random() < 0.9 else ""
        return lambda: self._put(name, title=title, start_time=start, meeting_url=link, **series)

    def _changing(self, name: str) -> Callable[[], Any]:
        kind = self.random.choice(["minutes", "days", "link", "delete", "respond", "title", "remove"])
        amount, mood = self.random.random(), self.random.choice(["declined", "accepted"])

        async def change() -> None:
            event = self.truth.get(name)
            if event is None:
                return
            self.counts[kind] += 1
            match kind:
                case "minutes":
                    await self._put(name, start_time=event.start_time + timedelta(minutes=int(amount * 60) - 20))
                case "days":
                    later = self.now + (self.ends - self.now) * amount * 0.9
                    await self._put(name, start_time=later.replace(second=0, microsecond=0))
                case "link":
                    await self._put(name, meeting_url=self.world.link(f"{name}-{self.now}"))
                case "delete":
                    await self._put(name, deleted=not event.deleted)
                case "respond":
                    await self._put(name, response=mood)
                case "title":
                    await self._put(name, title="Private" if amount < 0.3 else f"Retitled {amount}")
                case "remove":
                    del self.truth[name]
                    self.calendar.remove(name)
                    await self._tell(event.event_id, [event.start_time])

        return change

    async def _put(self, name: str, **fields: Any) -> None:
        before = self.truth.get(name)
        start = fields.get("start_time") or (before.start_time if before else self.now)
        event = self.calendar.put(
            name, end_time=start + LENGTH, updated_at=self.now, uid=f"{name}-{self.world.key}", **fields
        )
        self.truth[name] = event
        if before is None or event.start_time != before.start_time:
            self.at(event.start_time - LEAD, self._meet)
            self.at(event.start_time, lambda: self._begin(name, event.start_time))
            self.at(event.start_time + LENGTH, self._end)
            self.at(event.start_time + LENGTH + timedelta(minutes=3), self._meet)
        await self._tell(event.event_id, [event.start_time, *([before.start_time] if before else [])])

    async def _tell(self, event_id: str, starts: Sequence[datetime]) -> None:
        """The webhook: with the event's name, without it, doubled, or lost where there is time to notice that."""
        is_far = all(abs(start - self.now) > FULL_EVERY + timedelta(hours=1) for start in starts)
        if is_far and self.random.random() < 0.15:
            self.counts["lost"] += 1
            return
        before = (await self.calendar.view()).looks
        said = {"event_ids": [event_id]} if self.random.random() < 0.7 else {}
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self.counts["webhooks"] += 1
            await self.calendar.call(**said)
        await self.calendar.until(lambda view: view.looks > before, seconds=60)
        await self._settle()
        await self._meet()

    # What happens in the meetings.

    async def _meet(self) -> None:
        """Every meeting whose bot is due, or that has one, comes to this instant; bots report that they record."""
        notebook = await Notebooks(ArtifactStore(self.world.folder.as_uri())).read(self.calendar.calendar_id)
        entries = notebook.book.entries.values() if notebook else ()
        due = {workflow_id_for(each.meeting_id) for each in entries if each.claimed and self._is_due(each)}
        due |= {bot.address.workflow_id for bot in self.world.provider.bots if bot.order.run not in self.closed}
        for workflow_id in sorted(due):
            await self._bring_to_now(workflow_id)
        for bot in self._present():
            if bot.order.start_time <= self.now and bot.bot_id not in self.greeted:
                self.greeted.add(bot.bot_id)
                await self._hear(bot, BotEventKind.STATUS, code="in_call_recording")
        if (await self.calendar.view()).counts.put_off:
            self.at(self.now + timedelta(minutes=3), self._meet)

    def _is_due(self, entry: BookEntry) -> bool:
        return entry.told.start_time - LEAD <= self.now < entry.told.start_time + LENGTH

    async def _bring_to_now(self, workflow_id: str) -> None:
        handle: WorkflowHandle[Any, Any] = self.world.client.get_workflow_handle(workflow_id)
        description = await handle.describe()
        if description.status is not WorkflowExecutionStatus.RUNNING:
            self.closed.add(description.run_id)
            return
        with contextlib.suppress(RPCError):  # It may have ended meanwhile.
            behind = self.now - await self.world.env.get_current_time(handle)
            if behind > timedelta():
                await self.world.env.fast_forward(handle, behind)
            await self.world.meeting(workflow_id).until(lambda view: view.dispatches > 0 or view.status.is_final)

    async def _begin(self, name: str, start: datetime) -> None:
        event = self.truth.get(name)
        if event is None or event.start_time != start or self.now >= start + LENGTH - timedelta(minutes=2):
            return
        self.counts["began"] += 1
        runs_on = start < self.begun.get(name, start)
        if not runs_on and decide(_RULES, NO_OVERRIDES, event, self.now).record and event.link:
            self.expected[event.link.url, start] += 1
            self.begun[name] = start + LENGTH
        await self._meet()

    async def _end(self) -> None:
        for bot in self._present():
            if bot.order.start_time + LENGTH <= self.now:
                bot.observation = Observation(reality=BotReality.COMPLETE, events=())
                await self._hear(bot, BotEventKind.COMPLETE, has_recording=True, body="raw/complete.json")
        if self.random.random() < 0.03:
            self.counts["workers replaced"] += 1
            await self.workers.restart()
        await self._meet()

    def _present(self) -> list[Bot]:
        bots = self.world.provider.bots
        return [bot for bot in bots if not bot.removed and bot.observation.reality is BotReality.OPEN]

    async def _hear(self, bot: Bot, kind: BotEventKind, **said: Any) -> None:
        event = BotEvent(kind=kind, bot_id=bot.bot_id, dispatch=bot.order.dispatch, occurred_at=self.now, **said)
        handle = self.world.client.get_workflow_handle(bot.address.workflow_id)
        with contextlib.suppress(RPCError):  # The meeting is over.
            await handle.signal("bot_event", event)

    # What came of it.

    def held(self) -> Counter[tuple[str, datetime]]:
        """The bots that stood in a meeting when it began, by its link and start."""
        stayed = [bot for bot in self.world.provider.bots if not bot.removed]
        return Counter((bot.order.meeting_url, bot.order.start_time) for bot in stayed)

    async def overdue(self) -> list[str]:
        """Meetings that wait for a time that has passed: a bot of theirs would have come unexpected."""
        query = f'WorkflowType = "{MEETING_WORKFLOW}" AND ExecutionStatus = "Running"'
        mine = f'{query} AND CalendarId = "{self.calendar.calendar_id}"'
        return [
            execution.id
            async for execution in self.world.client.list_workflows(mine)
            if execution.typed_search_attributes[attributes.MEETING_START] < self.now - timedelta(days=1)
        ]

    async def longest_run(self) -> int:
        """Events in the longest history of the calendar's runs."""
        longest, run = 0, self.calendar.handle.first_execution_run_id
        while run:
            handle = self.world.client.get_workflow_handle(self.calendar.handle.id, run_id=run)
            events = (await handle.fetch_history()).events
            longest = max(longest, len(events))
            run = events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
            self.counts["runs"] += 1
        return longest


class Workers:
    """Workers that can be replaced; what they were at is handed back."""

    def __init__(self, open_: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> None:
        self._open = open_
        self._current = open_()

    async def start(self) -> None:
        await self._current.__aenter__()

    async def stop(self) -> None:
        await self._current.__aexit__(None, None, None)

    async def restart(self) -> None:
        await self.stop()
        self._current = self._open()
        await self.start()


@dataclass(frozen=True)
class Verdict:
    """`missing` and `unexpected` count bots by the link and the start of their meeting; all three should be empty."""

    missing: Counter[tuple[str, datetime]]
    unexpected: Counter[tuple[str, datetime]]
    overdue: list[str]
    longest_run: int
    counts: Counter[str]


async def live_through(env: WorkflowEnvironment, folder: Path, seed: int, events: int, span: timedelta) -> Verdict:
    """Plays so many events over so long a time, and judges what came of it."""
    chance = random.Random(seed)  # noqa: S311 - it is to be the same again
    client = with_plugin(env.client)
    provider, recordings = ObedientProvider(), ScriptedRecordings()
    world = World(env, client, folder, provider, recordings, key=uuid.UUID(int=chance.getrandbits(128)).hex)
    calendars = CalendarActivities(world.calendars, ArtifactStore(folder.as_uri()), attributes.at_start)
    workers = Workers(lambda: working(client, provider, recordings, calendars))
    await workers.start()
    try:
        with troubled(chance, world):
            calendar = await world.connected(policy=POLICY, debounce=0, full_every=FULL_EVERY.total_seconds())
            now = await env.get_current_time(calendar.handle)
            year = Year(world, calendar, chance, workers, now, now + span)
            year.plan(events)
            await year.live()
        expected, held = year.expected, year.held()
        return Verdict(
            missing=expected - held,
            unexpected=held - expected,
            overdue=await year.overdue(),
            longest_run=await year.longest_run(),
            counts=year.counts + Counter({"bots": len(provider.bots), "held": sum(held.values())}),
        )
    finally:
        await _end_all(client, world)
        await workers.stop()


async def _end_all(client: Client, world: World) -> None:
    for calendar in world.open:
        with contextlib.suppress(RPCError):
            await calendar.handle.terminate()
        async for execution in client.list_workflows(
            f'CalendarId = "{calendar.calendar_id}" AND ExecutionStatus = "Running"'
        ):
            with contextlib.suppress(RPCError):
                await client.get_workflow_handle(execution.id).terminate()


@contextlib.contextmanager
def troubled(chance: random.Random, world: World) -> Iterator[None]:
    """Calls to meetings that die before or after they had their effect, and lists that break off."""
    claim, release, events = MeetingCalls.claim, MeetingCalls.release, world.calendars.events

    def with_trouble(call: Callable[..., Any]) -> Callable[..., Any]:
        async def troubled_call(*arguments: Any) -> Any:
            if chance.random() < _TROUBLE:
                raise ConnectionResetError("the process died before the call")
            answer = await call(*arguments)
            if chance.random() < _TROUBLE:
                raise ConnectionResetError("the process died after the call")
            return answer

        return troubled_call

    async def broken_list(*arguments: Any) -> AsyncIterator[CalendarEvent]:
        breaks = chance.random() < _TROUBLE
        async for event in events(*arguments):
            yield event
            if breaks:
                raise UnavailableError("the list broke off")

    with (
        patch.object(MeetingCalls, "claim", with_trouble(claim)),
        patch.object(MeetingCalls, "release", with_trouble(release)),
        patch.object(world.calendars, "events", broken_list),
    ):
        yield


async def _whole_year(seed: int, events: int, days: float) -> Verdict:
    async with (
        await WorkflowEnvironment.start_time_skipping_v2(
            ts_config=TimeSkippingConfig(enabled=False),
            dev_server_existing_path=temporal_binary(),
            dev_server_extra_args=["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"],
            search_attributes=list(attributes.ALL_KEYS),
        ) as env,
    ):
        with tempfile.TemporaryDirectory() as folder:
            return await live_through(env, Path(folder), seed, events, timedelta(days=days))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.workflow.year", description="Lives a calendar's year.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--days", type=float, default=365)
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    began = time.monotonic()
    verdict = asyncio.run(_whole_year(arguments.seed, arguments.events, arguments.days))
    for name, count in sorted(verdict.counts.items()):
        sys.stdout.write(f"{count:8,} {name}\n")
    sys.stdout.write(f"{verdict.longest_run:8,} events in the longest run of the calendar's workflow\n")
    sys.stdout.write(f"{time.monotonic() - began:8,.0f} seconds\n")
    for what in ("missing", "unexpected", "overdue"):
        sys.stdout.write(f"{what}: {getattr(verdict, what) or 'none'}\n")
    return int(bool(verdict.missing or verdict.unexpected or verdict.overdue))


if __name__ == "__main__":
    run_and_exit(main)
