"""A rush that is larger than the account's limit: who goes when, on one worker and on several."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from temporalio.exceptions import ApplicationError

from activities.account_rate_limit import AccountRateLimit, NotYetError
from activities.bots import BotActivities
from activities.dispatch_batches import Clock
from activities.dispatch_slots import AccountLimitQueue, DispatchPacing
from minutekeeper.config import Settings
from minutekeeper.meetings.dispatch_timing import DEFAULT_DISPATCH_TIMING
from minutekeeper.providers.registry import Providers
from tests.activities.test_attempts import Counting
from tests.activities.test_bots import WORKFLOW, an_attempt, order, send
from tests.workflows.scripted import LEAD

START = datetime(2100, 1, 1, 10, 0, tzinfo=UTC)
CALL_AT = START - timedelta(minutes=4)
ANY_PATIENCE = 10_000.0


@dataclass
class Store:
    """What Temporal's visibility store says of an instant: its meetings in the order of their booking."""

    meetings: list[str]
    now: datetime = CALL_AT - timedelta(minutes=1)
    instant: datetime = START
    counted: int = 0
    listed: int = 0

    async def count(self, query: str) -> int:
        assert f'MeetingStart >= "{self.instant.isoformat()}"' in query
        self.counted += 1
        return len(self.meetings)

    async def list(self, query: str) -> list[str]:
        assert query
        self.listed += 1
        return list(self.meetings)

    def a_worker(self) -> AccountLimitQueue:
        return AccountLimitQueue(self.clock, self.count, self.list)

    @property
    def clock(self) -> Clock:
        return self._Clock(self)

    @dataclass
    class _Clock:
        store: "Store"

        def now(self) -> datetime:
            return self.store.now

        async def sleep_until(self, instant: datetime) -> None:
            raise AssertionError(instant)

        def hear(self, server_time: datetime) -> None:
            raise AssertionError(server_time)


@pytest.mark.parametrize(("size", "per_second"), [(1000, 20.0), (500, 2.0), (11, 20.0), (30, 5.0)])
async def test_slots_lie_around_the_instant_in_the_order_of_booking(size: int, per_second: float) -> None:
    store = Store([f"m-{number}" for number in range(size)])
    workers = [store.a_worker(), store.a_worker()]
    slots = []
    for number, name in enumerate(store.meetings):
        slot = await workers[number % 2].slot(name, START, CALL_AT, per_second)
        assert slot is not None
        slots.append((slot - CALL_AT).total_seconds())
    assert slots == sorted(slots)
    assert slots[0] == pytest.approx(-slots[-1])
    assert slots[-1] - slots[0] <= size / per_second + 2
    assert min(later - earlier for earlier, later in pairwise(slots)) >= 1 / per_second
    assert (store.counted, store.listed) == (2, 2), "once for each worker"


@pytest.mark.parametrize("size", [1, 10])
async def test_what_fits_into_half_a_second_is_no_rush(size: int) -> None:
    store = Store([f"m-{number}" for number in range(size)])
    assert await store.a_worker().slot("m-0", START, CALL_AT, 20.0) is None
    assert store.listed == 0


async def test_who_is_booked_last_goes_last_and_is_seen_within_seconds() -> None:
    store = Store([f"m-{number}" for number in range(40)])
    worker = store.a_worker()
    last = await worker.slot("m-39", START, CALL_AT, 20.0)
    late = await worker.slot("late", START, CALL_AT, 20.0)
    store.meetings += ["late", "later"]
    store.meetings.remove("m-3")
    store.meetings.remove("m-4")
    store.now += timedelta(seconds=6)
    await worker.slot("late", START, CALL_AT, 20.0)
    await asyncio.sleep(0)
    slots = [await worker.slot(name, START, CALL_AT, 20.0) for name in ("m-39", "late", "later")]
    assert None not in (last, late, *slots)
    assert last < late  # type: ignore[operator]  # there are no None
    assert slots == sorted(slots)  # type: ignore[type-var]  # none is None


