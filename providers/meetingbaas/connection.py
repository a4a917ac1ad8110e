"""One bounded, warm pool of connections to the API, and what may go wrong on it put into our errors."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

from providers.base import UnavailableError
from providers.meetingbaas.errors import error_for
from providers.meetingbaas.redaction import redact

API_KEY_HEADER = "x-meeting-baas-api-key"
MAX_CONNECTIONS = 100
KEEP_ALIVE_SECONDS = 60.0

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 30.0
_SECRET_FIELDS = ("oauth_client_id", "oauth_client_secret", "oauth_refresh_token")


class Connection:
    """Redirects are never followed: they would take the key elsewhere. Errors show neither keys nor whole URLs."""

    def __init__(self, base_url: str, api_key: str, secrets: Iterable[str] = ()) -> None:
        self._api_key = api_key.strip()
        self.secrets = (self._api_key, *secrets)
        if not self._api_key.isascii() or not self._api_key.isprintable():
            raise ValueError("The Meeting BaaS API key holds characters that no key has; copy it again.")
        self._warmed: deque[float] = deque(maxlen=MAX_CONNECTIONS)
        self._http = HttpxAiohttpClient(
            base_url=base_url,
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_SECONDS),
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        seconds: float = _ANSWER_SECONDS,
    ) -> bytes:
        """The body of a 2xx answer, which must be whole within so many seconds, the wait for the pool included."""
        call = f"{method} {path}"
        secrets = (*self.secrets, *_secrets_in(body))
        patience = httpx.Timeout(max(seconds, _ANSWER_SECONDS), connect=_CONNECT_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.request(
                    method,
                    path,
                    params=params,
                    json=body,
                    headers={API_KEY_HEADER: self._api_key},
                    timeout=patience,
                )
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            why = redact(str(error), secrets) or f"no answer within {seconds:g} seconds"
            # The chain is cut because the causes of these errors quote whole URLs.
            raise UnavailableError(f"Meeting BaaS cannot be reached for {call}: {why}") from None
        if not response.is_success:
            raise error_for(call, response, secrets)
        return response.content

    async def warm_up(self) -> None:
        """Has a connection in the pool, without showing the key to anyone. Never raises.

        Calls at the same moment open one connection each, until the pool is full; more would only wait for it.
        """
        now = asyncio.get_running_loop().time()
        if len(self._warmed) == MAX_CONNECTIONS and now - self._warmed[0] < KEEP_ALIVE_SECONDS:
            return
        self._warmed.append(now)
        # Whatever is wrong here, the call that this was done for will say so.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CONNECT_SECONDS):
                # Not HEAD: where the answer to it has no length, the connection is closed after it.
                await self._http.get("/")

    async def aclose(self) -> None:
        await self._http.aclose()


def _secrets_in(body: Mapping[str, Any] | None) -> list[str]:
    """What the answer to this body may repeat. Webhook tokens stand in URLs, which are never shown."""
    fields = body or {}
    speech = fields.get("speech_to_text") or {}
    return [speech.get("api_key", ""), *(fields.get(name, "") for name in _SECRET_FIELDS)]
