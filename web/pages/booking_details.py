"""What lists do not tell of meetings that sleep: when their bot is sent, and which calendar booked them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from starter.client import MeetingClient
from starter.errors import MeetingError
from web.pages.board import MOST_ROWS

_AT_ONCE = 8
_PATIENCE_SECONDS = 0.25
_Key = tuple[str, datetime]


class BookingDetails:
    """Reads the beginning of the history of the next meetings, once for each and its start, and queries none."""

    def __init__(self, connected: Callable[[], Awaitable[MeetingClient]]) -> None:
        self._connected = connected
        self._known: dict[_Key, MeetingView] = {}
        self._reading: asyncio.Task[None] | None = None

    async def added_to(self, views: Sequence[MeetingView]) -> list[MeetingView]:
        """The views with what is known of their bookings by now; more is being read meanwhile."""
        sleeping = sorted((each for each in views if _is_bare(each)), key=lambda each: each.start_time)[:MOST_ROWS]
        keys = {_key(each) for each in sleeping}
        self._known = {key: view for key, view in self._known.items() if key in keys}
        missing = [each for each in sleeping if _key(each) not in self._known]
        if missing and self._reading is None:
            self._reading = asyncio.create_task(self._read(missing), name="bookings")
        if self._reading is not None:
            done, _ = await asyncio.wait({self._reading}, timeout=_PATIENCE_SECONDS)
            self._reading = None if done else self._reading
        return [self._known.get(_key(each), each) if _is_bare(each) else each for each in views]

    async def _read(self, views: Sequence[MeetingView]) -> None:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(client: MeetingClient, view: MeetingView) -> None:
            async with slots:
                booked = await client.snapshot(view.workflow_id)
            if not booked.status.is_final:
                known = {"bot_goes_at": booked.bot_goes_at, "calendars": booked.calendars}
                self._known[_key(view)] = view.model_copy(update=known)

        try:
            client = await self._connected()
        except MeetingError:
            return
        # One that has ended meanwhile, or cannot be read, is left as the list shows it.
        await asyncio.gather(*(one(client, each) for each in views), return_exceptions=True)


def _is_bare(view: MeetingView) -> bool:
    return view.status is MeetingStatus.SCHEDULED and not view.timeline


def _key(view: MeetingView) -> _Key:
    return view.workflow_id, view.start_time
