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

_AT_ONCE = 32
_BYTES_AT_ONCE = 32 * 1024 * 1024
"""Size of the deliveries in memory at the same time; a larger one is processed alone."""

_UNCLAIMED_FOR = timedelta(minutes=5)
"""How long the owner of an unknown bot is searched for; visibility shows a new bot after about a second."""

_OWNER_UNKNOWN_FOR = timedelta(days=1)
"""The same while the provider does not answer."""

_SHORTEST_OUTAGE = timedelta(minutes=1)
"""Shorter outages are not counted, because they leave an unknown bot enough time and any call may fail."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSES = {InboxFolder.WAITING: 5.0, InboxFolder.UNKNOWN_BOT: 15.0}
_MEASURE_SECONDS = 60.0

_IDLE_POLL_SECONDS = 30.0
"""How often an idle worker looks for deliveries that other processes stored."""


class InboxWorker:
    def __init__(self, inbox: Inbox, courier: WebhookForwarder, calls: TemporalGateway) -> None:
        self._inbox = inbox
        self._courier = courier
        self._calls = calls
        self._away_since: datetime | None = None
        self._answering_since = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for shelf, longest_pause in _LONGEST_PAUSES.items():
                tasks.create_task(self._keep_processing(shelf, longest_pause))
            tasks.create_task(self._keep_measuring())

    async def process_folder(self, shelf: InboxFolder) -> bool:
        """Forwards what can be forwarded, oldest first; returns whether nothing is left.

        A delivery that has to stay only delays later ones for the same workflow or bot.
        """
        held_up: set[str] = set()
        for paths in _batches(await self._inbox.entries(shelf)):
            obstacles = await self._process_some(paths, shelf, held_up)
            held_up.update(obstacles)
            if DeliveryOutcome.TEMPORAL_DOWN in obstacles.values() and not await self._calls.is_healthy():
                break
        return not held_up

    async def _process_some(
        self, paths: Sequence[str], shelf: InboxFolder, held_up: Collection[str]
    ) -> dict[str, DeliveryOutcome]:
        """Returns why deliveries had to stay, by workflow or bot. Different ones are processed concurrently."""
        obstacles: dict[str, DeliveryOutcome] = {}
        queues: dict[str, list[tuple[str, WebhookDelivery]]] = {}
        contents = await asyncio.gather(*map(self._inbox.read, paths), return_exceptions=True)
        for path, content in zip(paths, contents, strict=True):
            if isinstance(content, WebhookDelivery):
                queues.setdefault(content.workflow_id or content.bot_id, []).append((path, content))
            elif isinstance(content, Exception):
                _log_result(path, content)
                obstacles[path] = DeliveryOutcome.RETRY_LATER
        free = [address for address in queues if address not in held_up]
        outcomes = await asyncio.gather(*(self._process_in_order(queues[address], shelf) for address in free))
        return obstacles | {address: outcome for address, outcome in zip(free, outcomes, strict=True) if outcome}

    async def _process_in_order(
        self, queue: Sequence[tuple[str, WebhookDelivery]], shelf: InboxFolder
    ) -> DeliveryOutcome | None:
        """Stops at the first delivery that has to stay, and returns why."""
        for path, delivery in queue:
            try:
                obstacle = await self._process_delivery(path, delivery, shelf)
            except Exception as error:  # noqa: BLE001 - one delivery must never block the others
                _log_result(path, error)
                obstacle = DeliveryOutcome.RETRY_LATER
            if obstacle:
                return obstacle
        return None

    async def _process_delivery(
        self, path: str, delivery: WebhookDelivery, shelf: InboxFolder
    ) -> DeliveryOutcome | None:
        handover = await self._courier.forward(delivery, ask_provider=True)
        line = DeliveryLogEntry.of(handover)
        self._note_outage(is_away=handover.outcome is DeliveryOutcome.TEMPORAL_DOWN)
        match handover.outcome:
            case DeliveryOutcome.RETRY_LATER | DeliveryOutcome.TEMPORAL_DOWN:
                line.write()
                return handover.outcome
            case DeliveryOutcome.UNKNOWN_BOT | DeliveryOutcome.OWNER_UNKNOWN if (
                shelf is InboxFolder.UNKNOWN_BOT and self._may_still_be_ours(delivery, handover.outcome)
            ):
                return handover.outcome
            case DeliveryOutcome.UNKNOWN_BOT | DeliveryOutcome.OWNER_UNKNOWN:
                kept = shelf is InboxFolder.WAITING and await self._inbox.put_unclaimed(delivery)
                line.detail = "stored for now" if kept else "dropped"
            case DeliveryOutcome.FINISHED if shelf is InboxFolder.WAITING:
                await self._inbox.put_late(delivery)
                line.detail = "too late for its meeting, stored for a week"
            case DeliveryOutcome.REFUSED:
                await self._inbox.put_rejected(delivery)
        await self._inbox.remove(path)
        line.write()
        return None

    def _note_outage(self, *, is_away: bool) -> None:
        now = datetime.now(UTC)
        if is_away:
            self._away_since = self._away_since or now
            return
        if self._away_since and now - self._away_since >= _SHORTEST_OUTAGE:
            self._answering_since = now
        self._away_since = None

    def _may_still_be_ours(self, delivery: WebhookDelivery, outcome: DeliveryOutcome) -> bool:
        """Whether the owner is still searched for.

        The time counts from when Temporal could be asked, because an outage
        must not use it up.
        """
        since = max(delivery.unclaimed_since or delivery.received_at, self._answering_since)
        return datetime.now(UTC) - since < (
            _OWNER_UNKNOWN_FOR if outcome is DeliveryOutcome.OWNER_UNKNOWN else _UNCLAIMED_FOR
        )

    async def _keep_processing(self, shelf: InboxFolder, longest_pause: float) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._inbox.news[shelf].clear()
            try:
                complete = await self.process_folder(shelf)
            except Exception as error:  # noqa: BLE001 - any error must leave the loop running
                logger.warning("The inbox cannot be processed: %s", without_secrets(error))
                complete = False
            if complete:
                pause = _FIRST_PAUSE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_POLL_SECONDS):
                        await self._inbox.news[shelf].wait()
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
    room = _BYTES_AT_ONCE
    for entry in entries:
        if len(batch) == _AT_ONCE or (batch and entry.size > room):
            yield batch
            batch, room = [], _BYTES_AT_ONCE
        batch.append(entry.path)
        room -= entry.size
    if batch:
        yield batch


def _log_result(path: str, error: Exception) -> None:
    logger.warning("%r stays in the inbox: %s", path, without_secrets(error))
