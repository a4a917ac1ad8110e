"""What calendars decide about a meeting, for its page."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from minutekeeper.meetings.views import ClaimingCalendar
from starter.calendars.client import CalendarClient
from starter.calendars.explain import EventExplanation
from starter.errors import MeetingError

_PATIENCE_SECONDS = 3.0
_MOST_ASKED = 3
_FRESH_SECONDS = 30.0
_MOST_KEPT = 1_000


class WantedBy(NamedTuple):
    """A calendar that wants the meeting, and what decided so; None if the calendar does not answer."""

    calendar: ClaimingCalendar
    decision: EventExplanation | None


class CalendarDecisions:
    """Asks for decisions and keeps each for half a minute, because the provider is asked for each.

    Args:
        connected: Returns the client. Raises MeetingError.
        clock: Seconds that only grow.
    """

    def __init__(
        self, connected: Callable[[], Awaitable[CalendarClient]], clock: Callable[[], float] = monotonic
    ) -> None:
        self._connected = connected
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, EventExplanation]] = OrderedDict()

    async def of(self, calendars: Sequence[ClaimingCalendar]) -> list[WantedBy]:
        """The calendars, the first of them with their decisions as far as these are known within seconds."""
        decisions: dict[str, EventExplanation] = {}
        with suppress(MeetingError, TimeoutError, OSError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for each in calendars[:_MOST_ASKED]:
                    decisions[each.calendar_id] = await self._decision(each)
        return [WantedBy(each, decisions.get(each.calendar_id)) for each in calendars]

    async def _decision(self, claim: ClaimingCalendar) -> EventExplanation:
        key = (claim.calendar_id, claim.event_id)
        until, known = self._kept.get(key, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        client = await self._connected()
        found = await client.explain(claim.calendar_id, claim.event_id)
        self._kept.pop(key, None)
        self._kept[key] = (self._clock() + _FRESH_SECONDS, found)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found
