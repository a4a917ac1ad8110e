"""The bot endpoints of version 2 of the Meeting BaaS API, as typed calls. Every one may raise any ProviderError."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import Any

from minutekeeper.providers.answers import path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import DuplicateBotError, NotFoundError, RequestRejectedError, UnavailableError
from minutekeeper.providers.meetingbaas_v2.http import MEETING_BAAS_V2, SERVICE, RefusedByStateError
from minutekeeper.providers.meetingbaas_v2.request_models import BotBody, BotFilters
from minutekeeper.providers.meetingbaas_v2.response_models import (
    BotPicture,
    BotProgress,
    ListedBot,
    OrderedBot,
    StartedBot,
    WaitingBot,
    parse_data,
    parse_page,
)

BOTS = "/v2/bots"
SCHEDULED = "/v2/bots/scheduled"

_MOST_BOTS = 250
_MOST_SCHEDULED = 100
_MOST_SCREENSHOTS = 100
_PAGE_PAUSES = (0.2, 1.0)
"""Seconds before a page of a list that failed is requested again."""


class MeetingBaasV2Client:
    """The API of one team. `send_timeout` is the total time for sending a bot, in seconds.

    Its messages never contain the key or another of the `secrets`. Raises ValueError for a key that cannot be sent.
    """

    def __init__(
        self, base_url: str, api_key: str, *, send_timeout: float = 10.0, secrets: Iterable[str] = ()
    ) -> None:
        self._connection = ApiConnection(MEETING_BAAS_V2, base_url, api_key, secrets)
        self._send_timeout = send_timeout

    @property
    def secrets(self) -> Collection[str]:
        return self._connection.secrets

    async def create_bot(self, bot: BotBody) -> str:
        """Orders a bot and returns its id. Raises DuplicateBotError if one is on its way to this meeting."""
        path = SCHEDULED if bot.join_at else BOTS
        try:
            answer = await self._connection.call("POST", path, body=bot.to_wire(), seconds=self._send_timeout)
        except RefusedByStateError as error:
            if error.is_duplicate:
                raise DuplicateBotError(str(error)) from None
            raise
        except NotFoundError as error:
            # There is no bot yet that could be unknown, so the base URL is wrong.
            raise RequestRejectedError(f"{error} Check the base URL.") from None
        ordered = parse_data(OrderedBot, answer)
        if not ordered.bot_id:
            raise UnavailableError(f"{SERVICE} accepted the bot, but its answer contains no bot id.")
        return ordered.bot_id

    async def leave(self, bot_id: str) -> None:
        """Ends a bot in whatever state. Raises NotFoundError and RefusedByStateError."""
        await self._connection.call("POST", f"{_bot(bot_id)}/leave")

    async def cancel(self, bot_id: str) -> None:
        """Cancels a bot that was ordered ahead. Raises NotFoundError and RefusedByStateError."""
        await self._connection.call("DELETE", _scheduled(bot_id))

    async def progress(self, bot_id: str) -> BotProgress:
        return parse_data(BotProgress, await self._connection.call("GET", f"{_bot(bot_id)}/status"))

    async def started_bot(self, bot_id: str) -> StartedBot:
        """Raises NotFoundError for a bot that was not started yet."""
        return parse_data(StartedBot, await self._connection.call("GET", _bot(bot_id)), self.secrets)

    async def waiting_bot(self, bot_id: str) -> WaitingBot:
        """Raises NotFoundError for a bot that was not ordered ahead."""
        return parse_data(WaitingBot, await self._connection.call("GET", _scheduled(bot_id)))

    async def pages_of_bots(self, filters: BotFilters) -> AsyncIterator[list[ListedBot]]:
        """The bots that were started, newest first."""
        async for page in self._pages(BOTS, filters.to_wire("created_after", _MOST_BOTS)):
            yield [ListedBot.model_validate(item) for item in page]

    async def pages_of_waiting_bots(self, filters: BotFilters) -> AsyncIterator[list[WaitingBot]]:
        """The bots that were ordered ahead, the earliest first."""
        async for page in self._pages(SCHEDULED, filters.to_wire("scheduled_after", _MOST_SCHEDULED)):
            yield [WaitingBot.model_validate(item) for item in page]

    async def screenshots(self, bot_id: str) -> list[BotPicture]:
        params = {"limit": str(_MOST_SCREENSHOTS)}
        pages = [page async for page in self._pages(f"{_bot(bot_id)}/screenshots", params)]
        return [BotPicture.model_validate(item) for page in pages for item in page]

    async def check_key(self) -> None:
        """Makes the cheapest call that needs a full key."""
        parse_page(await self._connection.call("GET", BOTS, params={"limit": "1"}))

    async def warm_up(self, calls: int) -> None:
        """Opens connections for so many concurrent calls, up to the size of the pool. Never raises."""
        await self._connection.warm_up(calls)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        asked = dict(params)
        cursors = set()
        while True:
            page = parse_page(await self._page(path, asked))
            yield page.data
            if not page.cursor:
                return
            if page.cursor in cursors:
                raise UnavailableError(f"{SERVICE} repeats a cursor in its list.")
            cursors.add(page.cursor)
            asked["cursor"] = page.cursor

    async def _page(self, path: str, params: Mapping[str, str]) -> bytes:
        """One page, requested again if it fails, because one failure must not cost all pages of a list."""
        for pause in _PAGE_PAUSES:
            try:
                return await self._connection.call("GET", path, params=params)
            except UnavailableError:
                await asyncio.sleep(pause)
        return await self._connection.call("GET", path, params=params)


def _bot(bot_id: str) -> str:
    return f"{BOTS}/{path_part(bot_id, 'a bot')}"


def _scheduled(bot_id: str) -> str:
    return f"{SCHEDULED}/{path_part(bot_id, 'a bot')}"
