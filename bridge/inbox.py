"""Stores deliveries that could not be forwarded yet, one file each, so that an answer of 200 survives a crash."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge
from pydantic import ValidationError

from bridge.delivery import WebhookDelivery
from minutekeeper.meetings.ids import INBOX
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore, StoredObject

logger = logging.getLogger(__name__)

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_LATE_FOR = timedelta(days=7)
"""How long deliveries are kept that came too late for their meeting."""

_BOUNDS = layout.INBOX_BOUNDS
"""Limits, because deliveries for bots of other products, or that Temporal rejects, must not fill the store."""


class InboxFolder(StrEnum):
    WAITING = INBOX
    """Waits until Temporal can be reached."""
    UNKNOWN_BOT = layout.inbox_path("unclaimed")
    """Waits until the bot turns out to be that of a meeting."""
    LATE = layout.inbox_path("late")
    """For people to inspect: it waited for Temporal, and its meeting had ended when Temporal was back."""
    REJECTED = layout.inbox_path("rejected")
    """For people to inspect: unreadable, or rejected by Temporal."""


class InboxMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._files = Gauge(
            "minutekeeper_inbox_deliveries",
            "Deliveries in the inbox, by folder, as of the last minute.",
            ["folder"],
            registry=registry,
        )
        self._bytes = Gauge(
            "minutekeeper_inbox_bytes",
            "Size in bytes of the deliveries in the inbox, by folder, as of the last minute.",
            ["folder"],
            registry=registry,
        )
        self._oldest = Gauge(
            "minutekeeper_inbox_oldest_seconds",
            "Age in seconds of the oldest delivery in the inbox, by folder, as of the last minute; 0 without any.",
            ["folder"],
            registry=registry,
        )
        self._dropped = Counter(
            "minutekeeper_inbox_dropped_total",
            "Deliveries that were dropped because their folder was full, since the bridge was started.",
            ["folder"],
            registry=registry,
        )

    def show(self, folder: InboxFolder, *, files: int, size: int, oldest: float) -> None:
        self._files.labels(folder.name.lower()).set(files)
        self._bytes.labels(folder.name.lower()).set(size)
        self._oldest.labels(folder.name.lower()).set(oldest)

    def count_dropped(self, folder: InboxFolder) -> None:
        self._dropped.labels(folder.name.lower()).inc()


class Inbox:
    """Deliveries in folders of the artifact store. File names sort by time of arrival.

    Several processes may share one inbox, because repeating any operation has no further effect.

    Every method may raise StoreError.
    """

    def __init__(self, store: ArtifactStore, registry: CollectorRegistry | None = None) -> None:
        self._store = store
        self._metrics = InboxMetrics(registry or CollectorRegistry())
        self._making_room = asyncio.Lock()
        self._incoming_bytes: list[int] = []
        """The sizes of deliveries of unknown bots that are being written now."""
        self.new_deliveries = {folder: asyncio.Event() for folder in InboxFolder}
        """Set when this process writes to the folder."""

    async def put(self, delivery: WebhookDelivery, folder: InboxFolder) -> None:
        await self._store.put(f"{folder}/{_name_of(delivery)}", delivery.model_dump_json().encode())
        self.new_deliveries[folder].set()

    async def put_unknown_bot(self, delivery: WebhookDelivery) -> bool:
        """Stores a delivery of an unknown bot; False, and nothing is stored, if too many wait already.

        Without its body while those that wait are large, because the provider can be asked for what was recorded.
        """
        changed = delivery.model_copy(update={"unknown_since": datetime.now(UTC)})
        size = len(delivery.body or b"") * 4 // 3
        self._incoming_bytes.append(size)
        try:
            waiting = await self.entries(InboxFolder.UNKNOWN_BOT)
            if len(waiting) + len(self._incoming_bytes) > _BOUNDS.files:
                self._metrics.count_dropped(InboxFolder.UNKNOWN_BOT)
                return False
            if sum(entry.size for entry in waiting) + sum(self._incoming_bytes) > _BOUNDS.bytes:
                changed = changed.model_copy(update={"body": None})
            await self.put(changed, InboxFolder.UNKNOWN_BOT)
        finally:
            self._incoming_bytes.remove(size)
        return True

    async def put_late(self, delivery: WebhookDelivery) -> None:
        """Stores a delivery for a week, or until there is no more room for it."""
        oldest = f"{InboxFolder.LATE}/{_stamp(datetime.now(UTC) - _LATE_FOR)}"
        for path in await self.paths(InboxFolder.LATE):
            if path < oldest:
                await self.remove(path)
        await self._put_bounded(InboxFolder.LATE, _name_of(delivery), delivery.model_dump_json().encode())

    async def put_rejected(self, delivery: WebhookDelivery) -> None:
        """Stores a delivery until there is no more room for it."""
        await self._put_bounded(InboxFolder.REJECTED, _name_of(delivery), delivery.model_dump_json().encode())

    async def measure(self) -> None:
        """Updates the metrics of every folder."""
        found = await self._store.list(INBOX)
        for folder in InboxFolder:
            inside = [entry for entry in found if entry.path.rpartition("/")[0] == folder]
            oldest = _age(inside[0].path.rpartition("/")[2]) if inside else 0.0
            self._metrics.show(folder, files=len(inside), size=sum(entry.size for entry in inside), oldest=oldest)

    async def entries(self, folder: InboxFolder) -> list[StoredObject]:
        """Oldest first."""
        return [entry for entry in await self._store.list(folder) if entry.path.rpartition("/")[0] == folder]

    async def paths(self, folder: InboxFolder) -> list[str]:
        """Oldest first."""
        return [entry.path for entry in await self.entries(folder)]

    async def read(self, path: str) -> WebhookDelivery | None:
        """Reads a delivery.

        None if another process removed it, or if the file is none, which is then moved away.
        """
        try:
            content = await self._store.get(path)
        except NotStoredError:
            return None
        delivery = _delivery(content)
        if delivery is None:
            await self._put_bounded(InboxFolder.REJECTED, path.rpartition("/")[2], content)
            await self.remove(path)
            logger.error("%r in the inbox cannot be read and was moved to %r", path, str(InboxFolder.REJECTED))
        return delivery

    async def _put_bounded(self, folder: InboxFolder, name: str, content: bytes) -> None:
        """Stores a file for inspection, replacing the oldest if there is no room. Drops what is too large."""
        if len(content) > _BOUNDS.bytes:
            self._drop(folder, name)
            return
        async with self._making_room:
            kept = await self.entries(folder)
            size = sum(entry.size for entry in kept) + len(content)
            while kept and (len(kept) >= _BOUNDS.files or size > _BOUNDS.bytes):
                oldest = kept.pop(0)
                size -= oldest.size
                await self.remove(oldest.path)
                self._drop(folder, oldest.path)
            await self._store.put(f"{folder}/{name}", content)

    def _drop(self, folder: InboxFolder, name: str) -> None:
        self._metrics.count_dropped(folder)
        logger.warning("%r was dropped, because %s is full", name, folder)

    async def remove(self, path: str) -> None:
        await self._store.delete(path)


def _name_of(delivery: WebhookDelivery) -> str:
    return f"{_stamp(delivery.received_at)}-{delivery.short_hash}.json"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_STAMP)


def _age(name: str) -> float:
    """Seconds since the delivery with this file name was received; 0 for a name that is not ours."""
    try:
        received_at = datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return 0.0
    return max((datetime.now(UTC) - received_at).total_seconds(), 0.0)


def _delivery(content: bytes) -> WebhookDelivery | None:
    try:
        return WebhookDelivery.model_validate_json(content)
    except ValidationError:
        return None
