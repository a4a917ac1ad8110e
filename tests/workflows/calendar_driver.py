"""Drives calendars and the meetings that they book."""

import asyncio
import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.calendars.health import CalendarHealthView
from minutekeeper.calendars.messages import CalendarView
from minutekeeper.meetings.ids import calendar_workflow_id_for, workflow_id_for
from minutekeeper.meetings.views import Outcome
from minutekeeper.storage import layout
from minutekeeper.temporal.calendar_workflows import ensure_health_workflow
from minutekeeper.temporal.names import CALENDAR_EVENT_SIGNAL, CALENDAR_WORKFLOW, MEETINGS_QUEUE
from tests.workflows.driver import Meeting
from tests.workflows.scripted import ScriptedProvider
from tests.workflows.scripted_calendars import ScriptedCalendars
from tests.workflows.scripted_recordings import ScriptedRecordings


@dataclass
class Calendar:
    """A running calendar with the world around it."""

    env: WorkflowEnvironment
    client: Client
    calendar_id: str
    handle: WorkflowHandle[Any, CalendarView]
    world: "World"

    def put(self, name: str = "event", **fields: Any) -> CalendarEvent:
        """Writes this calendar's copy of the event of that name, in an hour if nothing else is said."""
        event_id = f"{name}-{self.calendar_id}"
        if event_id not in self.world.calendars.events_by_id:
            start = datetime.now(UTC) + timedelta(hours=1)
            fields = {
                "start_time": start,
                "uid": f"{name}-{self.world.key}",
                "meeting_url": self.world.link(name),
                "title": name,
            } | fields
        return self.world.calendars.put(event_id, self.calendar_id, **fields)

    def remove(self, name: str = "event") -> None:
        del self.world.calendars.events_by_id[f"{name}-{self.calendar_id}"]

    async def call(self, **said: Any) -> None:
        await self.handle.signal(CALENDAR_EVENT_SIGNAL, {"calendar_id": self.calendar_id, "delivery": "d"} | said)

    async def view(self) -> CalendarView:
        while True:
            try:
                view: CalendarView = await self.handle.query("status", result_type=CalendarView)
            except RPCError as error:
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
                # Its history was just cut off, and the new run has not begun yet.
                await asyncio.sleep(0.025)
            else:
                return view

    async def notices(self, **said: Any) -> CalendarView:
        """A webhook, and the look that it leads to."""
        before = (await self.view()).reconcile_count
        await self.call(**said)
        return await self.until(lambda view: view.reconcile_count > before)

    async def changes(self, name: str, argument: Any = None) -> CalendarView:
        """An update, and the look that it leads to."""
        before = (await self.view()).reconcile_count
        await self.update(name, argument)
        return await self.until(lambda view: view.reconcile_count > before)

    async def update(self, name: str, argument: Any = None) -> CalendarView:
        arguments = [] if argument is None else [argument]
        view: CalendarView = await self.handle.execute_update(name, args=arguments, result_type=CalendarView)
        return view

    async def forward(self, **duration: float) -> None:
        await self.env.fast_forward(self.handle, timedelta(**duration))

    async def until(self, condition: Callable[[CalendarView], bool], seconds: float = 20) -> CalendarView:
        """Waits in real time for something that needs no virtual time to pass."""
        view: CalendarView | None = None
        for _ in range(int(seconds * 40)):
            with contextlib.suppress(RPCError):  # Nobody answers in time while a thousand meetings are booked.
                view = await self.view()
            if view is not None and condition(view):
                return view
            await asyncio.sleep(0.025)
        raise AssertionError(f"never came about; last seen: {view.model_dump_json(indent=1) if view else None}")

    def meeting(self, event: CalendarEvent | None = None, sitting: int = 1) -> Meeting:
        """The meeting of an event, by default of the only one."""
        event = event or self.world.calendars.events_by_id[f"event-{self.calendar_id}"]
        name = meeting_id_for_event(event) if sitting == 1 else f"{meeting_id_for_event(event)}-{sitting}"
        return self.world.meeting(workflow_id_for(name))

    def book_path(self) -> Path:
        return self.world.folder / layout.calendar_state_path(self.calendar_id)


