"""HTTP requests to Meeting BaaS, with its errors translated into ours."""

import asyncio
import functools
import json
import math
import re
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from minutekeeper.providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.calendar_base import CalendarAccessError
from minutekeeper.providers.http_client import HTTP_ERRORS, open_transport
from minutekeeper.providers.meetingbaas.oauth_errors import ADVICE, access_problem_source
from minutekeeper.providers.meetingbaas.redaction import redact
from minutekeeper.providers.meetingbaas.response_bodies import Body, ResponseTooLargeError, in_memory, on_disk

_CALENDARS = "/calendar"

_NO_TOKENS = "insufficienttokens"

_CONFLICTS = ("duplicate", "already")

_LOST_ON_THE_WAY = frozenset({408, 425, 499})
"""Codes of servers and proxies for a request that was not completed, whatever its purpose."""


class ConflictError(RequestRejectedError):
    """The request is already fulfilled: a second bot for a meeting, or the end of a bot that has ended."""


@dataclass(frozen=True)
class HttpResponse:
    """A complete response. The names of `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: Body

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def error_for(call: str, response: HttpResponse, secrets: Iterable[str]) -> ProviderError:
    """The error for a response outside 2xx; `call` names the request, such as `POST /bots/`."""
    status, answer = response.status, bytes(response.body).decode("utf-8", "replace")
    said = f"Meeting BaaS answered {call} with {status}: {redact(answer, secrets) or '(no text)'}"
    if _CALENDARS in call and (trouble := access_problem_source(answer)):
        return CalendarAccessError(f"{said}{ADVICE[trouble]}", trouble)
    kind, advice = _meaning(status, answer.lower())
    if 300 <= status < 400:
        target = redact(response.headers.get("Location", ""), secrets)
        advice = f" A redirect to {target or 'nowhere'} is not followed; check the base URL."
    message = f"{said}{advice}"
    if kind is RateLimitedError:
        headers = response.headers
        return RateLimitedError(message, retry_after(headers.get("Retry-After", ""), headers.get("Date", "")))
    return kind(message)


def _meaning(status: int, words: str) -> tuple[type[ProviderError], str]:
    """The first rule that applies, with advice for people."""
    rules: tuple[tuple[bool, type[ProviderError], str], ...] = (
        (not 400 <= status < 500 or status in _LOST_ON_THE_WAY, UnavailableError, ""),
        (
            status == 402 or _NO_TOKENS in re.sub(r"[^a-z]", "", words),
            AccountError,
            " The account has no tokens left.",
        ),
        (status == 401, AccountError, " The API key is missing or wrong."),
        (status == 429, RateLimitedError, ""),
        (status == 404, NotFoundError, ""),
        (status == 409 or any(word in words for word in _CONFLICTS), ConflictError, ""),
        (status == 403, AccountError, " The account may not do this."),
    )
    return next(
        ((kind, advice) for applies, kind, advice in rules if applies),
        (RequestRejectedError, ""),
    )


def retry_after(value: str, answered_at: str = "") -> float | None:
    """Seconds to wait from a `Retry-After` header in either of its forms; None if it says nothing usable.

    A date is measured from the response's own `Date`, if it has one, because this machine's clock may be wrong.
    """
    try:
        seconds = float(value)
    except ValueError:
        until = _date(value)
        if until is None:
            return None
        seconds = (until - (_date(answered_at) or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


API_KEY_HEADER = "x-meeting-baas-api-key"

MAX_CONNECTIONS = 100

_CONNECT_SECONDS = 5.0

_WARM_UP_TIMEOUT = 2.5
"""Shorter than the time for which connections are warmed up in advance, which must not pass without an answer."""

_ANSWER_SECONDS = 30.0

_MAX_BYTES = 64 * 1024 * 1024
"""Ten times the size of a list of thousands of bots or events."""

MOST_BYTES_ON_DISK = 512 * 1024 * 1024
"""The transcript of a recording of five hours, the longest there is, has 5 MiB; that of 139 hours has 140."""

_SMALL_BYTES = 1024 * 1024

_HEADERS = {"Accept-Encoding": "gzip, deflate"}
"""The encodings that httpx always supports; aiohttp would request its own."""

_TIMEOUTS = {"timeout": httpx.Timeout(None, connect=_CONNECT_SECONDS).as_dict()}

_SECRET_FIELDS = ("oauth_client_id", "oauth_client_secret", "oauth_refresh_token")

_parsed = functools.lru_cache(maxsize=256)(httpx.URL)
"""Parsing a URL takes a tenth of the time of a request."""

_Request = Callable[[], httpx.Request]

_Receive = Callable[[AsyncIterator[bytes]], Awaitable[Body]]


class MeetingBaasHttp:
    """Redirects are never followed, because the key would be sent elsewhere.

    Errors show neither keys nor complete URLs.

    `on_call` is called for each call.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        secrets: Iterable[str] = (),
        on_call: Callable[[], None] | None = None,
    ) -> None:
        self._api_key = api_key.strip()
        self.secrets = (self._api_key, *secrets)
        if not self._api_key.isascii() or not self._api_key.isprintable():
            raise ValueError("The Meeting BaaS API key holds characters that no key has; copy it again.")
        self._on_call = on_call
        self._base_url = base_url.rstrip("/")
        # Not httpx's client, because its other features cost half as much CPU again.
        self._transport = open_transport(connections=MAX_CONNECTIONS, proxy=_proxy_for(self._base_url))
        self._is_closed = False

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = _ANSWER_SECONDS,
    ) -> bytes:
        """The body of a 2xx response, which must be complete in `seconds`, including the wait for the pool."""
        headers = {API_KEY_HEADER: self._api_key}
        written = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            written = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = functools.partial(self._request, method, path, headers, params, written)
        return bytes(await self._answer(request, f"{method} {path}", seconds, in_memory, self._secrets_of(body)))

    async def fetch(self, path: str, *, params: Mapping[str, str], seconds: float = _ANSWER_SECONDS) -> Body:
        """The same for a GET whose response may be large."""
        request = functools.partial(self._request, "GET", path, {API_KEY_HEADER: self._api_key}, params)
        return await self._answer(request, f"GET {path}", seconds, on_disk, self.secrets)

    async def warm_up(self, calls: int) -> None:
        """Opens connections in the pool for so many concurrent calls. Sends no key, and never raises."""
        # Errors are ignored here, because the calls that follow will report them.
        await asyncio.gather(
            *(self._open_idle_connection() for _ in range(min(calls, MAX_CONNECTIONS))), return_exceptions=True
        )

    async def aclose(self) -> None:
        self._is_closed = True
        await self._transport.aclose()

    async def _open_idle_connection(self) -> None:
        async with asyncio.timeout(_WARM_UP_TIMEOUT):
            # Not HEAD, because the connection is closed if its response has no length.
            await self._ask(self._request("GET", "/", {}), in_memory)

    async def _answer(
        self, request: _Request, call: str, seconds: float, receive: _Receive, secrets: Sequence[str]
    ) -> Body:
        """The body of a 2xx response. `request` creates the request, `call` names it."""
        if self._on_call is not None:
            self._on_call()
        try:
            async with asyncio.timeout(seconds):
                answer = await self._ask(request(), receive)
        except ResponseTooLargeError as error:
            raise ResponseTooLargeError(f"Meeting BaaS answered {call} with {error}") from None
        except HTTP_ERRORS as error:
            why = redact(str(error), secrets) or f"no answer within {seconds:g} seconds"
            # The chain is cut because the causes of these errors quote whole URLs.
            raise UnavailableError(f"Meeting BaaS cannot be reached for {call}: {why}") from None
        if not answer.is_success:
            raise error_for(call, answer, secrets)
        return answer.body

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> httpx.Request:
        return httpx.Request(
            method,
            _parsed(self._base_url + path),
            params=params,
            headers={**_HEADERS, **headers},
            content=body,
            extensions=_TIMEOUTS,
        )

    async def _ask(self, request: httpx.Request, receive: _Receive) -> HttpResponse:
        if self._is_closed:
            raise httpx.TransportError("the connection was closed on our side")
        answer = await self._transport.handle_async_request(request)
        try:
            body = await (receive if answer.is_success else in_memory)(answer.aiter_bytes())
            return HttpResponse(answer.status_code, answer.headers, body)
        finally:
            await answer.aclose()

    def _secrets_of(self, body: Mapping[str, Any] | None) -> tuple[str, ...]:
        return (*self.secrets, *_secrets_in(body))


def _proxy_for(url: str) -> str | None:
    """The proxy of the environment, looked up once, because aiohttp would do so in a thread at every call."""
    parts = urllib.parse.urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _secrets_in(body: Mapping[str, Any] | None) -> list[str]:
    """Secrets that the response to this body may quote. Webhook tokens are in URLs, which are never shown."""
    fields = body or {}
    speech = fields.get("speech_to_text") or {}
    return [speech.get("api_key", ""), *(fields.get(name, "") for name in _SECRET_FIELDS)]
