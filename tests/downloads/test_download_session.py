"""Downloads that somebody tries to lead elsewhere, against real servers and the system's own look-up of names."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from aiohttp import web

from minutekeeper.downloads import url_policy
from minutekeeper.downloads.downloader import Downloader, DownloadLimits, DownloadRefusedError, UrlRefusedError
from minutekeeper.downloads.resumable_file import ResumableFile
from minutekeeper.downloads.url_policy import UrlPolicy, create_checked_session
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.recorded_content import Media
from minutekeeper.storage.store import ArtifactStore
from tests.activities.conftest import LOOPBACK
from tests.activities.media_server import BLOCK, Fault, MediaServer

PUBLIC_ONLY = UrlPolicy(hosts=("*",))


async def fetch(store: ArtifactStore, policy: UrlPolicy, link: str) -> Artifact:
    """The link is all that there is: a new one is the same again."""
    media = Media(url=link, extension="mp4", expires_at=None)

    async def renew() -> Media:
        return media

    async with create_checked_session(1, policy) as session:
        download = Downloader(
            session, ResumableFile(store, "m/.unfinished/x"), renew, DownloadLimits(piece_bytes=BLOCK, pause=0.001)
        )
        return await download.run(media, lambda _: "m/recording.mp4", 0)


@asynccontextmanager
async def serving(server: MediaServer, host: str, port: int = 0) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(server.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield runner.addresses[0][1]
    finally:
        server.closing.set()
        await runner.cleanup()


@pytest.fixture
async def inside() -> AsyncIterator[MediaServer]:
    """A server that must never be asked."""
    server = MediaServer()
    async with serving(server, "127.0.0.1") as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server
    assert server.log == []


class Names:
    """Answers for `recordings.example` as a name server would, in order; the last answer stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[list[str]] = []
        self.asked = 0
        self._ask_system = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, port: int, *arguments: Any, **options: Any) -> Any:
        if host != "recordings.example":
            return self._ask_system(host, port, *arguments, **options)
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The test's own names, in a world in which 127.0.0.1 is public and all else is not."""

    def is_public(address: IPv4Address | IPv6Address) -> bool:
        return str(address) == "127.0.0.1"

    monkeypatch.setattr(url_policy, "is_public", is_public)
    return Names(monkeypatch)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "localhost",
        "LOCALHOST",
        "[::ffff:127.0.0.1]",
        "[::]",
        "s3.amazonaws.com@127.0.0.1",
        "s3.amazonaws.com%2f@127.0.0.1",
        "s3.amazonaws.com:80@localhost",
    ],
)
async def test_no_spelling_of_this_machine_is_reached(store: ArtifactStore, inside: MediaServer, host: str) -> None:
    link = inside.link().replace("127.0.0.1", host)

    with pytest.raises(UrlRefusedError) as refused:
        await fetch(store, PUBLIC_ONLY, link)

    assert "sig=" not in str(refused.value)
    assert await store.list() == []


async def test_a_host_that_is_not_allowed_is_not_reached(store: ArtifactStore, inside: MediaServer) -> None:
    policy = UrlPolicy(hosts=("127.0.0.1", "127.0.0.1:1"), private_addresses=True)

    with pytest.raises(
        UrlRefusedError, match=r"leads to 127\.0\.0\.1:\d+, which is not in MINUTEKEEPER_DOWNLOAD_HOSTS"
    ):
        await fetch(store, policy, inside.link())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "x@127.0.0.1"])
async def test_a_redirect_leads_only_to_allowed_hosts(
    store: ArtifactStore, media_server: MediaServer, inside: MediaServer, host: str
) -> None:
    media_server.faults.extend([Fault(location=inside.link().replace("127.0.0.1", host))] * 2)
    policy = UrlPolicy(hosts=(media_server.url.removeprefix("http://"),), private_addresses=True)

    with pytest.raises(UrlRefusedError, match="which is not in MINUTEKEEPER_DOWNLOAD_HOSTS"):
        await fetch(store, policy, media_server.link())

    assert len(media_server.log) == 2


