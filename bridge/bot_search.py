"""Finds the workflows of bots in Temporal, with one visibility query for all bots that wait."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import Client
from temporalio.converter import decode_typed_search_attributes

from bridge.delivery import DeliveryOutcome
from bridge.temporal_gateway import TemporalCallError, single_attempt
from minutekeeper.temporal.queries import quoted_list
from minutekeeper.temporal.search_attributes import BOT_ID, BOT_PROVIDER

_BATCH_SIZE = 50
_PAGE_SIZE = 10
"""Workflows that are read for each bot."""
_LIMIT = timedelta(seconds=3)


class _Bot(NamedTuple):
    provider: str
    bot_id: str


class BotSearch:
    """Runs one search at a time, because searches are expensive; bots that arrive meanwhile share the next one."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wanted: dict[_Bot, asyncio.Future[str | None]] = {}
        self._searching: asyncio.Task[None] | None = None

    async def find_workflow_for_bot(self, provider: str, bot_id: str, limit: timedelta) -> str | None:
        """The newest workflow that has this provider's bot in its search attributes, which show it a second late.

        Raises TemporalCallError, also if that is not known after `limit`.
        """
        bot = _Bot(provider, bot_id)
        if bot not in self._wanted:
            self._wanted[bot] = asyncio.get_running_loop().create_future()
        found = self._wanted[bot]
        if self._searching is None or self._searching.done():
            self._searching = asyncio.create_task(self._search_all(), name="bot search")
        async with single_attempt(limit):
            # Shielded, because others may wait for the same bot.
            return await asyncio.shield(found)

    async def _search_all(self) -> None:
        while self._wanted:
            bots = {bot: self._wanted.pop(bot) for bot in list(self._wanted)[:_BATCH_SIZE]}
            await self._search(bots)

    async def _search(self, bots: dict["_Bot", "asyncio.Future[str | None]"]) -> None:
        try:
            found = await self._newest_of(list(bots))
        except TemporalCallError as error:
            if error.outcome is DeliveryOutcome.REFUSED and len(bots) > 1:
                # One bot's id that Temporal rejects must not fail the search for the others.
                for bot, waiting in bots.items():
                    await self._search({bot: waiting})
                return
            for waiting in bots.values():
                waiting.set_exception(error)
                # The waiting request may have been cancelled.
                waiting.exception()
        else:
            for bot, waiting in bots.items():
                newest = found.get(bot)
                waiting.set_result(newest.execution.workflow_id if newest else None)

    async def _newest_of(self, bots: Sequence["_Bot"]) -> dict["_Bot", WorkflowExecutionInfo]:
        request = ListWorkflowExecutionsRequest(
            namespace=self._client.namespace,
            query=f"{BOT_ID.name} IN ({quoted_list([bot.bot_id for bot in bots])})",
            page_size=_PAGE_SIZE * len(bots),
        )
        async with single_attempt(_LIMIT):
            answer = await self._client.workflow_service.list_workflow_executions(request, timeout=_LIMIT)
        found: dict[_Bot, WorkflowExecutionInfo] = {}
        for each in sorted(answer.executions, key=lambda each: each.start_time.ToNanoseconds()):
            attributes = decode_typed_search_attributes(each.search_attributes)
            bot_id, provider = attributes.get(BOT_ID), attributes.get(BOT_PROVIDER)
            # A meeting that learned of its bot from the bot itself may not know the provider's name.
            found |= {bot: each for bot in bots if bot.bot_id == bot_id and provider in {None, bot.provider}}
        return found
