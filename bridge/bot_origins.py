"""Finds out where unknown bots come from, with few calls to the provider however many of them report."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bridge.metrics import ProviderCalls
from minutekeeper.providers.base import BotOrigin, NotFoundError, Provider, ProviderError, UnavailableError

_CALLS_AT_ONCE = 12
_CALL_EVERY = timedelta(seconds=15)
"""Calls that ask for a single bot: so many in a burst, then one per interval."""

_LIST_EVERY = timedelta(seconds=10)
_LIST_SECONDS_PER_PAGE = 2.0
_LIST_AT_LEAST_EVERY = timedelta(minutes=2)
"""How often the list of bots is read.

Less often the longer it is, but never less often than deliveries can wait.
"""

_MAX_BOT_LIFETIME = timedelta(hours=6)
"""The longest time from a bot's creation to its last webhook.

It ends after five hours, and a reserved one waits before.
"""

_MAX_REMEMBERED = 20_000


def utc_now() -> datetime:
    return datetime.now(UTC)


class OriginLookup:
    """Looks up single bots while the allowance lasts; after that one reading of the list serves all of them.

    A bot that is ours by the list, or every one with `adopts_all`, is always looked up, because it is followed and
    the list does not name its event.
    """

    def __init__(
        self,
        provider: Provider,
        calls: ProviderCalls,
        *,
        adopts_all: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._provider = provider
        self._calls = calls
        self._adopts_all = adopts_all
        self._allowance = _Allowance(now)
        self._list = _BotList(provider, calls, now)
        self._asked: dict[str, None] = {}
        """Bots whose own endpoints had no data."""

    async def of(self, bot_id: str, reported_at: datetime) -> BotOrigin | None:
        """The origin of a bot that reported at `reported_at`; None while asking for it is not allowed.

        Raises NotFoundError if neither its own endpoint nor the list has the bot, and any other ProviderError while
        the owner cannot be determined.
        """
        listed = self._list.get(bot_id)
        if listed is None:
            if self._may_ask(bot_id) and (origin := await self._ask(bot_id)):
                return origin
            listed = await self._list.find(bot_id, reported_at)
        if listed.workflow_id:
            return listed
        if listed.is_ours or self._adopts_all or self._may_ask(bot_id):
            return await self._ask(bot_id) or listed
        return listed if bot_id in self._asked else None

    def _may_ask(self, bot_id: str) -> bool:
        return bot_id not in self._asked and self._allowance.take()

    async def _ask(self, bot_id: str) -> BotOrigin | None:
        """None if a running bot has no data yet."""
        self._calls.add("unknown_bot")
        try:
            return await self._provider.get_bot_origin(bot_id)
        except NotFoundError:
            self._asked[bot_id] = None
            if len(self._asked) > _MAX_REMEMBERED:
                del self._asked[next(iter(self._asked))]
            return None


class _Allowance:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._left = float(_CALLS_AT_ONCE)
        self._counted_at = now()

    def take(self) -> bool:
        """Uses up one call; False if none is allowed now."""
        now = self._now()
        self._left = min(_CALLS_AT_ONCE, self._left + (now - self._counted_at) / _CALL_EVERY)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _BotList:
    """The bots of the last hours, read from the provider's list; later readings only ask for newer ones."""

    def __init__(self, provider: Provider, calls: ProviderCalls, now: Callable[[], datetime]) -> None:
        self._provider = provider
        self._calls = calls
        self._now = now
        self._bots: dict[str, BotOrigin] = {}
        self._begins_at = self._ends_at = datetime.min.replace(tzinfo=UTC)
        """The bots created between these instants are known."""
        self._again_at = self._ends_at
        self._why_not = ""
        self._reading = asyncio.Lock()

    def get(self, bot_id: str) -> BotOrigin | None:
        return self._bots.get(bot_id)

    async def find(self, bot_id: str, reported_at: datetime) -> BotOrigin:
        """The bot in a list that was read after the bot had reported; one reading serves all that wait.

        Raises NotFoundError if such a list does not have it, and any other ProviderError if there is none.
        """
        async with self._reading:
            now = self._now()
            begins_at, ends_at = reported_at - _MAX_BOT_LIFETIME, min(reported_at, now)
            if begins_at < self._begins_at or ends_at > self._ends_at:
                if now < self._again_at:
                    raise UnavailableError(self._why_not or "the list of bots is read again in a moment")
                await self._read(begins_at)
        if bot := self._bots.get(bot_id):
            return bot
        raise NotFoundError(f"The provider knows no bot {bot_id}.")

    async def _read(self, begins_at: datetime) -> None:
        now = self._now()
        self._forget(now - 2 * _MAX_BOT_LIFETIME)
        is_longer = begins_at < self._begins_at or not self._bots
        pages = 0
        try:
            async for page in self._provider.recent_origins(begins_at if is_longer else self._ends_at):
                pages += 1
                self._calls.add("unknown_bots_list")
                self._bots.update((bot.bot_id, bot) for bot in page)
        except ProviderError as error:
            self._why_not = str(error)
            raise
        else:
            self._why_not = ""
            self._begins_at = begins_at if is_longer else self._begins_at
            self._ends_at = now
        finally:
            pause = max(_LIST_EVERY, timedelta(seconds=_LIST_SECONDS_PER_PAGE * pages))
            self._again_at = self._now() + min(pause, _LIST_AT_LEAST_EVERY)

    def _forget(self, before: datetime) -> None:
        self._bots = {bot_id: bot for bot_id, bot in self._bots.items() if bot.created_at >= before}
        self._begins_at = max(self._begins_at, before)
