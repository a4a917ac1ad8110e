"""HTTP client for external APIs: httpx on the connections of aiohttp.

httpx's own pool needs 22 s for a thousand requests at once.
"""

import functools
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

HTTP_ERRORS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)
"""The errors of a request without a complete answer; the transport passes some of aiohttp's errors through."""

_KEEP_ALIVE_SECONDS = 60.0


def open_transport(*, connections: int = 100, proxy: str | None = None) -> AiohttpTransport:
    """Follows no redirects, keeps no cookies, and reads nothing from the environment.

    Args:
        connections: How many are open at most; further requests wait for one.
        proxy: The proxy for every request, if there is one.
    """

    def open_session() -> aiohttp.ClientSession:
        """Creates the session at the first request, because it belongs to the event loop that runs then."""
        connector = aiohttp.TCPConnector(limit=connections, keepalive_timeout=_KEEP_ALIVE_SECONDS, ssl=_tls())
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy)

    return AiohttpTransport(client=open_session, verify=_tls())


def open_http_client(*, connect_seconds: float) -> httpx.AsyncClient:
    """A client that follows no redirects, keeps no cookies, and reads nothing from the environment.

    Only connecting has a time limit: callers limit a whole request with `asyncio.timeout`, which httpx cannot.
    """
    return httpx.AsyncClient(
        transport=open_transport(),
        timeout=httpx.Timeout(None, connect=connect_seconds),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        # With a proxy from the environment, httpx would use its own pool after all.
        trust_env=False,
    )


def error_name(error: BaseException) -> str:
    """The name of the error: aiohttp's own, because the transport reports every failed connection as a timeout."""
    is_translated = isinstance(error, httpx.HTTPError) and error.__cause__ is not None
    return type(error.__cause__ if is_translated else error).__name__


@functools.cache
def _tls() -> ssl.SSLContext:
    """Created once, because it reads the system's certificates."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(("http/1.1",))
    return context
