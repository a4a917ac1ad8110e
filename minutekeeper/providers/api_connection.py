"""HTTP requests to the API of a provider, whatever its errors mean."""

import asyncio
import functools
import json
import math
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from minutekeeper.providers.base import ProviderError, UnavailableError
from minutekeeper.providers.http_client import HTTP_ERRORS, open_transport
from minutekeeper.providers.redaction import redact
from minutekeeper.providers.response_bodies import Body, ResponseTooLargeError, in_memory, on_disk


@dataclass(frozen=True)
class HttpResponse:
    """A complete response. The names of `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: Body

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


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


MAX_CONNECTIONS = 100

_CONNECT_SECONDS = 5.0

_WARM_UP_TIMEOUT = 2.5
"""Shorter than the time for which connections are warmed up in advance, which must not pass without an answer."""

_ANSWER_SECONDS = 30.0

_HEADERS = {"Accept-Encoding": "gzip, deflate"}
"""The encodings that httpx always supports; aiohttp would request its own."""

_TIMEOUTS = {"timeout": httpx.Timeout(None, connect=_CONNECT_SECONDS).as_dict()}

_SECRET_NAMES = ("client_id", "secret", "refresh_token", "api_key")
"""How the names of fields end whose values an answer must not quote."""

_parsed = functools.lru_cache(maxsize=256)(httpx.URL)
"""Parsing a URL takes a tenth of the time of a request."""

_Request = Callable[[], httpx.Request]

_Receive = Callable[[AsyncIterator[bytes]], Awaitable[Body]]

_ErrorFor = Callable[[str, HttpResponse, Sequence[str]], ProviderError]


@dataclass(frozen=True, kw_only=True)
class ApiConventions:
    """What the API of one provider has of its own.

    `service` is the provider's name for people, `key_header` carries the key, with `key_prefix` in front of it;
    `error_for` makes the error of a response outside 2xx from the name of the call, the response and all secrets.
    """

    service: str
    key_header: str
    key_prefix: str = ""
    error_for: _ErrorFor


class ApiConnection:
    """Redirects are never followed, because the key would be sent elsewhere.

    Errors show neither the key nor another of the `secrets`, nor complete URLs. `on_call` is called for each call.
    Raises ValueError for a key that cannot be sent.
    """

    def __init__(
        self,
        api: ApiConventions,
        base_url: str,
        api_key: str,
        secrets: Iterable[str] = (),
        on_call: Callable[[], None] | None = None,
    ) -> None:
        api_key = api_key.strip()
        self.secrets = (api_key, *secrets)
        if not api_key.isascii() or not api_key.isprintable():
            raise ValueError(f"The {api.service} API key holds characters that no key has; copy it again.")
        self._api = api
        self._key = {api.key_header: api.key_prefix + api_key}
        self._on_call = on_call
        self._base_url = base_url.rstrip("/")
        # Not httpx's client, because its other features cost half as much CPU again.
        self._transport = open_transport(connections=MAX_CONNECTIONS, proxy=_proxy_for(self._base_url))
        self._is_closed = False

    async def call(  # noqa: PLR0913 - one argument for each part of a request
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float = _ANSWER_SECONDS,
    ) -> bytes:
        """The body of a 2xx response, which must be complete in `seconds`, including the wait for the pool."""
        sent = {**self._key, **(headers or {})}
        written = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            written = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        request = functools.partial(self._request, method, path, sent, params, written)
        return bytes(await self._answer(request, f"{method} {path}", seconds, in_memory, self._secrets_of(body)))

    async def fetch(self, path: str, *, params: Mapping[str, str], seconds: float = _ANSWER_SECONDS) -> Body:
        """The same for a GET whose response may be large."""
        request = functools.partial(self._request, "GET", path, self._key, params)
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
            raise ResponseTooLargeError(f"{self._api.service} answered {call} with {error}") from None
        except HTTP_ERRORS as error:
            why = redact(str(error), secrets) or f"no answer within {seconds:g} seconds"
            # The chain is cut because the causes of these errors quote whole URLs.
            raise UnavailableError(f"{self._api.service} cannot be reached for {call}: {why}") from None
        if not answer.is_success:
            raise self._api.error_for(call, answer, secrets)
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


def _secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Secrets that the response to this body may quote. Webhook tokens are in URLs, which are never shown."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in(item, key)
    elif isinstance(value, str) and name.endswith(_SECRET_NAMES):
        yield value
