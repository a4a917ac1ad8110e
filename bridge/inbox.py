"""Deliveries that wait in the artifact store, one file each, so that an answer of 200 outlives this process."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from artifacts import layout
from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore, Entry
from bridge.delivery import Delivery
from meetings.ids import INBOX

logger = logging.getLogger(__name__)

_LATE_FOR = timedelta(days=7)
"""How long what came too late is kept."""

_MOST_UNCLAIMED = 1000
"""Bots of others in the same account report here too, and must not fill the store."""


class Shelf(StrEnum):
    WAITING = INBOX
    """For Temporal to come back."""
    UNCLAIMED = layout.inbox("unclaimed")
    """For a meeting to show that the bot is its own."""
    LATE = layout.inbox("late")
    """For a person to look at: it waited for Temporal, and its meeting had ended when Temporal came back."""
    REJECTED = layout.inbox("rejected")
    """For a person to look at: unreadable, or refused by Temporal."""


class Inbox:
    """Names sort by time of arrival. Several processes may share one inbox: whatever they do twice does no harm.

    Every method may raise StoreError.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self.news = {shelf: asyncio.Event() for shelf in Shelf}
        """Set when this process puts something there."""

    async def put(self, delivery: Delivery, shelf: Shelf) -> None:
        path = f"{shelf}/{_stamp(delivery.received_at)}-{delivery.short_hash}.json"
        await self._store.put(path, delivery.model_dump_json().encode())
        self.news[shelf].set()

    async def put_unclaimed(self, delivery: Delivery) -> bool:
        """Returns False, and keeps nothing, if too many wait already."""
        if len(await self.paths(Shelf.UNCLAIMED)) >= _MOST_UNCLAIMED:
            return False
        since = delivery.model_copy(update={"unclaimed_since": datetime.now(UTC)})
        await self.put(since, Shelf.UNCLAIMED)
        return True

    async def put_late(self, delivery: Delivery) -> None:
        """Keeps it for a week."""
        await self.put(delivery, Shelf.LATE)
        oldest = f"{Shelf.LATE}/{_stamp(datetime.now(UTC) - _LATE_FOR)}"
        for path in await self.paths(Shelf.LATE):
            if path < oldest:
                await self.remove(path)

    async def entries(self, shelf: Shelf) -> list[Entry]:
        """Oldest first."""
        return [entry for entry in await self._store.list(shelf) if entry.path.rpartition("/")[0] == shelf]

    async def paths(self, shelf: Shelf) -> list[str]:
        """Oldest first."""
        return [entry.path for entry in await self.entries(shelf)]

    async def read(self, path: str) -> Delivery | None:
        """None if another process was quicker, or if the file is no delivery, which moves it aside."""
        try:
            content = await self._store.get(path)
        except NotStoredError:
            return None
        delivery = _delivery(content)
        if delivery is None:
            aside = f"{Shelf.REJECTED}/{path.rpartition('/')[2]}"
            await self._store.put(aside, content)
            await self.remove(path)
            logger.error("%r in the inbox cannot be read and was moved to %r", path, aside)
        return delivery

    async def remove(self, path: str) -> None:
        await self._store.delete(path)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _delivery(content: bytes) -> Delivery | None:
    try:
        return Delivery.model_validate_json(content)
    except ValidationError:
        return None
