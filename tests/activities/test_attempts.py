"""What one attempt at a send may do: by which clock it goes, when it searches, how long the next one waits."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import send_attempt as attempts
from activities.bots import BotActivities
from activities.dispatch_batches import ServerClock, elapsed_seconds
from activities.dispatch_slots import DispatchPacing
from minutekeeper.providers.base import FoundBot, RateLimitedError, UnavailableError
from minutekeeper.providers.registry import Providers
from tests.activities.test_bots import Listing, an_attempt, found, order, send
from tests.workflows.scripted import ScriptedProvider

SEND_LIMIT = timedelta(seconds=30)


@dataclass
class Skewed:
    """A wall clock that is wrong by so many seconds."""

    seconds: float

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)


WRONG = [10.0, -10.0, 3600.0, -3600.0]


@pytest.mark.parametrize("skew", WRONG)
async def test_a_wrong_clock_refuses_no_send_and_delays_none(skew: float) -> None:
    provider, now = ScriptedProvider(), datetime.now(UTC)
    at_once = order(start_time=now, requested_at=now)
    clock = ServerClock(Skewed(skew))
    await asyncio.wait_for(
        send(provider, at_once, pacing=DispatchPacing(clock), start_to_close_timeout=SEND_LIMIT), 2
    )
    assert len(provider.bots) == 1


@pytest.mark.parametrize("skew", WRONG)
async def test_an_armed_send_goes_by_the_servers_time(skew: float) -> None:
    provider = ScriptedProvider()
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    await asyncio.wait_for(
        send(provider, order(dispatch_at=due), pacing=DispatchPacing(ServerClock(Skewed(skew)))), 2
    )
    assert datetime.now(UTC) >= due - timedelta(seconds=0.05)


@pytest.mark.parametrize("jump", WRONG)
async def test_a_clock_that_is_set_while_a_send_is_armed_changes_nothing(jump: float) -> None:
    provider, wall = ScriptedProvider(), Skewed(0)
    due = datetime.now(UTC) + timedelta(seconds=0.5)
    armed = asyncio.create_task(send(provider, order(dispatch_at=due), pacing=DispatchPacing(ServerClock(wall))))
    await asyncio.sleep(0.1)
    wall.seconds = jump
    await asyncio.wait_for(armed, 2)
    assert datetime.now(UTC) >= due - timedelta(seconds=0.05)


async def test_a_time_that_took_long_to_arrive_does_not_count_beside_one_that_did_not() -> None:
    clock, now = ServerClock(), datetime.now(UTC)
    clock.hear(now)
    clock.hear(now - timedelta(seconds=30))
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)


async def test_a_worker_that_was_frozen_past_its_time_does_not_send(monkeypatch: pytest.MonkeyPatch) -> None:
    thawed = 0.0
    monkeypatch.setattr(attempts, "elapsed_seconds", lambda: elapsed_seconds() + thawed)
    provider = ScriptedProvider()
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    armed = asyncio.create_task(send(provider, order(dispatch_at=due), start_to_close_timeout=SEND_LIMIT))
    await asyncio.sleep(0.1)
    thawed = 31.0
    with pytest.raises(ApplicationError) as refused:
        await armed
    assert (refused.value.type, refused.value.details[0]) == ("Overdue", True)
    assert not provider.bots


class Counting(Listing):
    """Counts its searches, each of which takes so many seconds."""

    searches = 0
    seconds: float = 0

    async def find(self, key: str, meeting_url: str, since: datetime) -> list[FoundBot]:
        self.searches += 1
        await asyncio.sleep(self.seconds)
        return await super().find(key, meeting_url, since)


async def ended(environment: ActivityEnvironment, provider: ScriptedProvider, wanted: Any) -> list[Any]:
    """What the server keeps of an attempt that sends nothing: its last heartbeat."""
    kept: list[Any] = []
    environment.on_heartbeat = lambda *details: kept.extend([list(details)])
    bots = BotActivities(Providers([provider]), public_url="https://bridge.example", secret="s3cret")
    sending = asyncio.create_task(environment.run(bots.send_bot, wanted))
    await asyncio.sleep(0.05)
    environment.worker_shutdown()
    with pytest.raises(ApplicationError):
        await sending
    return kept[-1] if kept else []


async def test_after_attempts_that_sent_nothing_nobody_searches() -> None:
    provider = Counting(found())
    armed = order(dispatch_at=datetime.now(UTC) + timedelta(minutes=1))
    long = timedelta(minutes=2)
    first = await ended(an_attempt(attempt=1, start_to_close_timeout=long), provider, armed)
    again = an_attempt(attempt=2, heartbeat_details=first, start_to_close_timeout=long)
    second = await ended(again, provider, armed)
    provider.failures = [RateLimitedError("429", 1.0)]
    third = await ended(an_attempt(attempt=3, heartbeat_details=second), provider, order())
    await send(provider, order(), attempt=4, heartbeat_details=third)
    assert provider.searches == 0
    assert len(provider.bots) == 1


@pytest.mark.parametrize("kept", [[], [1], [3]])
async def test_one_attempt_of_which_nothing_is_known_is_enough_to_search(kept: list[int]) -> None:
    provider = Counting(found())
    assert (await send(provider, order(), attempt=3, heartbeat_details=kept)).is_adopted
    assert provider.searches == 1


async def test_an_activity_that_was_reset_by_hand_searches() -> None:
    now = datetime.now(UTC)
    reset = an_attempt(attempt=1, current_attempt_scheduled_time=now + timedelta(seconds=1), heartbeat_details=[1])
    kept = await ended(reset, Counting(), order(dispatch_at=now + timedelta(minutes=1)))
    provider = Counting(found())
    assert (await send(provider, order(), attempt=2, heartbeat_details=kept)).is_adopted


@pytest.mark.parametrize("doubtful", [{"attempt": 2}, {"search_first": True}])
async def test_being_handed_back_ends_no_doubt(doubtful: dict[str, Any]) -> None:
    provider = Counting()
    wanted = order(
        dispatch_at=datetime.now(UTC) + timedelta(minutes=1), search_first=doubtful.get("search_first", False)
    )
    number = doubtful.get("attempt", 1)
    assert await ended(an_attempt(attempt=number), provider, wanted) == []


async def test_an_answer_that_was_lost_is_told_to_no_attempt_as_certain() -> None:
    assert await ended(an_attempt(), ScriptedProvider(failures=[UnavailableError("503")]), order()) == []


async def test_a_slow_search_leaves_the_request_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "TIME_TO_SEND", SEND_LIMIT - timedelta(seconds=0.1))
    provider = Counting()
    provider.seconds = 5
    with pytest.raises(ApplicationError, match="could not be read in time") as failed:
        await asyncio.wait_for(send(provider, order(), attempt=2, start_to_close_timeout=SEND_LIMIT), 2)
    assert (failed.value.type, failed.value.details[0]) == ("Unavailable", False)


@pytest.mark.parametrize(
    ("asked", "left", "until_start", "pause"),
    [
        (17.0, 3600, 240, 17),
        (600.0, 3600, 240, 600),
        (7200.0, 3600, 240, 240),
        (3541.0, 3600, 240, 240),
        (1e300, 3600, 240, 240),
        (7200.0, 3660, -60, 1800),
        (7200.0, 70, -60, 5),
        (7200.0, 60, -60, 1),
    ],
)
async def test_a_pause_is_honoured_as_far_as_it_helps(
    asked: float, left: int, until_start: int, pause: float
) -> None:
    """`left` is what the activity may take in all, in seconds."""
    now = datetime.now(UTC)
    wanted = order(start_time=now + timedelta(seconds=until_start), requested_at=now)
    info: dict[str, Any] = {
        "start_to_close_timeout": timedelta(seconds=8),
        "schedule_to_close_timeout": timedelta(seconds=left + 100),
        "scheduled_time": now - timedelta(seconds=100),
        "started_time": now,
    }
    with pytest.raises(ApplicationError) as failed:
        await send(ScriptedProvider(failures=[RateLimitedError("429", asked)]), wanted, **info)
    assert failed.value.next_retry_delay is not None
    assert failed.value.next_retry_delay.total_seconds() == pytest.approx(pause, abs=1)