@dataclass
class World:
    """Everything around the calendars of one test. `key` makes its events its own."""

    env: WorkflowEnvironment
    client: Client
    folder: Path
    provider: ScriptedProvider
    recordings: ScriptedRecordings
    calendars: ScriptedCalendars = field(default_factory=ScriptedCalendars)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    open: list[Calendar] = field(default_factory=list)
    rounds: "Rounds | None" = None

    async def connect(self, name: str = "anna", **fields: Any) -> Calendar:
        """A calendar before its first look, which `looked` or a webhook brings."""
        calendar_id = f"{name}-{self.key[:8]}"
        handle: WorkflowHandle[Any, CalendarView] = await self.client.start_workflow(
            CALENDAR_WORKFLOW,
            {"calendar_id": calendar_id} | fields,
            id=calendar_workflow_id_for(calendar_id),
            task_queue=MEETINGS_QUEUE,
            result_type=CalendarView,
        )
        calendar = Calendar(self.env, self.client, calendar_id, handle, self)
        self.open.append(calendar)
        self.calendars.connected.append(calendar_id)
        return calendar

    async def look_after(self) -> "Rounds":
        """The rounds through all calendars, after the first."""
        self.rounds = Rounds(self, await ensure_health_workflow(self.client))
        await self.rounds.until(lambda view: view.last_check_at is not None)
        return self.rounds

    async def connected(self, name: str = "anna", **fields: Any) -> Calendar:
        """A calendar after its first look. It waits for no further changes, unless it is told to."""
        calendar = await self.connect(name, **{"debounce_seconds": 0} | fields)
        if "debounce_seconds" in fields:
            await calendar.forward(seconds=3)
        await calendar.until(lambda view: view.reconcile_count >= 1)
        return calendar

    @property
    def known_meetings(self) -> set[str]:
        """The workflow ids of all meetings that events of this test may have had."""
        firsts = {workflow_id_for(meeting_id_for_event(event)) for event in self.calendars.events_by_id.values()}
        return firsts | {f"{name}-2" for name in firsts}

    def link(self, name: str) -> str:
        letters = "".join(
            chr(ord("a") + int(digit, 16)) for digit in uuid.uuid5(uuid.UUID(self.key), name).hex[:10]
        )
        return f"https://meet.google.com/{letters[:3]}-{letters[3:7]}-{letters[7:]}"

    def meeting(self, workflow_id: str) -> Meeting:
        handle: WorkflowHandle[Any, Outcome] = self.client.get_workflow_handle(workflow_id, result_type=Outcome)
        return Meeting(self.env, handle, self.provider, self.recordings)

    async def exists(self, meeting: Meeting) -> bool:
        try:
            await meeting.handle.describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True


@dataclass
class Rounds:
    """The workflow that looks after the grants of all calendars of a world."""

    world: World
    handle: WorkflowHandle[Any, Any]

    @property
    def env(self) -> WorkflowEnvironment:
        return self.world.env

    async def go(self, rounds: int = 1) -> CalendarHealthView:
        """So many rounds later."""
        before = self.world.calendars.resyncs
        await self.world.env.fast_forward(self.handle, timedelta(hours=rounds, minutes=1))
        return await self.until(lambda _view: self.world.calendars.resyncs >= before + rounds)

    async def until(self, condition: Callable[[CalendarHealthView], bool]) -> CalendarHealthView:
        for _ in range(800):
            view: CalendarHealthView = await self.handle.query("status", result_type=CalendarHealthView)
            if condition(view):
                return view
            await asyncio.sleep(0.025)
        raise AssertionError(f"never came about; last seen: {view.model_dump_json(indent=1)}")