@dataclass
class Account:
    """A clock that the test holds, and an account that takes so many requests in any second of it."""

    allows: int
    now: float = 1000.0
    sent: dict[str, float] = field(default_factory=dict)
    refusals: int = 0
    _taken: list[float] = field(default_factory=list)

    def takes(self) -> bool:
        self._taken = [at for at in self._taken if self.now - at < 1]
        if len(self._taken) == self.allows:
            self.refusals += 1
            return False
        self._taken.append(self.now)
        return True

    async def send(self, limit: AccountRateLimit, name: str, importance: float = 0.0) -> None:
        at = START + timedelta(seconds=importance)
        while True:
            await limit.acquire((at, at), ANY_PATIENCE)
            if self.takes():
                limit.accepted()
                self.sent[name] = self.now
                return
            limit.refused()
            await asyncio.sleep(1)


@pytest.fixture
def sleepless(monkeypatch: pytest.MonkeyPatch) -> Callable[[Account], contextlib.AbstractAsyncContextManager[None]]:
    """Lets an account's clock run as fast as everybody who sleeps allows."""
    real = asyncio.sleep
    sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
    numbers = iter(range(10_000_000))

    @contextlib.asynccontextmanager
    async def running(account: Account) -> AsyncIterator[None]:
        async def sleep(seconds: float) -> None:
            woken = asyncio.get_running_loop().create_future()
            sleepers.append((account.now + max(seconds, 1e-6), next(numbers), woken))
            await woken

        async def run() -> None:
            while True:
                for _ in range(5):
                    await real(0)
                if sleepers:
                    sleepers.sort()
                    until, _, woken = sleepers.pop(0)
                    account.now = max(account.now, until)
                    if not woken.done():
                        woken.set_result(None)

        monkeypatch.setattr(asyncio, "sleep", sleep)
        clock = asyncio.create_task(run())
        yield
        clock.cancel()
        monkeypatch.setattr(asyncio, "sleep", real)

    return running


Sleepless = Callable[[Account], contextlib.AbstractAsyncContextManager[None]]


@pytest.mark.parametrize("allows", [2, 20])
async def test_one_worker_keeps_to_the_limit(sleepless: Sleepless, allows: int) -> None:
    account = Account(allows)
    limit = AccountRateLimit(allows, lambda: account.now)
    async with sleepless(account):
        await asyncio.gather(*(account.send(limit, f"m-{number}") for number in range(200)))
    assert account.refusals == 0
    assert max(account.sent.values()) - 1000 <= 200 / allows + 2


@pytest.mark.parametrize(("believed", "allows", "workers"), [(20, 2, 1), (20, 5, 2), (0, 20, 1), (0, 10, 3)])
async def test_a_lower_limit_is_learned_from_refusals(
    sleepless: Sleepless, believed: int, allows: int, workers: int
) -> None:
    account = Account(allows)
    limits = [AccountRateLimit(believed, lambda: account.now) for _ in range(workers)]
    async with sleepless(account):
        await asyncio.gather(
            *(account.send(limits[number % workers], f"m-{number}") for number in range(60)),
        )
    assert len(account.sent) == 60
    assert account.refusals <= 150
    assert max(account.sent.values()) - 1000 <= 60 / allows * 2 + 5


@pytest.mark.parametrize("believed", [0, 20])
@pytest.mark.parametrize(("accepted", "refused"), [(0, 10), (1, 2), (10, 8)])
async def test_a_few_refusals_teach_nothing(believed: int, accepted: int, refused: int) -> None:
    """Such as of a worker that makes half of the account's requests, and is late with some of them."""
    now = 1000.0
    limit = AccountRateLimit(believed, lambda: now)
    for number in range(4 * accepted):
        now = 1000 + number / max(accepted, 1)
        limit.accepted()
    for _ in range(refused):
        limit.refused()
    assert limit.per_second == believed


