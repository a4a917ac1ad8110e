"""A calendar whose history is cut anywhere ends as the uncut one, and no history grows without bound."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.health import ACCESS_GOOD, AccessProblem, AccessReport
from minutekeeper.calendars.messages import (
    CalendarStatus,
    CalendarView,
    DisconnectRequest,
    OverrideChange,
    PolicyChange,
)
from minutekeeper.providers.base import RequestRejectedError, UnavailableError
from minutekeeper.temporal.names import ACCESS_SIGNAL, DISCONNECT_SIGNAL
from minutekeeper.temporal.search_attributes import CALENDAR_STATUS
from tests.workflows.calendar_driver import Calendar, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

_REVOKED = AccessReport(problem=AccessProblem.USER_GRANT, text="revoked")
_LONGEST = 280
"""The server of these tests suggests a continue-as-new at 200 events; one workflow task adds a few more."""


async def runs_of(calendar: Calendar) -> list[int]:
    """The lengths of the histories of all its runs."""
    lengths, run = [], calendar.handle.first_execution_run_id
    while run:
        history = await calendar.client.get_workflow_handle(calendar.handle.id, run_id=run).fetch_history()
        lengths.append(len(history.events))
        run = history.events[-1].workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return lengths


def essence(view: CalendarView) -> dict[str, Any]:
    """What a view says, without times and counts, which differ from run to run, and what the world is called."""
    times = {"cursor", "last_reconciled_at", "last_full_sync_at", "next_reconcile_at", "problem_since"}
    times |= {"reconcile_count", "counts"}
    return view.model_dump(exclude={"calendar_id", "overrides", *times})


async def a_full_life(anna: Calendar) -> list[dict[str, Any]]:
    """Everything that can happen to a calendar; what it shows after each step."""
    calendars, shown = anna.world.calendars, []

    async def step(view: CalendarView) -> None:
        shown.append(essence(view))

    start = datetime.now(UTC) + timedelta(hours=5)
    one, two = (
        anna.put(f"one-{anna.calendar_id}", start_time=start),
        anna.put(f"two-{anna.calendar_id}", start_time=start + timedelta(hours=1)),
    )
    await step(await anna.notices(event_ids=[one.event_id, two.event_id]))
    anna.put(f"one-{anna.calendar_id}", start_time=start + timedelta(hours=2))
    await step(await anna.notices())
    calendars.unreadable[two.event_id] = UnavailableError("not just now")
    calendars.listed = lambda _event: False
    anna.put(f"two-{anna.calendar_id}", title="Another title")
    view = await anna.notices(event_ids=[two.event_id])
    calendars.unreadable.clear()
    calendars.listed = lambda _event: True
    await anna.forward(minutes=11)
    await step(await anna.until(lambda seen: seen.reconcile_count > view.reconcile_count))
    calendars.failures.append(RequestRejectedError("no lists today"))
    await anna.call()
    view = await anna.until(lambda seen: seen.status is CalendarStatus.ERROR)
    await step(view)
    await anna.forward(minutes=11)
    await step(await anna.until(lambda seen: seen.reconcile_count > view.reconcile_count))
    await anna.handle.signal(ACCESS_SIGNAL, _REVOKED)
    await step(await anna.until(lambda seen: seen.problem is AccessProblem.USER_GRANT))
    await anna.handle.signal(ACCESS_SIGNAL, ACCESS_GOOD)
    await step(await anna.until(lambda seen: seen.problem is None and seen.counts.events == 2))
    await step(await anna.changes("override", OverrideChange(meeting_id=meeting_id_for_event(two), wanted="never")))
    await step(await anna.changes("set_policy", PolicyChange(policy={"otherwise": "skip"})))
    await step(await anna.changes("resync"))
    calendars.deletion_failures.append(RequestRejectedError("not yet"))
    await anna.handle.signal(DISCONNECT_SIGNAL, DisconnectRequest(reason="enough"))
    await step(await anna.until(lambda seen: bool(seen.error)))
    await anna.forward(minutes=11)
    await step(await asyncio.wait_for(anna.handle.result(), 20))
    return shown


async def test_a_calendar_that_is_cut_anywhere_shows_and_ends_as_the_uncut_one(
    cuts: dict[str, str], world: World
) -> None:
    lives = []
    for how in ("never", "always", "now and then"):
        name = how.replace(" ", "-")
        cuts[f"calendar-{name}-{world.key[:8]}"] = how
        calendar = await world.connected(name)
        lives.append(await a_full_life(calendar))
        runs = await runs_of(calendar)
        assert len(runs) == 1 if how == "never" else len(runs) > 3
        attributes = (await calendar.handle.describe()).typed_search_attributes
        assert attributes.get(CALENDAR_STATUS) == "disconnected"
        assert world.calendars.deleted[-1] == calendar.calendar_id
    uncut, *others = lives
    for life in others:
        for step, expected in zip(life, uncut, strict=True):
            assert step == expected


async def send_many(calendar: Calendar, count: int = 150) -> None:
    """One after the other, so that each makes its workflow task."""
    for number in range(count):
        await calendar.handle.signal(ACCESS_SIGNAL, ACCESS_GOOD)
        await calendar.call(event_ids=[f"e{number % 5}"])


@pytest.mark.parametrize("phase", ["idle", "waiting for more", "after an error", "waiting to disconnect again"])
async def test_histories_are_bounded_in_every_phase(phase: str, world: World) -> None:
    anna = await world.connect(debounce_seconds=600 if phase == "waiting for more" else 0)
    await anna.forward(minutes=11)
    await anna.until(lambda view: view.reconcile_count == 1)
    if phase in {"after an error", "waiting to disconnect again"}:
        if phase == "after an error":
            world.calendars.failures.append(RequestRejectedError("not now"))
            await anna.call()
        else:
            world.calendars.deletion_failures.append(RequestRejectedError("not now"))
            await anna.handle.signal(DISCONNECT_SIGNAL, DisconnectRequest(reason="enough"))
        await anna.until(lambda view: bool(view.error))
    before = (await anna.view()).reconcile_count
    await send_many(anna)
    if phase == "waiting for more":
        assert (await anna.view()).reconcile_count == before
        await anna.forward(minutes=11)
        view = await anna.until(lambda seen: seen.reconcile_count > before)
        assert view.reconcile_count == before + 1, "one reconcile for the whole burst"
    if phase == "waiting to disconnect again":
        await anna.forward(minutes=11)
        assert (await asyncio.wait_for(anna.handle.result(), 20)).status is CalendarStatus.DISCONNECTED
    runs = await runs_of(anna)
    assert len(runs) > 1
    assert max(runs) <= _LONGEST
