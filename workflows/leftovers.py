"""Bots and orders that nobody wants any more: taken back, followed to their end, and what they recorded kept."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from temporalio import workflow

from workflows import handling
from workflows.collecting import Collector
from workflows.dispatching import Dispatcher
from workflows.following import Follower
from workflows.journal import Journal
from workflows.wishes import Wishes


class Leftovers:
    def __init__(
        self, journal: Journal, dispatcher: Dispatcher, follower: Follower, collector: Collector, wishes: Wishes
    ) -> None:
        self._journal = journal
        self._record = journal.record
        self._dispatcher = dispatcher
        self._follower = follower
        self._collector = collector
        self._wishes = wishes
        self._winding_down: list[asyncio.Task[None]] = []

    @property
    def are_settled(self) -> bool:
        return self._dispatcher.doubt is None and all(task.done() for task in self._winding_down)

    async def withdraw(self, number: int) -> None:
        """Takes a bot back after a change. The next one is sent only when this one's removal is acknowledged."""
        superseded = self._wishes.stop is None
        self._record.update_bot(number, superseded=superseded)
        await self._tell_to_go(number)
        if superseded:
            # The new time must not wait for what the old bot may still bring home.
            self._begin(self._wind_down(number))
        else:
            await self._follower.follow(number, until_changed=False)

    async def clear_doubt(self, *, unless: str = "") -> None:
        """Takes back the bot of a request that ended in doubt.

        Not `unless` the request of that key is made again: sending looks for its bot itself.
        """
        doubt = self._dispatcher.doubt
        if doubt is None or doubt.key == unless:
            return
        number = await self._dispatcher.find_doubted()
        if number is not None:
            self._record.update_bot(number, superseded=not self._wishes.is_too_late)
            await self._tell_to_go(number)
            self._begin(self._wind_down(number))

    async def take_back_strays(self) -> None:
        """A bot may report by itself long after its request was given up as lost: nobody wants it any more."""
        while True:
            await workflow.wait_condition(lambda: self._record.stray is not None)
            self._begin(self._take_back(self._journal.adopt_stray()))

    async def settle(self) -> None:
        """Ends what is still open about earlier bots and requests."""
        await self.clear_doubt()
        await self.wait()
        for number in range(len(self._record.bots)):
            # One that failed before another was sent: its recording may have turned up since.
            await self._follower.follow(number, until_changed=False)

    async def wait(self) -> None:
        while open_tasks := [task for task in self._winding_down if not task.done()]:
            await asyncio.gather(*open_tasks)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._winding_down.append(asyncio.create_task(work))

    async def _take_back(self, number: int) -> None:
        await self._tell_to_go(number)
        await self._wind_down(number)

    async def _tell_to_go(self, number: int) -> None:
        await handling.withdraw(self._journal, number, self._dispatcher.terms.deadlines)

    async def _wind_down(self, number: int) -> None:
        await self._follower.follow(number, until_changed=False)
        if self._record.bots[number].is_collectable:
            await self._collector.bring_home(number)
