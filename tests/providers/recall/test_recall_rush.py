"""A thousand meetings of one instant, at the 60 creations a minute that a workspace of Recall.ai has."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from activities.dispatch_batches import ServerClock
from activities.dispatch_slots import AccountLimitQueue
from devtools.simulator.rate_limit import RateLimit
from minutekeeper.meetings.dispatch import DispatchMode
from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import ADDRESS, ORDER
from tests.providers.response_server import Answer, ToldServer

_MEETINGS = [f"meeting-{number}" for number in range(1000)]
_START = datetime(2099, 1, 1, 10, 0, tzinfo=UTC)


async def _slots(recall: RecallProvider) -> list[datetime]:
    """When two workers that know nothing of each other send the bots."""

    async def count(query: str) -> int:
        assert _START.isoformat() in query
        return len(_MEETINGS)

    async def meetings(query: str) -> list[str]:
        assert query
        return _MEETINGS

    workers = [AccountLimitQueue(ServerClock(), count, meetings) for _ in range(2)]
    slots = []
    for number, name in enumerate(_MEETINGS):
        plan = recall.dispatch_plan(_START, _START - timedelta(hours=1))
        rate = recall.capabilities.requests_per_second
        slot = await workers[number % 2].slot(name, _START, plan.dispatch_at, rate)
        assert slot is not None
        slots.append(slot)
    return slots


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time of the simulator's limits."""
    now = [0.0]
    monkeypatch.setattr("devtools.simulator.rate_limit.time.time", lambda: now[0])
    yield now
    monkeypatch.undo()


async def test_none_is_refused_and_none_is_late(recall: RecallProvider, clock: list[float]) -> None:
    slots = sorted(await _slots(recall))
    window = RateLimit(60, 60.0)
    for slot in slots:
        clock[0] = slot.timestamp()
        assert window.take(), f"{slot} is one too many"
    assert slots[0] >= _START - timedelta(minutes=30)
    assert slots[-1] <= _START - timedelta(minutes=11)


async def test_each_has_a_machine_of_its_own_and_joins_before_the_start(
    recall: RecallProvider, server: ToldServer
) -> None:
    join_at = (_START - timedelta(seconds=15)).isoformat()
    server.always = Answer({"id": "b", "join_at": join_at, "status_changes": []}, status=201)
    for number, slot in enumerate(await _slots(recall)):
        order = ORDER.model_copy(update={"key": f"mk-{number}", "start_time": _START, "requested_since": slot})
        sent = await recall.dispatch(order, ADDRESS, slot)
        assert sent.mode is DispatchMode.RESERVED
    bodies = [asked.body for asked in server.asked]
    assert {datetime.fromisoformat(body["join_at"]) for body in bodies} == {_START - timedelta(seconds=15)}
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == len(_MEETINGS)
