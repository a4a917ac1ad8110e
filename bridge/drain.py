"""Works off the inbox in the background: what waits there is handed on when its time has come."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

from bridge.courier import Courier
from bridge.delivery import Delivery, Outcome
from bridge.inbox import Inbox, Shelf
from bridge.journal import Line, without_secrets
from bridge.temporal_calls import TemporalCalls

logger = logging.getLogger(__name__)

_UNCLAIMED_FOR = timedelta(minutes=5)
"""How long an unknown bot may turn out to be ours: a search shows a new bot after about a second."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSES = {Shelf.WAITING: 5.0, Shelf.UNCLAIMED: 15.0}
_LOOK_AROUND = 30.0
"""Seconds after which an idle drain looks for what other processes left behind."""


class Drain:
    def __init__(self, inbox: Inbox, courier: Courier, calls: TemporalCalls) -> None:
        self._inbox = inbox
        self._courier = courier
        self._calls = calls

    async def run(self) -> None:
        """Runs until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for shelf, longest_pause in _LONGEST_PAUSES.items():
                tasks.create_task(self._keep_working_off(shelf, longest_pause))

    async def work_off(self, shelf: Shelf) -> bool:
        """Hands on what can be handed on, oldest first; returns whether nothing is left.

        A delivery that has to stay holds up only the later ones for the same workflow or bot.
        """
        complete = True
        held_up: set[str] = set()
        for path in await self._inbox.paths(shelf):
            try:
                outcome = await self._hand_on(path, shelf, held_up)
            except Exception as error:  # noqa: BLE001 - one delivery must never be in the way of the others
                logger.warning("%r stays in the inbox: %s", path, without_secrets(error))
                outcome = Outcome.NOT_NOW
            if outcome is Outcome.AWAY and not await self._calls.is_there():
                return False
            complete = complete and outcome not in {Outcome.NOT_NOW, Outcome.AWAY}
        return complete

    async def _hand_on(self, path: str, shelf: Shelf, held_up: set[str]) -> Outcome:
        """Returns NOT_NOW or AWAY for what stays."""
        delivery = await self._inbox.read(path)
        if delivery is None:
            return Outcome.DELIVERED
        address = delivery.workflow_id or delivery.bot_id
        if address in held_up:
            return Outcome.NOT_NOW
        handover = await self._courier.hand_over(delivery, patiently=True)
        line = Line.of(handover)
        match handover.outcome:
            case Outcome.NOT_NOW | Outcome.AWAY:
                held_up.add(address)
                line.write()
                return handover.outcome
            case Outcome.UNCLAIMED if shelf is Shelf.UNCLAIMED and _may_still_be_ours(delivery):
                held_up.add(address)
                return Outcome.NOT_NOW
            case Outcome.UNCLAIMED:
                kept = shelf is Shelf.WAITING and await self._inbox.put_unclaimed(delivery)
                line.why = "kept for a while" if kept else "dropped"
            case Outcome.REFUSED:
                await self._inbox.put(delivery, Shelf.REJECTED)
        await self._inbox.remove(path)
        line.write()
        return handover.outcome

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


def _may_still_be_ours(delivery: Delivery) -> bool:
    since = delivery.unclaimed_since or delivery.received_at
    return datetime.now(UTC) - since < _UNCLAIMED_FOR
