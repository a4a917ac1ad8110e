"""Connections that lead only where a policy allows, whatever redirects and name servers say in between."""

import asyncio
import socket
import urllib.request

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from activities.links import LinkPolicy

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 30


def download_session(slots: int, policy: LinkPolicy) -> aiohttp.ClientSession:
    """The connections for `slots` downloads at a time; to be made in the running event loop, and closed.

    Every request, the redirected ones too, may raise RefusedLinkError. Behind a proxy of the environment it is the
    proxy that looks names up: only names are checked then, and without a list of hosts what this machine knows of
    them as well.
    """

    async def check(request: aiohttp.ClientRequest, follow: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        policy.check(request.url)
        if request.proxy is not None and not policy.hosts:
            await _check_name(policy, request.url.raw_host or "")
        return await follow(request)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=slots, resolver=CheckedResolver(policy, aiohttp.ThreadedResolver())),
        middlewares=[check],
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        requote_redirect_url=False,
        trust_env=True,
    )


async def _check_name(policy: LinkPolicy, host: str) -> None:
    """Refuses a name that leads inwards as far as this machine knows; a proxy may know names that it does not."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return
    for address in {str(each[4][0]) for each in found}:
        policy.usable(host, [address])


class CheckedResolver(AbstractResolver):
    """Gives out only addresses that may be connected to.

    The connector connects to just these, without asking again: a name cannot change between check and use.
    """

    def __init__(self, policy: LinkPolicy, resolver: AbstractResolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._proxies = _proxies()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises RefusedLinkError if no address may be used, OSError if the name is unknown."""
        found = await self._resolver.resolve(host, port, family)
        if host in self._proxies:
            return found
        usable = self._policy.usable(host, [each["host"] for each in found])
        return [each for each in found if each["host"] in usable]

    async def close(self) -> None:
        await self._resolver.close()


def _proxies() -> frozenset[str | None]:
    """The hosts of the proxies that this machine's owner has set: they may well be inside."""
    return frozenset(URL(url).raw_host for scheme, url in urllib.request.getproxies().items() if scheme != "no")
