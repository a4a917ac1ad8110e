"""The bots of one instant: who goes when, who waits for whom, and what a worker that stops does with them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from activities import dispatch_batches
from activities.dispatch_batches import DispatchBatches, WorkerShutdownError

INSTANT = datetime(2100, 1, 1, 9, 56, tzinfo=UTC)
PATIENCE = 10.0


@dataclass
class Stage:
    """A worker whose clock the test holds: `at` is what those who sleep believe, moved by `pass_to`."""

    at: datetime = INSTANT - timedelta(seconds=0.3)
    warmed: list[int] = field(default_factory=list)
    sent: dict[int, datetime] = field(default_factory=dict)
    reported: list[int] = field(default_factory=list)
    handed_back: list[int] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    orders: dict[int, asyncio.Task[int]] = field(default_factory=dict)
    slow: dict[int, asyncio.Event] = field(default_factory=dict)
    _ticked: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.volleys = DispatchBatches(self, self._warm_up, self._shutdown)

    def arm(self, number: int) -> asyncio.Task[int]:
        self.orders[number] = asyncio.create_task(self._order(number))
        return self.orders[number]

    async def pass_to(self, instant: datetime, step: timedelta = timedelta(milliseconds=10)) -> None:
        await settle()
        while self.at < instant:
            self.at = min(self.at + step, instant)
            async with self._ticked:
                self._ticked.notify_all()
            await settle()

    async def _order(self, number: int) -> int:
        try:
            async with self.volleys.slot(INSTANT):
                self.sent[number] = self.at
                if number in self.slow:
                    await self.slow[number].wait()
        except WorkerShutdownError:
            self.handed_back.append(number)
            raise
        self.reported.append(number)
        return number

    def now(self) -> datetime:
        return self.at

    def hear(self, server_time: datetime) -> None:
        raise AssertionError(server_time)

    async def sleep_until(self, instant: datetime) -> None:
        async with self._ticked:
            await self._ticked.wait_for(lambda: self.at >= instant)

    async def _warm_up(self, calls: int) -> None:
        self.warmed.append(calls)

    async def _shutdown(self) -> None:
        await self.stop.wait()


async def settle() -> None:
    """Until nobody has anything to do at this moment."""
    for _ in range(10):
        await asyncio.sleep(0)


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not is_true():  # noqa: ASYNC110 - a condition of the test's own
            await asyncio.sleep(0.01)


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(dispatch_batches, "_HELD_SECONDS", 60)
    stage = Stage()
    yield stage
    stage.stop.set()
    for event in stage.slow.values():
        event.set()
    await stage.pass_to(INSTANT)
    for order in stage.orders.values():
        with contextlib.suppress(WorkerShutdownError, asyncio.CancelledError):
            await order


async def test_one_alone_goes_at_its_instant(stage: Stage) -> None:
    stage.arm(0)
    await stage.pass_to(INSTANT - timedelta(milliseconds=10))
    assert not stage.sent
    await stage.pass_to(INSTANT)
    assert stage.sent == {0: INSTANT}
    assert stage.reported == [0]


async def test_those_of_a_rush_go_in_turn_and_the_last_one_on_time(stage: Stage) -> None:
    for number in range(100):
        stage.arm(number)
    await stage.pass_to(INSTANT, timedelta(milliseconds=1))
    await until(lambda: len(stage.sent) == 100)
    assert list(stage.sent) == list(range(100))
    times = list(stage.sent.values())
    assert times == sorted(times)
    assert times[0] == INSTANT - timedelta(milliseconds=49)
    assert times[-1] == INSTANT


async def test_nobody_goes_more_than_a_quarter_of_a_second_early(stage: Stage) -> None:
    for number in range(2000):
        stage.arm(number)
    await stage.pass_to(INSTANT, timedelta(milliseconds=5))
    await until(lambda: len(stage.sent) == 2000)
    assert min(stage.sent.values()) >= INSTANT - timedelta(seconds=0.25)


async def test_connections_are_made_once_for_all(stage: Stage) -> None:
    for number in range(50):
        stage.arm(number)
    await stage.pass_to(INSTANT)
    assert stage.warmed == [50]


async def test_nobody_reports_before_all_are_sent(stage: Stage) -> None:
    stage.slow[1] = asyncio.Event()
    for number in range(3):
        stage.arm(number)
    await stage.pass_to(INSTANT)
    assert len(stage.sent) == 3
    assert not stage.reported
    stage.slow[1].set()
    await until(lambda: sorted(stage.reported) == [0, 1, 2])


async def test_a_send_that_hangs_holds_the_others_up_only_for_a_while(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch_batches, "_HELD_SECONDS", 0.05)
    stage.slow[0] = asyncio.Event()
    for number in range(3):
        stage.arm(number)
    await stage.pass_to(INSTANT)
    await until(lambda: sorted(stage.reported) == [1, 2])
    assert not stage.orders[0].done()


async def test_who_comes_while_the_others_go_goes_too(stage: Stage) -> None:
    stage.slow[0] = asyncio.Event()
    stage.arm(0)
    await stage.pass_to(INSTANT)
    assert stage.sent
    stage.arm(1)
    await until(lambda: 1 in stage.sent)


async def test_a_cancelled_order_that_was_sent_gives_its_answer_at_once(stage: Stage) -> None:
    stage.slow[0] = asyncio.Event()
    stage.arm(0)
    sent = stage.arm(1)
    await stage.pass_to(INSTANT)
    assert not sent.done()
    sent.cancel()
    assert await sent == 1


async def test_a_cancelled_order_that_was_not_sent_never_is(stage: Stage) -> None:
    cancelled, other = stage.arm(0), stage.arm(1)
    await settle()
    cancelled.cancel()
    await stage.pass_to(INSTANT)
    assert await other == 1
    assert cancelled.cancelled()
    assert list(stage.sent) == [1]


async def test_a_failed_send_is_told_at_once(stage: Stage) -> None:
    stage.slow[0] = asyncio.Event()
    stage.arm(0)

    async def failing() -> None:
        async with stage.volleys.slot(INSTANT):
            raise ConnectionError

    failed = asyncio.create_task(failing())
    await stage.pass_to(INSTANT)
    with pytest.raises(ConnectionError):
        await failed
    assert not stage.reported


async def test_a_worker_that_stops_hands_all_back_at_once(stage: Stage) -> None:
    stage.at = INSTANT - timedelta(seconds=10)
    for number in range(3):
        stage.arm(number)
    await settle()
    stage.stop.set()
    await until(lambda: len(stage.handed_back) == 3)
    assert not stage.sent
    stage.arm(3)
    await until(lambda: 3 in stage.handed_back)


async def test_a_worker_that_stops_reports_what_it_holds(stage: Stage) -> None:
    stage.slow[0] = asyncio.Event()
    for number in range(3):
        stage.arm(number)
    await stage.pass_to(INSTANT)
    assert not stage.reported
    stage.stop.set()
    await until(lambda: sorted(stage.reported) == [1, 2])


async def test_a_worker_that_stops_in_the_last_second_still_sends(stage: Stage) -> None:
    armed = stage.arm(0)
    await settle()
    stage.stop.set()
    await settle()
    assert not armed.done()
    await stage.pass_to(INSTANT)
    assert await armed == 0


async def test_what_is_due_already_waits_for_nobody(stage: Stage) -> None:
    async with stage.volleys.slot(INSTANT - timedelta(seconds=1)):
        pass
    assert stage.warmed == []


async def test_other_instants_are_other_volleys(stage: Stage) -> None:
    stage.arm(0)

    async def later() -> None:
        async with stage.volleys.slot(INSTANT + timedelta(seconds=1)):
            pass

    waiting = asyncio.create_task(later())
    await stage.pass_to(INSTANT)
    assert stage.reported == [0]
    assert not waiting.done()
    await stage.pass_to(INSTANT + timedelta(seconds=1))
    await waiting


async def test_what_is_due_at_this_very_instant_waits_for_nobody_either(stage: Stage) -> None:
    stage.at = INSTANT
    async with stage.volleys.slot(INSTANT):
        pass
    assert stage.warmed == []


async def test_a_batch_that_was_sent_or_handed_back_leaves_no_task_behind(stage: Stage) -> None:
    before = asyncio.all_tasks()
    stage.at = INSTANT - timedelta(seconds=10)
    handed_back = stage.arm(0)
    await settle()
    assert len(asyncio.all_tasks()) > len(before) + 1
    stage.stop.set()
    with pytest.raises(WorkerShutdownError):
        await handed_back
    await until(lambda: asyncio.all_tasks() == before)
    stage.stop.clear()
    sent = stage.arm(1)
    await stage.pass_to(INSTANT)
    assert await sent == 1
    await until(lambda: asyncio.all_tasks() == before)
