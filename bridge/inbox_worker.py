"""Processes the inbox in the background: forwards deliveries as soon as that is possible."""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bridge.delivery import DeliveryOutcome, WebhookDelivery
from bridge.delivery_log import DeliveryLogEntry, without_secrets
from bridge.forwarder import WebhookForwarder
from bridge.inbox import Inbox, InboxFolder
from bridge.temporal_gateway import TemporalGateway
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import StoredObject

logger = logging.getLogger(__name__)

_MAX_CONCURRENCY = 32
_MAX_BYTES = 32 * 1024 * 1024
"""Size of the deliveries in memory at the same time; a larger one is processed alone."""

_UNCLAIMED_FOR = timedelta(minutes=5)
"""How long the owner of an unknown bot is searched for; visibility shows a new bot after about a second."""

_OWNER_UNKNOWN_FOR = timedelta(days=1)
"""The same while the provider does not answer."""

_SHORTEST_OUTAGE = timedelta(minutes=1)
"""Shorter outages are not counted, because they leave an unknown bot enough time and any call may fail."""

_FIRST_PAUSE = 0.25
_MAX_PAUSES = {InboxFolder.WAITING: 5.0, InboxFolder.UNKNOWN_BOT: 15.0}
_MEASURE_SECONDS = 60.0

_IDLE_POLL_SECONDS = 30.0
"""How often an idle worker looks for deliveries that other processes stored."""


class InboxWorker:
    def __init__(self, inbox: Inbox, forwarder: WebhookForwarder, temporal: TemporalGateway) -> None:
        self._inbox = inbox
        self._forwarder = forwarder
        self._temporal = temporal
        self._down_since: datetime | None = None
        self._answering_since = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for folder, longest_pause in _MAX_PAUSES.items():
                tasks.create_task(self._keep_processing(folder, longest_pause))
            tasks.create_task(self._keep_measuring())

    async def process_folder(self, folder: InboxFolder) -> bool:
        """Forwards what can be forwarded, oldest first; returns whether nothing is left.

        A delivery that has to stay only delays later ones for the same workflow or bot.
        """
        blocked: set[str] = set()
        for paths in _batches(await self._inbox.entries(folder)):
            blockers = await self._process_some(paths, folder, blocked)
            blocked.update(blockers)
            if DeliveryOutcome.TEMPORAL_DOWN in blockers.values() and not await self._temporal.is_healthy():
                break
        return not blocked

    async def _process_some(
        self, paths: Sequence[str], folder: InboxFolder, blocked: Collection[str]
    ) -> dict[str, DeliveryOutcome]:
        """Returns why deliveries had to stay, by workflow or bot. Different ones are processed concurrently."""
        blockers: dict[str, DeliveryOutcome] = {}
        queues: dict[str, list[tuple[str, WebhookDelivery]]] = {}
        contents = await asyncio.gather(*map(self._inbox.read, paths), return_exceptions=True)
        for path, content in zip(paths, contents, strict=True):
            if isinstance(content, WebhookDelivery):
                queues.setdefault(content.workflow_id or content.bot_id, []).append((path, content))
            elif isinstance(content, Exception):
                _log_result(path, content)
                blockers[path] = DeliveryOutcome.RETRY_LATER
        free = [address for address in queues if address not in blocked]
        outcomes = await asyncio.gather(*(self._process_in_order(queues[address], folder) for address in free))
        return blockers | {address: outcome for address, outcome in zip(free, outcomes, strict=True) if outcome}

    async def _process_in_order(
        self, queue: Sequence[tuple[str, WebhookDelivery]], folder: InboxFolder
    ) -> DeliveryOutcome | None:
        """Stops at the first delivery that has to stay, and returns why."""
        for path, delivery in queue:
            try:
                blocker = await self._process_delivery(path, delivery, folder)
            except Exception as error:  # noqa: BLE001 - one delivery must never block the others
                _log_result(path, error)
                blocker = DeliveryOutcome.RETRY_LATER
            if blocker:
                return blocker
        return None

    async def _process_delivery(
        self, path: str, delivery: WebhookDelivery, folder: InboxFolder
    ) -> DeliveryOutcome | None:
        result = await self._forwarder.forward(delivery, ask_provider=True)
        line = DeliveryLogEntry.of(result)
        self._note_outage(is_down=result.outcome is DeliveryOutcome.TEMPORAL_DOWN)
        match result.outcome:
            case DeliveryOutcome.RETRY_LATER | DeliveryOutcome.TEMPORAL_DOWN:
                line.write()
                return result.outcome
            case DeliveryOutcome.UNKNOWN_BOT | DeliveryOutcome.OWNER_UNKNOWN if (
                folder is InboxFolder.UNKNOWN_BOT and self._may_still_be_ours(delivery, result.outcome)
            ):
                return result.outcome
            case DeliveryOutcome.UNKNOWN_BOT | DeliveryOutcome.OWNER_UNKNOWN:
                kept = folder is InboxFolder.WAITING and await self._inbox.put_unknown_bot(delivery)
                line.detail = "stored for now" if kept else "dropped"
            case DeliveryOutcome.FINISHED if folder is InboxFolder.WAITING:
                await self._inbox.put_late(delivery)
                line.detail = "too late for its meeting, stored for a week"
            case DeliveryOutcome.REFUSED:
                await self._inbox.put_rejected(delivery)
        await self._inbox.remove(path)
        line.write()
        return None

    def _note_outage(self, *, is_down: bool) -> None:
        now = datetime.now(UTC)
        if is_down:
            self._down_since = self._down_since or now
            return
        if self._down_since and now - self._down_since >= _SHORTEST_OUTAGE:
            self._answering_since = now
        self._down_since = None

    def _may_still_be_ours(self, delivery: WebhookDelivery, outcome: DeliveryOutcome) -> bool:
        """Whether the owner is still searched for.

        The time counts from when Temporal could be asked, because an outage
        must not use it up.
        """
        since = max(delivery.unknown_since or delivery.received_at, self._answering_since)
        return datetime.now(UTC) - since < (
            _OWNER_UNKNOWN_FOR if outcome is DeliveryOutcome.OWNER_UNKNOWN else _UNCLAIMED_FOR
        )

    async def _keep_processing(self, folder: InboxFolder, longest_pause: float) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._inbox.new_deliveries[folder].clear()
            try:
                complete = await self.process_folder(folder)
            except Exception as error:  # noqa: BLE001 - any error must leave the loop running
                logger.warning("The inbox cannot be processed: %s", without_secrets(error))
                complete = False
            if complete:
                pause = _FIRST_PAUSE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_POLL_SECONDS):
                        await self._inbox.new_deliveries[folder].wait()
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest_pause)

    async def _keep_measuring(self) -> None:
        while True:
            with contextlib.suppress(StoreError):
                await self._inbox.measure()
            await asyncio.sleep(_MEASURE_SECONDS)


def _batches(entries: Sequence[StoredObject]) -> Iterator[list[str]]:
    batch: list[str] = []
    room = _MAX_BYTES
    for entry in entries:
        if len(batch) == _MAX_CONCURRENCY or (batch and entry.size > room):
            yield batch
            batch, room = [], _MAX_BYTES
        batch.append(entry.path)
        room -= entry.size
    if batch:
        yield batch


def _log_result(path: str, error: Exception) -> None:
    logger.warning("%r stays in the inbox: %s", path, without_secrets(error))
