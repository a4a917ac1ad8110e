"""Works off the inbox in the background: what waits there is handed on when its time has come."""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bridge.delivery import Delivery, Outcome
from bridge.delivery_log import Line, without_secrets
from bridge.forwarder import Courier
from bridge.inbox import Inbox, Shelf
from bridge.temporal_gateway import TemporalCalls
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import Entry

logger = logging.getLogger(__name__)

_AT_ONCE = 32
_BYTES_AT_ONCE = 32 * 1024 * 1024
"""Deliveries in memory at the same time, each with its body; one that is larger alone."""

_UNCLAIMED_FOR = timedelta(minutes=5)
"""How long an unknown bot may turn out to be ours: a search shows a new bot after about a second."""

_UNTOLD_FOR = timedelta(days=1)
"""The same while the provider does not answer who sent it."""

_SHORTEST_OUTAGE = timedelta(minutes=1)
"""A shorter silence of Temporal leaves an unknown bot time enough: single calls fail on the best of days."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSES = {Shelf.WAITING: 5.0, Shelf.UNCLAIMED: 15.0}
_MEASURE_SECONDS = 60.0

_LOOK_AROUND = 30.0
"""Seconds after which an idle drain looks for what other processes left behind."""


class Drain:
    def __init__(self, inbox: Inbox, courier: Courier, calls: TemporalCalls) -> None:
        self._inbox = inbox
        self._courier = courier
        self._calls = calls
        self._away_since: datetime | None = None
        self._answering_since = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for shelf, longest_pause in _LONGEST_PAUSES.items():
                tasks.create_task(self._keep_working_off(shelf, longest_pause))
            tasks.create_task(self._keep_measuring())

    async def work_off(self, shelf: Shelf) -> bool:
        """Hands on what can be handed on, oldest first; returns whether nothing is left.

        A delivery that has to stay holds up only the later ones for the same workflow or bot.
        """
        held_up: set[str] = set()
        for paths in _batches(await self._inbox.entries(shelf)):
            obstacles = await self._work_off_some(paths, shelf, held_up)
            held_up.update(obstacles)
            if Outcome.AWAY in obstacles.values() and not await self._calls.is_there():
                break
        return not held_up

    async def _work_off_some(
        self, paths: Sequence[str], shelf: Shelf, held_up: Collection[str]
    ) -> dict[str, Outcome]:
        """Returns what is in the way, by workflow or bot. Different ones are served at the same time."""
        obstacles: dict[str, Outcome] = {}
        queues: dict[str, list[tuple[str, Delivery]]] = {}
        contents = await asyncio.gather(*map(self._inbox.read, paths), return_exceptions=True)
        for path, content in zip(paths, contents, strict=True):
            if isinstance(content, Delivery):
                queues.setdefault(content.workflow_id or content.bot_id, []).append((path, content))
            elif isinstance(content, Exception):
                _tell(path, content)
                obstacles[path] = Outcome.NOT_NOW
        free = [address for address in queues if address not in held_up]
        outcomes = await asyncio.gather(*(self._hand_on_in_order(queues[address], shelf) for address in free))
        return obstacles | {address: outcome for address, outcome in zip(free, outcomes, strict=True) if outcome}

    async def _hand_on_in_order(self, queue: Sequence[tuple[str, Delivery]], shelf: Shelf) -> Outcome | None:
        """Stops at the first delivery that has to stay, and returns why."""
        for path, delivery in queue:
            try:
                obstacle = await self._hand_on(path, delivery, shelf)
            except Exception as error:  # noqa: BLE001 - one delivery must never be in the way of the others
                _tell(path, error)
                obstacle = Outcome.NOT_NOW
            if obstacle:
                return obstacle
        return None

    async def _hand_on(self, path: str, delivery: Delivery, shelf: Shelf) -> Outcome | None:
        handover = await self._courier.hand_over(delivery, patiently=True)
        line = Line.of(handover)
        self._note_whether_away(is_away=handover.outcome is Outcome.AWAY)
        match handover.outcome:
            case Outcome.NOT_NOW | Outcome.AWAY:
                line.write()
                return handover.outcome
            case Outcome.UNCLAIMED | Outcome.UNTOLD if shelf is Shelf.UNCLAIMED and self._may_still_be_ours(
                delivery, handover.outcome
            ):
                return handover.outcome
            case Outcome.UNCLAIMED | Outcome.UNTOLD:
                kept = shelf is Shelf.WAITING and await self._inbox.put_unclaimed(delivery)
                line.why = "kept for a while" if kept else "dropped"
            case Outcome.FINISHED if shelf is Shelf.WAITING:
                await self._inbox.put_late(delivery)
                line.why = "too late for its meeting, kept for a week"
            case Outcome.REFUSED:
                await self._inbox.put_rejected(delivery)
        await self._inbox.remove(path)
        line.write()
        return None

    def _note_whether_away(self, *, is_away: bool) -> None:
        now = datetime.now(UTC)
        if is_away:
            self._away_since = self._away_since or now
            return
        if self._away_since and now - self._away_since >= _SHORTEST_OUTAGE:
            self._answering_since = now
        self._away_since = None

    def _may_still_be_ours(self, delivery: Delivery, outcome: Outcome) -> bool:
        """An unknown bot has its time from when Temporal could be asked: an outage is not counted against it."""
        since = max(delivery.unclaimed_since or delivery.received_at, self._answering_since)
        return datetime.now(UTC) - since < (_UNTOLD_FOR if outcome is Outcome.UNTOLD else _UNCLAIMED_FOR)

    async def _keep_working_off(self, shelf: Shelf, longest_pause: float) -> None:
        pause = _FIRST_PAUSE
        while True:
            self._inbox.news[shelf].clear()
            try:
                complete = await self.work_off(shelf)
            except Exception as error:  # noqa: BLE001 - whatever it is, what waits must not wait for ever
                logger.warning("The inbox cannot be worked off: %s", without_secrets(error))
                complete = False
            if complete:
                pause = _FIRST_PAUSE
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_AROUND):
                        await self._inbox.news[shelf].wait()
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest_pause)

    async def _keep_measuring(self) -> None:
        while True:
            with contextlib.suppress(StoreError):
                await self._inbox.measure()
            await asyncio.sleep(_MEASURE_SECONDS)


def _batches(entries: Sequence[Entry]) -> Iterator[list[str]]:
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


def _tell(path: str, error: Exception) -> None:
    logger.warning("%r stays in the inbox: %s", path, without_secrets(error))
