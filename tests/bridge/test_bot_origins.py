"""How many calls it costs to find out where unknown bots come from, over hours and in crowds."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from bridge.bot_origins import OriginLookup
from bridge.metrics import ProviderCalls
from minutekeeper.providers.base import BotOrigin, NotFoundError, ProviderError, UnavailableError
from tests.workflows.scripted import ScriptedProvider

PAGE = 50
T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


class Account(ScriptedProvider):
    """An account with bots that were created one second after the other, the newest first; counts its calls."""

    def __init__(self, bots: int = 0) -> None:
        super().__init__()
        self.now = T0
        self.listed: list[BotOrigin] = []
        self.tells_of_bots = True
        self.is_down = False
        self.calls = self.pages = 0
        for second in range(bots):
            self.add(T0 - timedelta(seconds=bots - second))

    def add(self, created_at: datetime | None = None, **fields: object) -> str:
        origin = BotOrigin(bot_id=str(uuid4()), meeting_url="", created_at=created_at or self.now)
        self.listed.insert(0, BotOrigin(**(origin.__dict__ | fields)))
        return origin.bot_id

    async def get_bot_origin(self, bot_id: str) -> BotOrigin:
        self.calls += 1
        if self.is_down:
            raise UnavailableError("503")
        for bot in self.listed if self.tells_of_bots else ():
            if bot.bot_id == bot_id:
                return BotOrigin(**(bot.__dict__ | {"event_id": "event"}))
        raise NotFoundError(bot_id)

    async def recent_origins(self, since: datetime) -> AsyncIterator[list[BotOrigin]]:
        found = [bot for bot in self.listed if bot.created_at >= since]
        for start in range(0, max(len(found), 1), PAGE):
            self.pages += 1
            if self.is_down:
                raise UnavailableError("503")
            yield found[start : start + PAGE]

    def lookup(self, *, adopts_all: bool = False) -> OriginLookup:
        counted = ProviderCalls(CollectorRegistry())
        return OriginLookup(self, counted, adopts_all=adopts_all, now=lambda: self.now)

    def later(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


async def is_unknown(lookup: OriginLookup, bot_id: str, heard_at: datetime) -> bool:
    try:
        return await lookup.of(bot_id, heard_at) is None
    except NotFoundError:
        return True


async def test_one_bot_costs_one_call_where_the_provider_tells_of_it() -> None:
    account = Account(bots=500)
    lookup = account.lookup()
    origin = await lookup.of(account.add(), T0)
    assert origin is not None
    assert origin.event_id == "event"
    assert (account.calls, account.pages) == (1, 0)


async def test_three_hundred_unknown_ids_cost_two_dozen_calls() -> None:
    account = Account(bots=499)
    lookup = account.lookup()
    for _ in range(300):
        with pytest.raises(NotFoundError):
            await lookup.of(str(uuid4()), T0)
    assert account.calls <= 12
    assert account.pages == 10


@pytest.mark.no_cover
async def test_a_hundred_thousand_unknown_ids_over_an_hour_cost_a_few_calls_a_minute() -> None:
    account = Account(bots=300)
    lookup = account.lookup()
    for second in range(3600):
        if second % 20 == 0:
            account.add()
        for _ in range(28):
            with pytest.raises(ProviderError):
                await lookup.of(str(uuid4()), account.now)
        account.later(seconds=1)
    assert account.calls <= 12 + 240
    assert account.pages <= 6 + 360


async def test_bots_of_other_products_are_asked_for_a_few_at_a_time() -> None:
    account = Account(bots=300)
    lookup = account.lookup()
    bots = [bot.bot_id for bot in account.listed]
    told = sum([await lookup.of(bot_id, T0) is not None for bot_id in bots])
    assert told == 12
    assert (account.calls, account.pages) == (12, 6)
    account.later(minutes=1)
    assert sum([await lookup.of(bot_id, T0) is not None for bot_id in bots[12:]]) == 4
    assert (account.calls, account.pages) == (16, 6)


@pytest.mark.parametrize("tells_of_bots", [True, False])
async def test_ours_are_found_in_a_crowd(tells_of_bots: bool) -> None:
    account = Account(bots=300)
    account.tells_of_bots = tells_of_bots
    ours = account.add(is_ours=True)
    sent = account.add(is_ours=True, workflow_id="meeting-x", dispatch=2)
    lookup = account.lookup()
    for _ in range(300):
        assert await is_unknown(lookup, str(uuid4()), T0)
    calls = account.calls
    found = await lookup.of(sent, T0)
    assert found is not None
    assert (found.workflow_id, found.dispatch, account.calls) == ("meeting-x", 2, calls)
    found = await lookup.of(ours, T0)
    assert found is not None
    assert (found.is_ours, found.event_id) == (True, "event" if tells_of_bots else "")


async def test_whoever_adopts_all_bots_finds_all() -> None:
    account = Account(bots=100)
    lookup = account.lookup(adopts_all=True)
    found = [await lookup.of(bot.bot_id, T0) for bot in account.listed]
    assert [origin and origin.event_id for origin in found] == ["event"] * 100


async def test_a_bot_that_is_listed_late_is_found_when_it_is_asked_for_again() -> None:
    account = Account(bots=10)
    account.tells_of_bots = False
    lookup = account.lookup()
    late = str(uuid4())
    assert await is_unknown(lookup, late, T0)
    asked_at = account.later(seconds=1)
    account.listed.insert(0, BotOrigin(bot_id=late, meeting_url="", created_at=T0, is_ours=True))
    account.later(seconds=30)
    found = await lookup.of(late, asked_at)
    assert found is not None
    assert found.is_ours
    assert account.pages == 2


async def test_a_second_reading_asks_for_new_bots_only() -> None:
    account = Account(bots=2000)
    lookup = account.lookup()
    assert await is_unknown(lookup, str(uuid4()), T0)
    assert account.pages == 40
    with pytest.raises(UnavailableError, match="again in a moment"):
        await lookup.of(str(uuid4()), account.later(minutes=1))
    account.add(is_ours=True)
    assert await is_unknown(lookup, str(uuid4()), account.later(minutes=1))
    assert account.pages == 41


async def test_a_provider_that_is_down_is_left_in_peace_and_nobody_is_taken_for_a_stranger() -> None:
    account = Account(bots=10)
    ours = account.add(is_ours=True)
    account.is_down = True
    lookup = account.lookup()
    for _ in range(100):
        with pytest.raises(UnavailableError, match="503"):
            await lookup.of(str(uuid4()), T0)
    assert account.calls + account.pages <= 13
    account.is_down = False
    account.later(seconds=15)
    found = await lookup.of(ours, T0)
    assert found is not None
    assert found.is_ours


async def test_what_waited_for_a_day_is_looked_for_that_far_back() -> None:
    account = Account(bots=10)
    account.tells_of_bots = False
    old = account.add(T0 - timedelta(hours=25), is_ours=True)
    lookup = account.lookup()
    assert await is_unknown(lookup, str(uuid4()), T0)
    account.later(minutes=1)
    found = await lookup.of(old, T0 - timedelta(hours=20))
    assert found is not None
    assert found.is_ours
