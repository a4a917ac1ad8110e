"""Decides which URLs may be fetched, and opens connections to allowed addresses only.

URLs come from outside and must not reach the internal network, whatever redirects and name servers say.
"""

import asyncio
import re
import socket
import urllib.request
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_MAX_NAME = 253

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

_NUMBER = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)")
"""Notations that some systems resolve as an IPv4 address, such as 127.1, 2130706433 or 0x7f000001."""

_HTTPS = 443

_LEAST_PORT = 1024
"""Lower ports belong to mail, remote shells and the like, which an untrusted URL must not reach."""

_WITH_PRIVATE = "MINUTEKEEPER_WEBHOOK_PRIVATE_ADDRESSES"

_PUBLIC_IPV6 = IPv6Network("2000::/3")

_DOCUMENTATION = IPv6Network("3fff::/20")

_RELAYS = IPv4Network("192.88.99.0/24")
"""Anycast of 6to4, which is withdrawn: no files are served there."""

_TRANSLATED_IPV4 = IPv6Network("64:ff9b::/96")


class UrlNotAllowedError(Exception):
    """A URL that is not allowed. The message names at most its host, and what would allow it."""


@dataclass(frozen=True, kw_only=True)
class UrlPolicy:
    """Which URLs are allowed: without `hosts`, any host by https.

    `hosts` are patterns such as `*.example.com` or `127.0.0.1:8080`, in which `*` stands for any characters; one
    without a port means the port of the scheme. `private_addresses` allows what is not on the public internet:
    loopback, private, link-local and reserved addresses. URLs with a user name are never allowed. The last two say
    in refusals what would allow http and odd ports, and what private addresses.
    """

    hosts: tuple[str, ...] = ()
    private_addresses: bool = False
    exception: str = "which is followed only if MINUTEKEEPER_DOWNLOAD_HOSTS lists the host"
    private_setting: str = "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES"

    def check(self, url: URL) -> None:
        """Checks everything except the addresses behind a name. Raises UrlNotAllowedError."""
        if url.scheme not in {"http", "https"}:
            raise UrlNotAllowedError("the link is neither http nor https")
        host = _host(url)
        authority = host if url.is_default_port() else f"{host}:{url.port}"
        if self.hosts:
            self._check_list(authority)
        else:
            self._check_openly(url, authority)
        if url.user is not None or url.password is not None:
            raise UrlNotAllowedError(f"the link to {authority} carries a user name, as no recording's does")
        if (address := _address(host)) and not self.allows(address):
            raise UrlNotAllowedError(self._not_public(host))

    def _check_list(self, authority: str) -> None:
        if not any(_pattern(each).fullmatch(authority) for each in self.hosts):
            raise UrlNotAllowedError(f"the link leads to {authority}, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS")

    def usable(self, name: str, addresses: list[str]) -> list[str]:
        """The addresses of a name that may be connected to. Raises UrlNotAllowedError if there are none."""
        found = [each for each in addresses if (address := _address(each)) and self.allows(address)]
        if not found:
            raise UrlNotAllowedError(self._not_public(name))
        return found

    def allows(self, address: IPv4Address | IPv6Address) -> bool:
        return self.private_addresses or is_public(address)

    def _check_openly(self, url: URL, authority: str) -> None:
        if url.scheme != "https":
            raise UrlNotAllowedError(f"the link leads to {authority} by http, {self.exception}")
        if not is_web_port(_HTTPS if url.port is None else url.port):
            text = f"the link leads to {authority}, a port that is not the web's, {self.exception}"
            raise UrlNotAllowedError(text)

    def _not_public(self, host: str) -> str:
        allowing = f"{self.private_setting}=true allows such addresses"
        return f"the link leads to {host}, which is no public address; {allowing}"


def endpoint_policy(*, private_addresses: bool) -> UrlPolicy:
    """The policy for endpoints of outgoing events: public hosts by https, or with private addresses any host."""
    return UrlPolicy(
        hosts=("*",) if private_addresses else (),
        private_addresses=private_addresses,
        exception=f"which is allowed only with {_WITH_PRIVATE}=true",
        private_setting=_WITH_PRIVATE,
    )


def is_web_port(port: int) -> bool:
    """Whether a service of the web may have the port: the one of https, or one that belongs to no known service."""
    return port == _HTTPS or port >= _LEAST_PORT


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is public, also if it is an IPv4 address embedded in IPv6."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    if address in _TRANSLATED_IPV4:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    inner = address.ipv4_mapped or address.sixtofour
    if inner is not None:
        return is_public(inner)
    return address in _PUBLIC_IPV6 and address.is_global and address not in _DOCUMENTATION


def _host(url: URL) -> str:
    """The host as patterns see it: lower case, without a trailing dot, IPv6 in brackets."""
    host = (url.raw_host or "").lower().removesuffix(".")
    if (address := _address(host)) is not None:
        return f"[{address}]" if isinstance(address, IPv6Address) else host
    if len(host) > _MAX_NAME or not _NAME.fullmatch(host) or _NUMBER.fullmatch(host):
        raise UrlNotAllowedError("the link does not name a host")
    return host


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _pattern(host: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in host.split("*")))


_CONNECT_SECONDS = 10

_SILENCE_SECONDS = 30


def create_checked_session(slots: int, policy: UrlPolicy) -> aiohttp.ClientSession:
    """Creates the HTTP session for `slots` concurrent requests, in the running event loop; the caller closes it.

    Every request, the redirected ones too, may raise UrlNotAllowedError. Behind a proxy of the environment it is
    the proxy that looks names up: only names are checked then, and without a list of hosts what this machine knows
    of them as well.
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


async def _check_name(policy: UrlPolicy, host: str) -> None:
    """Refuses a name that resolves to a private address here.

    A proxy may resolve names that this machine cannot.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return
    for address in {str(each[4][0]) for each in found}:
        policy.usable(host, [address])


class CheckedResolver(AbstractResolver):
    """A resolver that only returns addresses that may be connected to.

    The connector uses exactly these without resolving again, so a name cannot change between check and use.
    """

    def __init__(self, policy: UrlPolicy, resolver: AbstractResolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._proxies = _proxies()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises UrlNotAllowedError if no address may be used, OSError if the name is unknown."""
        found = await self._resolver.resolve(host, port, family)
        if host in self._proxies:
            return found
        usable = self._policy.usable(host, [each["host"] for each in found])
        return [each for each in found if each["host"] in usable]

    async def close(self) -> None:
        await self._resolver.close()


def _proxies() -> frozenset[str | None]:
    """The hosts of the proxies in the environment, which may be private."""
    return frozenset(URL(url).raw_host for scheme, url in urllib.request.getproxies().items() if scheme != "no")
