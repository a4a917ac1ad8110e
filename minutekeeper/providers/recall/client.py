"""The bot endpoints of the API of Recall.ai, as typed calls. Every one may raise any ProviderError."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from minutekeeper.providers.answers import parse_answer, path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import (
    CapacityError,
    NotFoundError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.recall.http import SERVICE
from minutekeeper.providers.recall.request_models import async_transcript
from minutekeeper.providers.recall.response_models import (
    RecallArtifact,
    RecallArtifactPage,
    RecallBot,
    RecallBotPage,
)

_BOTS = "/api/v1/bot/"
_MOST_PAGES = 100

_Model = TypeVar("_Model", bound=BaseModel)


class RecallClient:
    """The API of one workspace. `send_timeout` is the total time for sending a bot, in seconds."""

    def __init__(self, connection: ApiConnection, *, send_timeout: float = 10.0) -> None:
        self._connection = connection
        self._send_timeout = send_timeout

    @property
    def secrets(self) -> Collection[str]:
        return self._connection.secrets

    async def create_bot(self, body: Mapping[str, Any], idempotency_key: str) -> RecallBot:
        """Sends a bot. A request with the key of an earlier one of the last hour gets the answer of that one."""
        headers = {"Idempotency-Key": idempotency_key}
        try:
            answer = await self._connection.call(
                "POST", _BOTS, body=body, headers=headers, seconds=self._send_timeout
            )
        except NotFoundError as error:
            # There is no bot yet that could be unknown, so the base URL is wrong.
            raise RequestRejectedError(f"{error} Check RECALL_BASE_URL.") from None
        bot = self._parsed(RecallBot, answer)
        if not bot.id:
            raise UnavailableError(f"{SERVICE} accepted the bot, but its answer contains no bot id.")
        return bot

    async def bot(self, bot_id: str) -> RecallBot:
        return self._parsed(RecallBot, await self._connection.call("GET", _path(bot_id)))

    async def delete_bot(self, bot_id: str) -> None:
        """Cancels a bot that was not dispatched; others are refused."""
        await self._connection.call("DELETE", _path(bot_id))

    async def leave_call(self, bot_id: str) -> None:
        """Makes a bot leave that was dispatched; others are refused, also those that have left."""
        await self._connection.call("POST", f"{_path(bot_id)}leave_call/")

    async def pages_of_bots(self, filters: Mapping[str, str]) -> AsyncIterator[list[RecallBot]]:
        """All pages, by their numbers: the links to the next one are not followed, they may lead elsewhere.

        Raises UnavailableError where a list breaks off, so that what was not read does not count as absent.
        """
        for number in range(1, _MOST_PAGES + 1):
            params = {**filters, "page": str(number)}
            try:
                answer = await self._connection.call("GET", _BOTS, params=params)
            except (RateLimitedError, CapacityError) as error:
                if number == 1 and isinstance(error, RateLimitedError):
                    raise
                raise UnavailableError(f"The list of bots broke off at page {number}: {error}") from None
            page = self._parsed(RecallBotPage, answer)
            yield page.results
            if not page.next:
                return
        raise UnavailableError(f"The list of bots at {SERVICE} has more than {_MOST_PAGES} pages.")

    async def first_bots(self, filters: Mapping[str, str]) -> Sequence[RecallBot]:
        """One page alone."""
        async for page in self.pages_of_bots(filters):
            return page
        return ()

    async def transcripts(self, recording_id: str) -> Sequence[RecallArtifact]:
        """The transcripts of a recording: the one that came with it, and those that were asked for later."""
        answer = await self._connection.call("GET", "/api/v1/transcript/", params={"recording_id": recording_id})
        return self._parsed(RecallArtifactPage, answer).results

    async def sounds(self, recording_id: str) -> Sequence[RecallArtifact]:
        """The files of a recording's mixed sound, which are not among its shortcuts everywhere."""
        answer = await self._connection.call("GET", "/api/v1/audio_mixed/", params={"recording_id": recording_id})
        return self._parsed(RecallArtifactPage, answer).results

    async def create_transcript(self, recording_id: str, language: str, idempotency_key: str = "") -> None:
        """Requests a new transcript; `transcript.done` or `transcript.failed` reports what came of it.

        Requests with the same key are one; without a key each is a new one.
        """
        path = f"/api/v1/recording/{path_part(recording_id, 'a recording')}/create_transcript/"
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        await self._connection.call("POST", path, body=async_transcript(language), headers=headers)

    async def warm_up(self, calls: int) -> None:
        """Opens connections for so many concurrent calls, up to the size of the pool. Never raises."""
        await self._connection.warm_up(calls)

    async def aclose(self) -> None:
        await self._connection.aclose()

    def _parsed(self, model: type[_Model], answer: bytes) -> _Model:
        return parse_answer(SERVICE, partial(model.model_validate, context=self.secrets), answer)


def _path(bot_id: str) -> str:
    return f"{_BOTS}{path_part(bot_id, 'a bot')}/"
