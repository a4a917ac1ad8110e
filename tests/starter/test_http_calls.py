"""How the client over HTTP sends: what is repeated, for how long, and what becomes of answers that are none."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from minutekeeper.meetings.request import Reschedule
from starter.errors import ApiUnreachableError, MeetingError, NoWorkerError, StorageError, TemporalUnreachableError
from starter.http_client import HttpMeetingClient
from starter.meeting_models import BookingOutcome
from tests.starter.support import a_request

BOOKED = {"meeting_id": "m", "workflow_id": "meeting-m", "booking": "booked"}
CONTENT = bytes(range(256)) * 1000


def problem(status: int, code: str, detail: str = "Try again.", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"code": code, "detail": detail}, headers=named)


class Server:
    """Answers requests one after the other; an exception instead of an answer breaks the connection."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.left = list(answers)
        self.requests: list[httpx.Request] = []

    def client(self, seconds: float = 5) -> HttpMeetingClient:
        transport = httpx.MockTransport(self.answer)
        return HttpMeetingClient(
            "https://api.test/", "mk_key", patience=timedelta(seconds=seconds), transport=transport
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


BUSY = problem(429, "too_many_requests", Retry_After="1")
AWAY = problem(503, "temporal_unreachable", Retry_After="1")


@pytest.mark.parametrize("first", [BUSY, AWAY, httpx.ReadError("reset"), httpx.Response(502, text="<html>")])
async def test_a_booking_is_repeated_and_books_once(first: httpx.Response | Exception, pauses: list[float]) -> None:
    server = Server(first, httpx.Response(201, json=BOOKED))
    async with server.client() as client:
        assert (await client.start(a_request())).booking is BookingOutcome.BOOKED
    one, two = server.requests
    assert (one.content, one.headers["authorization"]) == (two.content, "Bearer mk_key")
    assert len(pauses) == 1
    if isinstance(first, httpx.Response) and "Retry-After" in first.headers:
        assert pauses == [1]


async def test_what_may_do_harm_twice_is_sent_once(pauses: list[float]) -> None:
    change = Reschedule(start_time=a_request().start_time)
    for first in (problem(503, "worker_missing", Retry_After="1"), httpx.ReadTimeout("")):
        server = Server(first)
        async with server.client() as client:
            with pytest.raises(NoWorkerError if isinstance(first, httpx.Response) else ApiUnreachableError):
                await client.reschedule("m", change)
        assert len(server.requests) == 1
    assert pauses == []


async def test_what_never_arrived_or_was_refused_for_its_rate_is_sent_again(pauses: list[float]) -> None:
    server = Server(httpx.ConnectError("refused"), BUSY, problem(409, "too_late", "It is over."))
    async with server.client() as client:
        with pytest.raises(MeetingError, match="It is over"):
            await client.leave("m")
    assert len(server.requests) == 3
    assert len(pauses) == 2


async def test_patience_ends(pauses: list[float]) -> None:
    async with Server(AWAY).client(seconds=0.5) as client:
        with pytest.raises(TemporalUnreachableError, match=r"Try again\."):
            await client.list()
    assert pauses == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(404, text="<html>nginx</html>"), "is not the API: status 404"),
        (httpx.Response(500, json=["?"]), "is not the API: status 500"),
        (httpx.Response(301, headers={"Location": "https://other.test/"}), "another address"),
        (httpx.ConnectError("no route"), "does not answer: no route"),
    ],
)
async def test_what_is_no_api_is_told_in_a_sentence(answer: httpx.Response | Exception, message: str) -> None:
    async with Server(answer).client(seconds=0) as client:
        with pytest.raises(ApiUnreachableError, match=message):
            await client.list()
        assert not await client.is_ready()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Broken(httpx.AsyncByteStream):
    """A body that breaks after some bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content
        raise httpx.ReadError("reset")


def file_list(sha256: str = hashlib.sha256(CONTENT).hexdigest()) -> httpx.Response:
    file = {"name": "recording.mp4", "content_type": "video/mp4", "size": len(CONTENT), "sha256": sha256}
    return httpx.Response(200, json={"files": [file], "transcript": "ready", "complete": True})


async def test_a_download_goes_on_where_it_broke(tmp_path: Path, pauses: list[float]) -> None:
    server = Server(
        file_list(),
        httpx.Response(302, headers={"Location": "https://bucket.test/signed"}),
        httpx.Response(200, stream=Broken(CONTENT[:1000])),
        httpx.Response(302, headers={"Location": "https://bucket.test/signed"}),
        httpx.Response(206, content=CONTENT[1000:]),
    )
    async with server.client() as client:
        stored = await client.download("m", "recording.mp4", tmp_path / "here.mp4")
    assert stored.size == len(CONTENT)
    assert (tmp_path / "here.mp4").read_bytes() == CONTENT
    assert names(tmp_path) == ["here.mp4"]
    assert server.requests[-1].headers["range"] == "bytes=1000-"
    assert [each.headers.get("authorization") for each in server.requests if each.url.host == "bucket.test"] == [
        None,
        None,
    ]
    assert len(pauses) == 1


async def test_a_download_that_differs_leaves_nothing(tmp_path: Path) -> None:
    wrong: list[Callable[[], Server]] = [
        lambda: Server(file_list("0" * 64), httpx.Response(200, content=CONTENT)),
        lambda: Server(file_list(), httpx.Response(200, content=CONTENT[1:])),
    ]
    for server in wrong:
        async with server().client() as client:
            with pytest.raises(MeetingError, match=r"recording\.mp4 has"):
                await client.download("m", "recording.mp4", tmp_path / "here.mp4")
    async with Server(file_list(), httpx.Response(200, content=CONTENT)).client() as client:
        with pytest.raises(StorageError, match="cannot be written"):
            await client.download("m", "recording.mp4", tmp_path / "none" / "here.mp4")
    assert names(tmp_path) == []


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, none of which takes time."""
    made: list[float] = []

    async def sleep(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr("starter.http_calls.asyncio.sleep", sleep)
    return made
