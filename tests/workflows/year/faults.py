"""What goes wrong in a year: calls that die, lists that break off, workers that are replaced."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from activities.meeting_bookings import MeetingBookings
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.dispatch import RemovalResult
from minutekeeper.providers.base import BotObservation, ProviderBotStatus, UnavailableError
from tests.bot_events import bot_event
from tests.workflows.calendar_driver import World
from tests.workflows.scripted import ScriptedProvider

_SHARE = 0.02
"""Of the calls that fail before they had their effect, and again after it."""


@contextlib.contextmanager
def troubled(chance: random.Random, world: World) -> Iterator[None]:
    """Calls to meetings that die before or after they had their effect, and lists that break off."""

    def with_trouble(call: Callable[..., Any]) -> Callable[..., Any]:
        async def troubled_call(*arguments: Any, **options: Any) -> Any:
            if chance.random() < _SHARE:
                raise ConnectionResetError("the process died before the call")
            answer = await call(*arguments, **options)
            if chance.random() < _SHARE:
                raise ConnectionResetError("the process died after the call")
            return answer

        return troubled_call

    events = world.calendars.events

    async def broken_list(*arguments: Any) -> AsyncIterator[CalendarEvent]:
        breaks = chance.random() < _SHARE
        async for event in events(*arguments):
            yield event
            if breaks:
                raise UnavailableError("the list broke off")

    with (
        patch.object(MeetingBookings, "claim", with_trouble(MeetingBookings.claim)),
        patch.object(MeetingBookings, "release", with_trouble(MeetingBookings.release)),
        patch.object(world.calendars, "events", broken_list),
    ):
        yield


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


@dataclass
class ObedientProvider(ScriptedProvider):
    """Bots that were sent away have ended, and have recorded nothing."""

    async def remove_bot(self, bot_id: str) -> RemovalResult:
        removal = await super().remove_bot(bot_id)
        bot = self.bot(bot_id)
        gone = bot_event(kind=BotEventKind.FAILED, bot_id=bot_id, occurred_at=bot.order.dispatch_at)
        bot.observation = BotObservation(status=ProviderBotStatus.GONE, events=(gone,))
        return removal