async def test_the_most_important_go_first(sleepless: Sleepless) -> None:
    account = Account(20)
    limit = AccountRateLimit(20, lambda: account.now)
    names = [number * 7 % 50 for number in range(50)]
    async with sleepless(account):
        await asyncio.gather(*(account.send(limit, str(name), importance=name) for name in names))
    order = [int(name) for name, _ in sorted(account.sent.items(), key=lambda item: item[1])]
    assert order == sorted(order)


async def test_who_cannot_wait_is_told_how_long_it_takes() -> None:
    limit = AccountRateLimit(2, lambda: 1000.0)
    waiting = [asyncio.create_task(limit.acquire((START, START), ANY_PATIENCE)) for _ in range(21)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(NotYetError) as refused:
        await limit.acquire((START, START), 5)
    assert refused.value.seconds == pytest.approx(10, abs=1)
    for task in waiting:
        task.cancel()


async def test_a_bot_whose_slot_is_far_is_handed_back_until_then_and_not_searched_for() -> None:
    provider = Counting()
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    names = [f"m-{number}" for number in range(1999)]
    store = Store([*names, WORKFLOW], now=datetime.now(UTC), instant=due + LEAD)
    pacing = DispatchPacing(limit=AccountRateLimit(20), queue=store.a_worker())
    kept: list[list[object]] = []
    lives = timedelta(hours=1)
    environment = an_attempt(start_to_close_timeout=timedelta(seconds=20), schedule_to_close_timeout=lives)
    environment.on_heartbeat = lambda *details: kept.append(list(details))
    bots = BotActivities(Providers([provider]), public_url="https://bridge.example", secret="s3cret", pacing=pacing)
    with pytest.raises(ApplicationError) as handed_back:
        await environment.run(bots.send_bot, order(dispatch_at=due))
    assert (handed_back.value.type, handed_back.value.details[0]) == ("NotYet", True)
    assert handed_back.value.next_retry_delay is not None
    assert handed_back.value.next_retry_delay.total_seconds() == pytest.approx(10 + 50.7 - 3, abs=2)
    store.meetings = [WORKFLOW, *names]
    another = DispatchPacing(limit=AccountRateLimit(20), queue=store.a_worker())
    sent = await send(provider, order(dispatch_at=due), pacing=another, attempt=2, heartbeat_details=kept[-1])
    assert sent.bot_id
    assert provider.searches == 0


@pytest.mark.parametrize(
    ("per_second", "largest", "ahead"),
    [(20, 1000, 45), (2, 1000, 270), (2, 500, 145), (0, 1000, 20), (2, 9000, 600)],
)
def test_meetings_wake_up_early_enough_for_half_a_rush(per_second: float, largest: int, ahead: float) -> None:
    settings = Settings(
        minutekeeper_requests_per_second=per_second,
        minutekeeper_largest_rush=largest,
        minutekeeper_dispatch_lead_seconds=20,
    )
    assert settings.wake_up.ahead == ahead


def test_who_books_without_settings_gets_what_they_are_by_default() -> None:
    assert Settings.model_construct().wake_up == DEFAULT_DISPATCH_TIMING


async def test_a_server_that_does_not_answer_holds_nobody_up() -> None:
    store = Store([f"m-{number}" for number in range(40)])
    worker = store.a_worker()
    known = await worker.slot("m-0", START, CALL_AT, 20.0)
    answered = asyncio.Event()

    async def hang(_query: str) -> int:
        await answered.wait()
        return 40

    worker = AccountLimitQueue(store.clock, hang, store.list)
    first = asyncio.create_task(worker.slot("m-0", START, CALL_AT, 20.0))
    await asyncio.sleep(0)
    answered.set()
    assert await first == known
    answered.clear()
    store.now += timedelta(seconds=6)
    assert await asyncio.wait_for(worker.slot("m-0", START, CALL_AT, 20.0), 1) == known
    answered.set()


async def test_a_rush_that_is_booked_at_the_last_moment_is_one_before_it_is_counted() -> None:
    worker = Store(["m-0"]).a_worker()
    slots = [await worker.slot(f"m-{number}", START, CALL_AT, 20.0) for number in range(40)]
    assert [slot for slot in slots[:10] if slot is not None] == []
    assert None not in slots[10:]
