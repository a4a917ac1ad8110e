"""The bot endpoints of the Meeting BaaS v1 API, as typed calls. Every one may raise any ProviderError."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from pydantic import TypeAdapter

from minutekeeper.providers.answers import path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import DuplicateBotError, NotFoundError, RequestRejectedError, UnavailableError
from minutekeeper.providers.meetingbaas.http import MEETING_BAAS, ConflictError
from minutekeeper.providers.meetingbaas.request_models import BotQuery, NewBot, SpeechToText
from minutekeeper.providers.meetingbaas.response_models import (
    AccountWebhook,
    Acknowledgement,
    BotPage,
    BotSummary,
    CreatedBot,
    MeetingData,
    Screenshot,
)
from minutekeeper.providers.meetingbaas.response_parsing import (
    parse_response,
    parse_response_with,
    read_meeting_data,
)

_SCREENSHOTS = TypeAdapter(list[Screenshot])
_PAGE_PAUSES = (0.2, 1.0)
"""Seconds before a page of a list that failed is requested again."""


class MeetingBaasClient:
    """The API of one account. `send_timeout` is the total time for sending a bot, in seconds.

    Its messages never contain the key or another of the `secrets`. Raises ValueError for a key that cannot be sent.
    """

    def __init__(
        self, base_url: str, api_key: str, *, send_timeout: float = 10.0, secrets: Iterable[str] = ()
    ) -> None:
        self._connection = ApiConnection(MEETING_BAAS, base_url, api_key, secrets)
        self._send_timeout = send_timeout

    @property
    def secrets(self) -> Collection[str]:
        return self._connection.secrets

    async def create_bot(self, bot: NewBot) -> str:
        """Sends a bot and returns its id. Raises DuplicateBotError if one is on its way to this meeting."""
        try:
            answer = await self._connection.call("POST", "/bots/", body=bot.to_wire(), seconds=self._send_timeout)
        except ConflictError as error:
            raise DuplicateBotError(str(error)) from None
        except NotFoundError as error:
            # There is no bot yet that could be unknown, so the base URL is wrong.
            raise RequestRejectedError(f"{error} Check the base URL.") from None
        created = parse_response(CreatedBot, answer)
        if not created.bot_id:
            raise UnavailableError("Meeting BaaS accepted the bot, but its answer contains no bot id.")
        return created.bot_id

    async def leave(self, bot_id: str) -> None:
        """Raises NotFoundError or ConflictError for a bot that is gone."""
        answer = await self._connection.call("DELETE", f"/bots/{path_part(bot_id, 'a bot')}")
        if answer.strip() and not parse_response(Acknowledgement, answer).ok:
            raise UnavailableError("Meeting BaaS did not confirm that the bot leaves.")

    async def meeting_data(
        self, bot_id: str, *, include_transcripts: bool = True, seconds: float = 30.0
    ) -> MeetingData:
        """Read in bounded memory, however long the transcript. Raises ResponseTooLargeError above the limit."""
        params = {"bot_id": bot_id, "include_transcripts": str(include_transcripts).lower()}
        answer = await self._connection.fetch("/bots/meeting_data", params=params, seconds=seconds)
        return await asyncio.to_thread(read_meeting_data, answer, self.secrets)

    async def list_bots(self, query: BotQuery) -> AsyncIterator[BotSummary]:
        """The bots of all pages."""
        async for page in self.pages_of_bots(query):
            for bot in page:
                yield bot

    async def pages_of_bots(self, query: BotQuery) -> AsyncIterator[list[BotSummary]]:
        """All pages: filters apply after paging, so a short or empty page is not the last one.

        A list that ignores `created_after` is read as far as that, if it has the newest first.
        """
        params = query.to_wire()
        cursors = {query.cursor}
        while True:
            page = parse_response(BotPage, await self._page_of_bots(params))
            yield page.bots
            if not page.next_cursor or _goes_back_beyond(page.bots, query.created_after):
                return
            if page.next_cursor in cursors:
                raise UnavailableError("Meeting BaaS repeats a cursor in its list.")
            cursors.add(page.next_cursor)
            params["cursor"] = page.next_cursor

    async def _page_of_bots(self, params: dict[str, str]) -> bytes:
        """One page, requested again if it fails, because one failure must not cost all pages of a list."""
        for pause in _PAGE_PAUSES:
            try:
                return await self._connection.call("GET", "/bots/bots_with_metadata", params=params)
            except UnavailableError:
                await asyncio.sleep(pause)
        return await self._connection.call("GET", "/bots/bots_with_metadata", params=params)

    async def retranscribe(self, bot_id: str, speech_to_text: SpeechToText) -> None:
        """Requests a new transcript; `transcription_complete` is sent when meeting_data has it."""
        body = {"bot_uuid": bot_id, "speech_to_text": speech_to_text.model_dump(exclude_none=True)}
        await self._connection.call("POST", "/bots/retranscribe", body=body)

    async def screenshots(self, bot_id: str) -> list[Screenshot]:
        answer = await self._connection.call("GET", f"/bots/{path_part(bot_id, 'a bot')}/screenshots")
        return parse_response_with(_SCREENSHOTS.validate_python, answer)

    async def webhook_url(self) -> str:
        """The account's webhook URL; empty if none is set."""
        return parse_response(
            AccountWebhook, await self._connection.call("GET", "/accounts/webhook_url")
        ).webhook_url

    async def warm_up(self, calls: int) -> None:
        """Opens connections for so many concurrent calls, up to the size of the pool. Never raises."""
        await self._connection.warm_up(calls)

    async def aclose(self) -> None:
        await self._connection.aclose()


def _goes_back_beyond(bots: Sequence[BotSummary], created_after: datetime | None) -> bool:
    """Whether a page is sorted newest first and ends with bots that are older than requested."""
    times = [bot.created_at for bot in bots if bot.created_at]
    if created_after is None or not times or times[0] <= times[-1]:
        return False
    return times[-1] < created_after and all(later >= earlier for later, earlier in pairwise(times))
