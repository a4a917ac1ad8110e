"""Attempts that die, fail and coincide: each user has one calendar, and nobody loses one to another."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import Client

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.calendars.objections import CalendarWord, Wish
from minutekeeper.calendars.user_connection import ConnectionClaim, UserConnection
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import ObjectionStore
from minutekeeper.storage.user_connections import UserConnectionStore
from minutekeeper.temporal.names import CALENDAR_EVENT_SIGNAL, CALENDAR_WORKFLOW, MEETINGS_QUEUE
from minutekeeper.temporal.worker_connection import plugin
from tests.bridge.connect.scenario import ANNA, Page, Stage, assert_problem, new_stage
from tests.bridge.support import DEAD
from tests.devtools.simulator.support import Sim

TEAM = {"calendar": "team@group", "confirmed_calendar_id": ""}


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def colleague() -> str:
    return f"colleague-{uuid.uuid4().hex[:8]}"


async def ids_of(stage: Stage) -> set[str]:
    return {each["uuid"] for each in await stage.connected()}


async def is_dismissed(stage: Stage, calendar_id: str) -> bool:
    return "disconnect_requested" in await stage.signals_of(calendar_id)


async def connect_team(stage: Stage, user: str) -> Page:
    """Goes the whole way to the shared calendar, with a new link."""
    page = await stage.go(stage.link(user))
    return await stage.browser.open(page.url, TEAM)


@pytest.mark.parametrize("kind", ["server_error", "cut_answer"])
async def test_a_colleagues_calendar_stays_whatever_became_of_the_attempt_before(
    stage: Stage, user: str, colleague: str, kind: str
) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    await stage.fail(kind)
    assert_problem(await connect_team(stage, user), ConnectErrorCode.UNAVAILABLE)
    assert (await connect_team(stage, colleague)).path == "/connect/done/google"
    of_colleague = (await stage.known(colleague)).calendar_id
    assert (await connect_team(stage, user)).path == "/connect/done/google"
    own = (await stage.known(user)).calendar_id
    assert own != of_colleague
    assert await ids_of(stage) == {own, of_colleague}
    assert not await is_dismissed(stage, of_colleague)
    assert await stage.signals_of(of_colleague) == []


async def test_calendars_of_others_are_neither_deleted_nor_taken_over(stage: Stage, user: str) -> None:
    order = {"email": ANNA, "calendars": [{"id": "team@group"}]}
    grant = await stage.sim.ok("POST", "/_sim/calendars/accounts", json=order)
    # Made by another product of the same account.
    for_team: dict[str, Any] = grant | {"raw_calendar_id": "team@group"}
    before = (await stage.sim.ok("POST", "/calendars/", json=for_team))["calendar"]["uuid"]
    await stage.fail("server_error", 2)
    for _ in range(2):
        assert_problem(await connect_team(stage, user), ConnectErrorCode.UNAVAILABLE)
    assert (await connect_team(stage, user)).path == "/connect/done/google"
    own = (await stage.known(user)).calendar_id
    assert await ids_of(stage) == {before, own}
    assert own != before


@pytest.mark.parametrize("is_heard", [False, True])
async def test_a_calendar_that_was_made_and_not_noted_is_the_one_that_is_connected_next(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch, *, is_heard: bool
) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    if is_heard:
        died = connect_team(stage, user)
        await dies_when(monkeypatch, lambda each: each.attempt and each.attempt.calendar_id, died)
    else:
        await stage.fail("cut_answer")
        assert_problem(await connect_team(stage, user), ConnectErrorCode.UNAVAILABLE)
    (unheard,) = await ids_of(stage)
    assert (await connect_team(stage, user)).path == "/connect/done/google"
    assert await ids_of(stage) == {unheard}
    assert (await stage.known(user)).calendar_id == unheard


@pytest.mark.parametrize("how", ["claimed", "kept"])
async def test_what_others_have_is_not_taken_over(stage: Stage, user: str, how: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    await stage.fail("cut_answer")
    assert_problem(await connect_team(stage, user), ConnectErrorCode.UNAVAILABLE)
    (unheard,) = await ids_of(stage)
    if how == "claimed":
        assert await UserConnectionStore(stage.store).claim(unheard, ConnectionClaim())
    else:
        request, workflow_id = {"calendar_id": unheard}, calendar_workflow_id_for(unheard)
        await stage.client.start_workflow(CALENDAR_WORKFLOW, request, id=workflow_id, task_queue=MEETINGS_QUEUE)
    assert (await connect_team(stage, user)).path == "/connect/done/google"
    own = (await stage.known(user)).calendar_id
    assert own != unheard
    assert await ids_of(stage) == {own, unheard}


async def test_what_was_made_here_and_is_somebody_elses_by_now_stays(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account()

    async def die(*_: object) -> bool:
        raise StoreError("the power is gone")

    with monkeypatch.context() as power_cut:
        power_cut.setattr(UserConnectionStore, "claim", die)
        assert_problem(await stage.go(stage.link(user)), ConnectErrorCode.UNAVAILABLE)
    (made,) = await ids_of(stage)
    attempt = (await stage.known(user)).attempt
    assert attempt
    assert attempt.calendar_id == made
    # An operator connects it with `calendar connect` before the user comes back.
    assert await UserConnectionStore(stage.store).claim(made, ConnectionClaim())
    assert (await stage.go(stage.link(user))).path == "/connect/done/google"
    assert await ids_of(stage) == {made, (await stage.known(user)).calendar_id}


async def dies_when(
    monkeypatch: pytest.MonkeyPatch, fits: Callable[[UserConnection], object], act: Awaitable[Page]
) -> None:
    write = UserConnectionStore.write

    async def die(connections: UserConnectionStore, connection: UserConnection) -> UserConnection:
        if fits(connection):
            raise StoreError("the power is gone")
        return await write(connections, connection)

    with monkeypatch.context() as power_cut:
        power_cut.setattr(UserConnectionStore, "write", die)
        assert_problem(await act, ConnectErrorCode.UNAVAILABLE)


async def test_an_attempt_that_dies_before_its_last_step_is_made_good_with_the_same_link(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account()
    link = stage.link(user)
    await dies_when(monkeypatch, lambda each: each.connected_at, stage.go(link))
    (half,) = await ids_of(stage)
    assert await stage.signals_of(half) == [], "it was kept already"
    # Its next attempt dies too, right after it has begun: what has to be cleared away is not forgotten.
    await stage.fail("server_error")
    assert_problem(await stage.go(link), ConnectErrorCode.UNAVAILABLE)
    assert (await stage.go(link)).path == "/connect/done/google"
    known = await stage.known(user)
    assert known.calendar_id != half
    assert await is_dismissed(stage, half)
    assert await stage.signals_of(known.calendar_id) == []
    assert known.leftovers == ()


async def test_another_calendar_is_chosen_after_an_attempt_that_died(
    stage: Stage, user: str, colleague: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account(calendars=[{"id": "team@group"}, {"id": "x@group"}])
    await dies_when(monkeypatch, lambda each: each.connected_at, connect_team(stage, user))
    (half,) = await ids_of(stage)
    assert (await connect_team(stage, colleague)).path == "/connect/done/google"
    page = await stage.go(stage.link(user))
    page = await stage.browser.open(page.url, TEAM | {"calendar": "x@group"})
    assert page.path == "/connect/done/google"
    assert await is_dismissed(stage, half)
    assert not await is_dismissed(stage, (await stage.known(colleague)).calendar_id)


async def test_a_calendar_that_is_replaced_is_let_go_of_although_the_bridge_died(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    await connect_team(stage, user)
    first = (await stage.known(user)).calendar_id
    link = stage.link(user)
    page = await stage.go(link)
    other = {"calendar": page.options[0], "confirmed_calendar_id": page.hidden["confirmed_calendar_id"]}
    act = stage.browser.open(page.url, other)
    await dies_when(monkeypatch, lambda each: each.calendar_id != first and not each.leftovers, act)
    assert (await stage.known(user)).calendar_id != first
    page = await stage.go(link)
    assert (await stage.browser.open(page.url, other)).path == "/connect/done/google"
    assert await is_dismissed(stage, first)
    known = await stage.known(user)
    assert await stage.signals_of(known.calendar_id) == ["access_changed"]
    assert known.leftovers == ()


async def test_a_calendar_without_a_workflow_that_is_replaced_objects_to_nothing_any_more(
    stage: Stage, user: str, colleague: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    assert (await connect_team(stage, colleague)).path == "/connect/done/google"
    waiting = (await stage.known(colleague)).calendar_id
    await dies_when(monkeypatch, lambda each: each.connected_at, connect_team(stage, user))
    (half,) = await ids_of(stage) - {waiting}
    await stage.client.get_workflow_handle(calendar_workflow_id_for(half)).terminate()
    objections = ObjectionStore(stage.store)
    words = [
        CalendarWord(calendar_id=half, event_id="e", wish=Wish.NEVER),
        CalendarWord(calendar_id=waiting, event_id="e", wish=Wish.RECORD),
    ]
    await objections.change([("cal-1", word) for word in words], [])
    assert (await connect_team(stage, user)).path == "/connect/done/google"
    assert half not in await ids_of(stage)
    assert [word.is_of(waiting) for word in await objections.words(["cal-1"])] == [True]
    assert CALENDAR_EVENT_SIGNAL in await stage.signals_of(waiting), "it decides again"


async def test_while_temporal_is_away_nothing_is_connected_and_nothing_left_for_good(
    sim: Sim, stage: Stage, user: str
) -> None:
    await stage.account()
    away = await Client.connect(DEAD, plugins=[plugin()], lazy=True)
    async with new_stage(sim, away, stage.store) as lonely:
        assert_problem(await lonely.go(lonely.link(user)), ConnectErrorCode.UNAVAILABLE)
    assert not (await stage.known(user)).calendar_id
    assert (await stage.go(stage.link(user))).path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert (await stage.known(user)).calendar_id == calendar["uuid"]


async def test_two_tabs_at_once_connect_one_calendar(stage: Stage, user: str) -> None:
    await stage.account()
    for _ in range(3):
        pages = await asyncio.gather(*(stage.browser.open(stage.link(user), {}) for _ in range(4)))
        assert "/connect/done/google" in {page.path for page in pages}
    known = await stage.known(user)
    kept = [each for each in await ids_of(stage) if not await is_dismissed(stage, each)]
    assert kept == [known.calendar_id]


async def test_colleagues_who_connect_one_shared_calendar_at_once_have_one_each(
    stage: Stage, user: str, colleague: str
) -> None:
    await stage.account()
    people = [user, colleague, f"{user}-3", f"{user}-4"]
    # Half of them have an attempt behind them of which they know nothing.
    await stage.fail("cut_answer")
    await stage.go(stage.link(user))
    await stage.fail("server_error")
    await stage.go(stage.link(colleague))
    pages = await asyncio.gather(*(stage.browser.open(stage.link(each), {}) for each in people))
    assert {page.path for page in pages} == {"/connect/done/google"}
    known = [(await stage.known(each)).calendar_id for each in people]
    assert len(set(known)) == len(people)
    assert set(known) <= await ids_of(stage)
    assert not any([await is_dismissed(stage, each) for each in known])
