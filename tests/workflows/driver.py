"""Drives meetings through virtual time: a small language for the tests."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView, Outcome
from tests.bot_events import bot_event
from tests.workflows.scripted import Bot, ScriptedProvider
from tests.workflows.scripted_recordings import ScriptedRecordings

URL = "https://meet.google.com/abc-defg-hij"


def room() -> str:
    """The link of a room that no other test has a meeting in."""
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:10])
    return f"https://meet.google.com/{letters[:3]}-{letters[3:7]}-{letters[7:]}"


@dataclass
class Meeting:
    """A running meeting with the world around it."""

    env: WorkflowEnvironment
    handle: WorkflowHandle[Any, Outcome]
    provider: ScriptedProvider
    recordings: ScriptedRecordings

    async def now(self) -> datetime:
        return await self.env.get_current_time(self.handle)

    async def forward(self, **duration: float) -> None:
        await self.env.fast_forward(self.handle, timedelta(**duration))

    async def forward_to(self, instant: datetime) -> None:
        await self.env.fast_forward(self.handle, instant - await self.now())

    async def view(self) -> MeetingView:
        while True:
            try:
                view: MeetingView = await self.handle.query("status", result_type=MeetingView)
            except RPCError as error:
                # A run that has just been continued as new answers once its first task is scheduled.
                if error.status is not RPCStatusCode.FAILED_PRECONDITION:
                    raise
                await asyncio.sleep(0.05)
            else:
                return view

    async def until(self, condition: Callable[[MeetingView], bool]) -> MeetingView:
        """Waits in real time for something that needs no virtual time to pass."""
        for _ in range(400):
            view = await self.view()
            if condition(view):
                return view
            await asyncio.sleep(0.025)
        raise AssertionError(f"never came about; last seen: {view.model_dump_json(indent=1)}")

    async def until_status(self, status: MeetingStatus) -> MeetingView:
        return await self.until(lambda view: view.status is status)

    async def until_timers(self, count: int) -> list[HistoryEvent]:
        """The history, once so many timers were started."""
        for _ in range(400):
            events = list((await self.handle.fetch_history()).events)
            if sum(event.HasField("timer_started_event_attributes") for event in events) >= count:
                return events
            await asyncio.sleep(0.025)
        raise AssertionError(f"there were never {count} timers")

    async def until_bots(self, count: int) -> Bot:
        await self.until(lambda view: view.dispatches == count)
        return self.provider.bots[-1]

    async def bot_sends(self, *codes: str, dispatch: int = 0) -> None:
        for code in codes:
            await self.signal(BotEventKind.STATUS, code=code, dispatch=dispatch)

    async def signal(self, kind: BotEventKind, *, dispatch: int = 0, **fields: Any) -> None:
        fields.setdefault("occurred_at", await self.now())
        fields.setdefault("bot_id", f"bot-{dispatch}")
        event = bot_event(kind=kind, dispatch=dispatch, **fields)
        await self.handle.signal("bot_event", event)

    async def completes(self, *, dispatch: int = 0, **fields: Any) -> None:
        fields = {"has_recording": True, "has_transcript": True, "body": "raw/complete.json"} | fields
        await self.signal(BotEventKind.COMPLETE, dispatch=dispatch, **fields)

    async def fails(self, error: str, *, dispatch: int = 0) -> None:
        await self.signal(BotEventKind.FAILED, dispatch=dispatch, code=error)

    async def update(self, name: str, argument: Any) -> MeetingView:
        view: MeetingView = await self.handle.execute_update(name, argument, result_type=MeetingView)
        return view

    async def outcome(self) -> Outcome:
        return await asyncio.wait_for(self.handle.result(), 20)

    async def outcome_in_time(self) -> Outcome:
        """The outcome, with as much virtual time as it takes."""
        try:
            await asyncio.wait_for(self.env.fast_forward(self.handle), 240)
        except RPCError as error:
            if "already completed" not in error.message:
                raise
        return await self.outcome()


StartMeeting = Callable[..., Awaitable[Meeting]]