async def test_a_redirect_to_a_private_address_is_refused(
    store: ArtifactStore, media_server: MediaServer, inside: MediaServer, names: Names
) -> None:
    names.answers = [["127.0.0.1"]]
    media_server.faults.extend([Fault(location=inside.link().replace("127.0.0.1", "127.0.0.2"))] * 2)

    with pytest.raises(UrlRefusedError, match=r"leads to 127\.0\.0\.2, which is no public address"):
        await fetch(store, PUBLIC_ONLY, media_server.link().replace("127.0.0.1", "recordings.example"))


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "http://[", "//", "/again"]
)
async def test_a_redirect_to_nowhere_ends_the_attempt(
    store: ArtifactStore, media_server: MediaServer, location: str
) -> None:
    media_server.faults.extend([Fault(location=location)] * 20)

    with pytest.raises(UrlRefusedError):
        await fetch(store, LOOPBACK, media_server.link())

    assert len(media_server.log) <= 12


async def test_an_allowed_redirect_is_followed_with_its_range(
    store: ArtifactStore, media_server: MediaServer
) -> None:
    onwards = Fault(location=media_server.link("t1"))
    media_server.tokens = {"t0", "t1"}
    media_server.faults.extend([onwards, onwards, Fault(only=3 * BLOCK), onwards])

    artifact = await fetch(store, LOOPBACK, media_server.link())

    assert await store.get(artifact.path) == media_server.content
    assert [request.start for request in media_server.log] == [None] * 3 + [3 * BLOCK] * 2
    assert media_server.log[-1].raw_path == "/r%2Fec~%7Eording.mp4?X-Amz-Credential=AK%2F1&sig=t1%3D"


async def test_a_name_is_looked_up_once_for_check_and_use(
    store: ArtifactStore, media_server: MediaServer, names: Names
) -> None:
    names.answers = [["127.0.0.1"], ["127.0.0.2"]]

    await fetch(store, PUBLIC_ONLY, media_server.link().replace("127.0.0.1", "recordings.example"))

    assert names.asked == 1


async def test_a_name_that_turns_inwards_later_is_refused_then(
    store: ArtifactStore, media_server: MediaServer, names: Names
) -> None:
    within = MediaServer()
    link = media_server.link().replace("127.0.0.1", "recordings.example")
    async with serving(within, "127.0.0.2", int(media_server.url.rpartition(":")[2])):
        names.answers = [["127.0.0.1"]]
        await fetch(store, PUBLIC_ONLY, link)
        names.answers = [["127.0.0.2"]]
        with pytest.raises(UrlRefusedError, match=r"leads to recordings\.example, which is no public address"):
            await fetch(store, PUBLIC_ONLY, link)

        names.answers = [["127.0.0.2", "127.0.0.1", "127.0.0.2"]]
        await fetch(store, PUBLIC_ONLY, link)

    assert within.log == []


async def test_a_proxy_is_not_asked_for_a_name_that_leads_inwards(
    store: ArtifactStore, media_server: MediaServer, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", media_server.url)
    monkeypatch.setenv("no_proxy", "")
    names.answers = [["127.0.0.1", "127.0.0.2"]]

    with pytest.raises(DownloadRefusedError, match=r"leads to recordings\.example, which is no public address"):
        await fetch(store, UrlPolicy(), "https://recordings.example/video.mp4?sig=t0")

    assert media_server.log == []


@pytest.mark.parametrize("proxy", ["127.0.0.1", "localhost"])
async def test_a_proxy_of_the_environment_may_be_inside(
    store: ArtifactStore, media_server: MediaServer, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", media_server.url.replace("127.0.0.1", proxy))
    monkeypatch.setenv("no_proxy", "")
    policy = UrlPolicy(hosts=("recordings.example",))

    await fetch(store, policy, "http://recordings.example/video.mp4?sig=t0")

    assert media_server.log[0].raw_path == "http://recordings.example/video.mp4?sig=t0"
    with pytest.raises(UrlRefusedError, match="which is not in MINUTEKEEPER_DOWNLOAD_HOSTS"):
        await fetch(store, policy, "http://inside.example/video.mp4?sig=t0")
