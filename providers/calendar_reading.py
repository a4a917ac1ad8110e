"""Reading a calendar: what was changed, or all that is to come, and what is really gone."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from meetings.calendars.book import Book
from meetings.calendars.entry import BookEntry
from meetings.calendars.event import CalendarEvent
from providers.base import NotFoundError, UnavailableError
from providers.calendars import ConnectedCalendars, EventFilter, EventStatus

_LOOK_BACK = timedelta(days=1)
"""What began so long ago may still be going on."""
_OVERLAP = timedelta(minutes=2)
"""Changes of the same time may become visible one after the other."""
_QUESTIONS_AT_ONCE = 5


class CalendarReader:
    """Every method raises ProviderError where an answer was not whole."""

    def __init__(self, provider: ConnectedCalendars, calendar_id: str) -> None:
        self._provider = provider
        self._calendar_id = calendar_id

    async def read_changes(self, cursor: datetime) -> list[CalendarEvent]:
        """What was changed at the cursor or later; what was removed may be missing."""
        return await self._listed(EventFilter(status=EventStatus.ALL, updated_since=cursor - _OVERLAP))

    async def read_all(self, book: Book, now: datetime) -> tuple[list[CalendarEvent], frozenset[str]]:
        """All that is to come, and the ids of events that do not exist any more."""
        events = await self._listed(EventFilter(status=EventStatus.ALL, starts_from=now - _LOOK_BACK))
        seen = {event.event_id for event in events}
        missing = [each for each in book.entries.values() if each.event_id not in seen and not each.is_over(now)]
        found, gone = await self._ask(entry.event_id for entry in missing if _is_at_stake(entry, book))
        gone |= {entry.event_id for entry in missing if not _is_at_stake(entry, book)}
        return events + found, gone

    async def look_for(self, event_ids: Iterable[str]) -> tuple[list[CalendarEvent], frozenset[str]]:
        """Those that can be read, and those that do not exist. Whatever else was asked for is in doubt."""
        return await self._ask(event_ids)

    async def _listed(self, filters: EventFilter) -> list[CalendarEvent]:
        events = [event async for event in self._provider.events(self._calendar_id, filters)]
        return sorted(events, key=lambda event: event.updated_at.timestamp() if event.updated_at else 0.0)

    async def _ask(self, event_ids: Iterable[str]) -> tuple[list[CalendarEvent], frozenset[str]]:
        """Asks for each by itself: a list may lack an event that could not be read, or lies too far ahead."""
        slots = asyncio.Semaphore(_QUESTIONS_AT_ONCE)
        found: list[CalendarEvent] = []
        gone: set[str] = set()

        async def ask(event_id: str) -> None:
            async with slots:
                try:
                    found.append(await self._provider.event(event_id))
                except NotFoundError:
                    gone.add(event_id)
                except UnavailableError:
                    # In doubt, the meeting stays.
                    return

        await asyncio.gather(*(ask(event_id) for event_id in dict.fromkeys(event_ids)))
        return found, frozenset(gone)


def is_news(book: Book, event: CalendarEvent) -> bool:
    known = book.entries.get(event.event_id)
    return known is None or known.updated_at != event.updated_at


def _is_at_stake(entry: BookEntry, book: Book) -> bool:
    """Whether a meeting hangs on the event."""
    return any(each.claimed for each in book.entries.values() if each.meeting_id == entry.meeting_id)
