"""Tells everyone who wants to know of changes of meetings: one look for all subscribers of a process."""

import asyncio
import logging
import math
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from minutekeeper.meetings.views import MeetingView
from minutekeeper.storage.errors import StoreError
from starter.errors import MeetingError
from starter.meeting_models import MeetingSummary
from starter.temporal_client import TemporalMeetingClient
from web.observed_meetings import ObservedMeetings

logger = logging.getLogger("web")

_BETWEEN_LOOKS_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 5.0
_PATIENCE_SECONDS = 3.0
"""How long a reader waits for a look."""
_FORGOTTEN_AFTER_SECONDS = 600.0
"""After so long without a subscriber nothing is known any more, and nobody is told what has happened meanwhile."""
_KEPT_CHANGES = 1000
_MOST_UNREAD = 500


class MeetingChange(NamedTuple):
    """A meeting after a change. `number` counts the changes of this feed, `meeting` is the workflow's id."""

    number: int
    meeting: str
    summary: MeetingSummary
    view: MeetingView


class SlowReaderError(Exception):
    """A subscriber read so slowly that changes were left out for it."""


class ChangeQueue(asyncio.Queue[MeetingChange]):
    """The changes for one subscriber. `get` raises SlowReaderError once it has missed one."""

    def __init__(self) -> None:
        super().__init__(_MOST_UNREAD)
        self._has_missed = False

    async def get(self) -> MeetingChange:
        if self._has_missed:
            raise SlowReaderError("the reader was too slow")
        return await super().get()

    def tell(self, change: MeetingChange) -> None:
        """Adds a change, unless the subscriber is too far behind already."""
        if self.full():
            self._has_missed = True
        else:
            self.put_nowait(change)


class ChangeFeed:
    """Finds changes of meetings while there are subscribers, and tells all of them.

    Whatever their number, a look costs some listings and descriptions, which are free of charge, and one query for
    each meeting that has changed.

    Args:
        connected: Returns the client. Raises MeetingError.
    """

    def __init__(self, connected: Callable[[], Awaitable[TemporalMeetingClient]]) -> None:
        self._connected = connected
        self._seen = ObservedMeetings()
        self._queues: set[ChangeQueue] = set()
        self._is_wanted = asyncio.Event()
        self._looking = asyncio.Lock()
        self._tried_at: float | None = None
        self._number = 0
        self._trouble = ""
        self._changes: deque[MeetingChange] = deque(maxlen=_KEPT_CHANGES)
        self.name = secrets.token_hex(6)
        """Tells this feed from that of another process."""
        self.live_since: datetime | None = None
        """Since when changes are seen; None while Temporal cannot be reached, and before the first look."""

    async def run(self) -> None:
        """Looks for changes until it is cancelled, as long as there are subscribers."""
        pause = _BETWEEN_LOOKS_SECONDS
        while True:
            await self._is_wanted.wait()
            await self._look()
            pause = _BETWEEN_LOOKS_SECONDS if self.live_since else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause)

    def open_meetings(self) -> Mapping[str, MeetingView]:
        """The meetings that run or start within 24 hours, by workflow id, as they were last read."""
        return MappingProxyType(self._seen.open)

    async def current(self) -> Mapping[str, MeetingView]:
        """The same as it is now: looks, if that was not done a moment ago. Without an answer, as it was before."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._look(unless_within=_BETWEEN_LOOKS_SECONDS)
        except TimeoutError:
            self.live_since = None
        return self.open_meetings()

    @contextmanager
    def subscribed(self) -> Iterator[ChangeQueue]:
        """A queue that is given every change from now on. A subscriber that reads too slowly is cut off."""
        queue = ChangeQueue()
        self._queues.add(queue)
        self._is_wanted.set()
        try:
            yield queue
        finally:
            self._queues.discard(queue)
            if not self._queues:
                self._is_wanted.clear()

    @property
    def number(self) -> int:
        """The number of the last change."""
        return self._number

    def since(self, number: int) -> list[MeetingChange] | None:
        """The changes after the one with this number; None if they are not all known any more."""
        oldest = self._changes[0].number if self._changes else self._number + 1
        if not oldest - 1 <= number <= self._number:
            return None
        return [each for each in self._changes if each.number > number]

    async def _look(self, unless_within: float = 0) -> None:
        async with self._looking:
            ago = math.inf if self._tried_at is None else time.monotonic() - self._tried_at
            if ago < unless_within:
                return
            if _FORGOTTEN_AFTER_SECONDS < ago < math.inf:
                self._begin_anew()
            self._tried_at = time.monotonic()
            try:
                changed = await self._seen.look(await self._connected())
            except (MeetingError, StoreError) as error:
                if str(error) != self._trouble:
                    logger.warning("Changes of meetings are not seen: %s", error)
                self._trouble, self.live_since = str(error), None
                return
            except Exception:
                # The next look may succeed; without looks no stream would tell anything any more.
                logger.exception("A look for changes of meetings failed")
                self.live_since = None
                return
            if self.live_since is None:
                self._trouble, self.live_since = "", datetime.now(UTC)
            for each in changed:
                self._number += 1
                change = MeetingChange(self._number, each.summary.workflow_id, each.summary, each.view)
                self._changes.append(change)
                for queue in self._queues:
                    queue.tell(change)

    def _begin_anew(self) -> None:
        self._seen, self.name = ObservedMeetings(), secrets.token_hex(6)
        self._changes.clear()
