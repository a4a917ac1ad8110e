"""The session of downloads: its limits, the names that it looks up, and the proxies of this machine."""

import socket
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from aiohttp.web import Application, Request, Response
from yarl import URL

from minutekeeper.downloads.url_policy import (
    CheckedResolver,
    UrlNotAllowedError,
    UrlPolicy,
    create_checked_session,
)

OPEN = UrlPolicy()
INSIDE, OUTSIDE = "10.0.0.1", "93.184.216.34"


class Names(AbstractResolver):
    """A name server for all names; `asked` are the questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[tuple[str, int, int]] = []
        self.is_closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append((host, port, family))
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=6, flags=0)
            for address in self.addresses
        ]

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def found_by(resolver: CheckedResolver, host: str = "recordings.example") -> list[str]:
    return [each["host"] for each in await resolver.resolve(host)]


async def test_only_public_addresses_are_given_out() -> None:
    names = Names(INSIDE, OUTSIDE, "127.0.0.1", OUTSIDE)
    resolver = CheckedResolver(OPEN, names)
    assert await found_by(resolver) == [OUTSIDE, OUTSIDE]
    assert names.asked == [("recordings.example", 0, socket.AF_INET)]
    await resolver.resolve("recordings.example", 443, socket.AF_INET6)
    assert names.asked[1:] == [("recordings.example", 443, socket.AF_INET6)]
    await resolver.close()
    assert names.is_closed


async def test_a_name_that_leads_only_inwards_is_refused() -> None:
    with pytest.raises(UrlNotAllowedError) as refused:
        await CheckedResolver(OPEN, Names(INSIDE)).resolve("recordings.example")
    assert str(refused.value) == (
        "the link leads to recordings.example, which is no public address; "
        "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES=true allows such addresses"
    )
    assert await found_by(CheckedResolver(UrlPolicy(private_addresses=True), Names(INSIDE))) == [INSIDE]


async def test_a_proxy_of_this_machine_may_be_inside_but_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "http://other.example")
    resolver = CheckedResolver(OPEN, Names(INSIDE))
    assert await found_by(resolver, "proxy.example") == [INSIDE]
    for host in ("other.example", "recordings.example"):
        with pytest.raises(UrlNotAllowedError):
            await resolver.resolve(host)


async def test_a_session_waits_ten_seconds_for_a_connection_and_thirty_for_bytes() -> None:
    async with create_checked_session(4, OPEN) as session:
        assert session.timeout == aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
        assert session.connector is not None
        assert session.connector.limit == 4


async def test_a_session_keeps_no_cookies_unpacks_nothing_and_knows_the_proxies() -> None:
    async with create_checked_session(1, OPEN) as session:
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
        assert not session.auto_decompress
        assert session.trust_env


async def test_a_link_is_asked_for_as_it_is_spelt() -> None:
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.raw_path)
        return Response(status=302, headers={"Location": "/b%2Fc~%7E?x=%2F"}) if len(asked) == 1 else Response()

    app = Application()
    app.router.add_get("/{path:.*}", answer)
    async with (
        TestServer(app) as server,
        create_checked_session(1, UrlPolicy(hosts=("*",), private_addresses=True)) as session,
        session.get(URL(f"{server.make_url('/')}a%2Fb", encoded=True)) as response,
    ):
        assert response.status == 200
    assert asked == ["/a%2Fb", "/b%2Fc~%7E?x=%2F"]


class Proxy:
    """A proxy that notes whom it is asked for, and lets nothing through."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: Any) -> Response:
        self.asked.append(request.raw_path)
        return Response(status=502)


async def ask_through_proxy(
    monkeypatch: pytest.MonkeyPatch, policy: UrlPolicy, link: str, answers: dict[str, str]
) -> list[str]:
    """Whom the proxy was asked for, in a world in which names have these addresses."""

    def look_up(host: str, port: Any, *_: Any, **__: Any) -> Any:
        if host not in answers:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[host], port or 0))]

    proxy = Proxy()
    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(proxy.answer))
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        for scheme in ("http", "https"):
            monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{runner.addresses[0][1]}")
        async with create_checked_session(1, policy) as session:
            with pytest.raises((aiohttp.ClientError, UrlNotAllowedError)):
                await session.get(link, raise_for_status=True)
    finally:
        await runner.cleanup()
    return proxy.asked


@pytest.mark.parametrize(
    ("address", "is_asked"), [(OUTSIDE, True), (INSIDE, False), ("127.0.0.1", False), ("", True)]
)
async def test_a_proxy_is_asked_unless_the_name_leads_inwards_here(
    monkeypatch: pytest.MonkeyPatch, address: str, *, is_asked: bool
) -> None:
    answers = {"recordings.example": address} if address else {}
    asked = await ask_through_proxy(monkeypatch, OPEN, "https://recordings.example/x", answers)
    assert asked == (["recordings.example:443"] if is_asked else [])


async def test_with_a_list_of_hosts_the_name_is_the_proxys_business(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = UrlPolicy(hosts=("recordings.example",))
    answers = {"recordings.example": INSIDE}
    asked = await ask_through_proxy(monkeypatch, policy, "http://recordings.example/x", answers)
    assert asked == ["http://recordings.example/x"]


async def test_behind_a_proxy_this_machines_own_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    async with create_checked_session(1, OPEN) as session:
        with pytest.raises(UrlNotAllowedError, match="leads to localhost, which is no public address"):
            await session.get("https://localhost/x")
