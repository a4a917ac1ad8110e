from datetime import UTC, datetime, timedelta

from devtools.benchmarks.lateness import Calls
from devtools.benchmarks.provider import Ledger, Request

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def request(link: str, seconds: float, method: str = "POST") -> Request:
    received_at = NOON + timedelta(seconds=seconds)
    return Request(received_at=received_at, method=method, path="/bots/", body={"meeting_url": link})


def called(*requests: Request) -> Calls:
    return Calls(Ledger(requests=requests), NOON + timedelta(seconds=60))


def test_the_first_request_for_a_bot_counts() -> None:
    calls = called(request("a", -0.5), request("a", 3), request("b", 2), request("c", 1, method="GET"))
    assert calls.late({"a": NOON, "b": NOON}) == [-0.5, 2]


def test_a_bot_that_was_never_called_is_as_late_as_anybody_looked() -> None:
    calls = called(request("a", 1))
    due = {"a": NOON, "b": NOON}
    assert (calls.late(due), calls.missing(due)) == ([1, 60], 1)
