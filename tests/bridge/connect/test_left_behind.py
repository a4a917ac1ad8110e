"""Attempts that die, and attempts at the same time: in the end exactly one calendar is connected."""

import asyncio
import uuid

import pytest
from temporalio.client import Client

from artifacts.connections import Connections
from artifacts.errors import StoreError
from bridge.connect.problems import Problem
from meetings.calendars.connection import Connection
from runtime.temporal import plugin
from tests.bridge.connect.stage import Stage, assert_problem, new_stage
from tests.bridge.support import DEAD
from tests.simulator.support import Sim


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


async def test_what_an_attempt_left_behind_is_cleared_away_by_the_next_one(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    link = stage.link(user)
    page = await stage.go(link)
    # The calendar comes about, and nobody hears of it: as if the bridge had died.
    fault = {"kind": "cut_answer", "times": 2, "match": {"path": "/calendars/", "method": "POST"}}
    await stage.sim.ok("POST", "/_sim/faults", json=fault)
    for number in (1, 2):
        page = await stage.browser.open(page.visited[-1], {"calendar": "team@group", "told": ""})
        assert_problem(page, Problem.UNAVAILABLE)
        assert len(await stage.connected()) == 1, number
        page.visited.append(page.visited[0])
    page = await stage.browser.open(page.visited[0], {"calendar": "team@group", "told": ""})
    assert page.path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert (await stage.known(user)).calendar_id == calendar["uuid"]


async def test_an_attempt_that_dies_before_its_last_step_is_made_good_with_the_same_link(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account()
    link = stage.link(user)
    write = Connections.write

    async def die(connections: Connections, connection: Connection) -> Connection:
        if connection.connected_at:
            raise StoreError("the power is gone")
        return await write(connections, connection)

    with monkeypatch.context() as power_cut:
        power_cut.setattr(Connections, "write", die)
        assert_problem(await stage.go(link), Problem.UNAVAILABLE)
    (half,) = await stage.connected()
    assert await stage.signals_of(half["uuid"]) == ["grant"], "it was kept already"
    assert (await stage.go(link)).path == "/connect/done/google"
    known = await stage.known(user)
    assert known.calendar_id != half["uuid"]
    assert "farewell" in await stage.signals_of(half["uuid"])
    assert await stage.signals_of(known.calendar_id) == ["grant"]


async def test_while_temporal_is_away_nothing_is_connected_and_nothing_left_for_good(
    sim: Sim, stage: Stage, user: str
) -> None:
    await stage.account()
    away = await Client.connect(DEAD, plugins=[plugin()], lazy=True)
    async with new_stage(sim, away, stage.store) as lonely:
        assert_problem(await lonely.go(lonely.link(user)), Problem.UNAVAILABLE)
    assert not (await stage.known(user)).calendar_id
    assert (await stage.go(stage.link(user))).path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert (await stage.known(user)).calendar_id == calendar["uuid"]


async def test_two_tabs_at_once_connect_one_calendar(stage: Stage, user: str) -> None:
    await stage.account()
    pages = await asyncio.gather(*(stage.browser.open(stage.link(user), {}) for _ in range(4)))
    assert "/connect/done/google" in {page.path for page in pages}
    known = await stage.known(user)
    kept = [each for each in await stage.connected() if "farewell" not in await stage.signals_of(each["uuid"])]
    assert [each["uuid"] for each in kept] == [known.calendar_id]
