"""Requests to the HTTP API: sent with the key, repeated where that is safe, and their problems as MeetingErrors."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from starter.errors import (
    ApiUnreachableError,
    FilesNotReadyError,
    IdTakenError,
    KeyRefusedError,
    MeetingError,
    MeetingInputError,
    MeetingNotFoundError,
    MeetingOverError,
    MeetingRefusedError,
    NoSuchFileError,
    NoWorkerError,
    ProviderRefusedError,
    StorageError,
    TemporalUnreachableError,
)

_ERROR_OF_CODE: Mapping[str, type[MeetingError]] = {
    "no_key": KeyRefusedError,
    "scope_missing": KeyRefusedError,
    "not_found": MeetingNotFoundError,
    "no_file": NoSuchFileError,
    "no_transcript": NoSuchFileError,
    "not_ready": FilesNotReadyError,
    "id_taken": IdTakenError,
    "already_over": MeetingOverError,
    "too_late": MeetingRefusedError,
    "temporal_unreachable": TemporalUnreachableError,
    "worker_missing": NoWorkerError,
    "store_unreachable": StorageError,
    "provider_unreachable": ProviderRefusedError,
}
"""The error that the same client would raise through Temporal; for any other code a plain MeetingError."""

_BUSY = frozenset({502, 503, 504})
_MAX_CONNECT_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0


class HttpCalls:
    """Sends requests with a key.

    Args:
        url: Where the API is, such as `https://meetings.example.com`.
        key: A key of the API.
        timeout: How long a single answer may take.
        patience: How long a request is repeated for which the API has no time now.
        transport: Another way to send than over the network.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: timedelta,
        patience: timedelta,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise MeetingInputError("url", f"{url} must be an address such as https://meetings.example.com")
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise MeetingInputError("key", "must be a key of the API, as `minutekeeper key new` prints it")
        self.url = url.rstrip("/")
        self._timeout_seconds = timeout.total_seconds()
        self._patience_seconds = patience.total_seconds()
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key.strip()}"}, timeout=self._timeout(), transport=transport
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def send(  # noqa: PLR0913 - one argument for each part of a request
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
        waits: float = 0,
    ) -> httpx.Response:
        """The answer to a request, which is a success or a 304. Raises MeetingError.

        Args:
            method: GET, POST or PATCH.
            path: The path below the API's address, quoted.
            body: Sent as JSON.
            query: Parameters.
            headers: Further headers.
            is_repeatable: Whether it does no harm twice, so that it is sent again when its answer was lost.
            waits: Seconds for which the API may hold back its answer.
        """
        request = self._http.build_request(
            method, f"{self.url}{path}", json=body, params=query, headers=headers, timeout=self._timeout(waits)
        )
        return await self._answered(request, is_repeatable=is_repeatable)

    @asynccontextmanager
    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The answer to a GET, whose body is still to be read. A redirect to a bucket is followed without the key.

        While it is read, httpx.TransportError is raised where the connection breaks.
        """
        request = self._http.build_request("GET", f"{self.url}{path}", headers=headers)
        response = await self._answered(request, is_repeatable=True, is_streamed=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def _answered(
        self, request: httpx.Request, *, is_repeatable: bool, is_streamed: bool = False
    ) -> httpx.Response:
        loop = asyncio.get_running_loop()
        until, pauses = loop.time() + self._patience_seconds, _pauses()
        while True:
            try:
                response = await self._http.send(request, stream=is_streamed, follow_redirects=is_streamed)
                if response.status_code < 300 or response.status_code == 304:
                    return response
                await response.aread()
                error = _error_of(response, self.url)
                is_busy = response.status_code in _BUSY and is_repeatable
                may_repeat = is_busy or response.status_code == 429
                pause = _retry_after(response) or next(pauses)
            except httpx.TransportError as failure:
                why = str(failure) or type(failure).__name__
                error = ApiUnreachableError(f"The API at {self.url} does not answer: {why}.")
                may_repeat = is_repeatable or isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout)
                pause = next(pauses)
            if not may_repeat or loop.time() + pause > until:
                raise error
            await asyncio.sleep(pause)

    def _timeout(self, waits: float = 0) -> httpx.Timeout:
        connect = min(self._timeout_seconds, _MAX_CONNECT_SECONDS)
        return httpx.Timeout(self._timeout_seconds + waits, connect=connect)


def _pauses() -> Iterator[float]:
    """Growing pauses in seconds, each drawn at random, so that many clients do not come back at one instant."""
    longest = _FIRST_PAUSE_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311 - no secret
        longest = min(longest * 2, _LONGEST_PAUSE_SECONDS)


def _retry_after(response: httpx.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else None


def _error_of(response: httpx.Response, url: str) -> MeetingError:
    """The error that the problem of an answer means."""
    if response.has_redirect_location:
        return ApiUnreachableError(f"The API at {url} sends to another address; use that one.")
    try:
        problem = response.json()
        code, detail = str(problem["code"]), str(problem["detail"])
        fields = [str(each["field"]) for each in problem.get("errors", ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ApiUnreachableError(f"What answers at {url} is not the API: status {response.status_code}.")
    if code == "invalid_request":
        field = fields[0] if fields else ""
        return MeetingInputError(field, detail.removeprefix(f"{field}: "))
    return _ERROR_OF_CODE.get(code, MeetingError)(detail)
