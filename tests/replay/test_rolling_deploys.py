"""Workers of an old and of a new release beside each other, over meetings that sleep from before."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from minutekeeper.meetings.status import MeetingStatus
from tests.replay.copies import copy_with
from tests.replay.edits import GUARDED, RETIRED, UNGUARDED
from tests.replay.worker_fleet import Meeting, WorkerFleet, running_fleet

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE, SOON, NEXT_MONTH = timedelta(minutes=-4), timedelta(seconds=35), timedelta(days=30)
"""When the bot is due: a meeting that begins at once, one that sleeps for some seconds yet, and one for long."""


@dataclass(frozen=True)
class Releases:
    """Folders: the code as it is; with a patch in it; with that patch retired; the same edit without a patch."""

    old: Path
    new: Path
    retired: Path
    unguarded: Path


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    folder = tmp_path_factory.mktemp("releases")
    return Releases(
        old=copy_with(folder / "old"),
        new=copy_with(folder / "new", GUARDED),
        retired=copy_with(folder / "retired", RETIRED),
        unguarded=copy_with(folder / "unguarded", UNGUARDED),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WorkerFleet]:
    async with running_fleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def fleet(servers: WorkerFleet) -> AsyncIterator[WorkerFleet]:
    """Without a worker at first: those of the test before are gone."""
    yield servers
    await servers.end()


async def all_have_one_bot(fleet: WorkerFleet, meetings: Iterable[Meeting]) -> None:
    for meeting in meetings:
        outcome = await asyncio.wait_for(meeting.result(), 90)
        assert outcome.status is MeetingStatus.COMPLETED
        assert len(await fleet.bots_of(meeting)) == 1


async def no_task_failed(fleet: WorkerFleet, meetings: Iterable[Meeting]) -> None:
    for meeting in meetings:
        assert not await fleet.events(meeting, "workflow_task_failed")


async def asleep(fleet: WorkerFleet, ahead: timedelta) -> Meeting:
    meeting = await fleet.book(ahead)
    await fleet.until_history(meeting, "timer_started")
    return meeting


async def test_a_deploy_in_two_steps_is_not_noticed(fleet: WorkerFleet, releases: Releases) -> None:
    old = await fleet.worker(releases.old)
    wakes_by_itself, moved_later = [await asleep(fleet, ahead) for ahead in (SOON, NEXT_MONTH)]

    # The first step: workers of the new release, which hold the new way back, come and go beside the old one.
    held = await fleet.worker(releases.new, hold_patches=True)
    booked_meanwhile = [await asleep(fleet, SOON) for _ in range(4)]
    await fleet.kill(held)
    await fleet.bring_forward(moved_later, SOON)
    held = await fleet.worker(releases.new, hold_patches=True)
    await fleet.stop(old)

    # The second step: every worker knows the new way, so it may be taken.
    new = await fleet.worker(releases.new)
    await fleet.stop(held)
    takes_the_new_way = await asleep(fleet, SOON)
    assert await fleet.events(takes_the_new_way, "marker_recorded")

    # And one step back, as if the new way had turned out badly: workers that hold it back still know it.
    held = await fleet.worker(releases.new, hold_patches=True)
    await fleet.kill(new)

    from_before = [wakes_by_itself, moved_later, *booked_meanwhile]
    await all_have_one_bot(fleet, [*from_before, takes_the_new_way])
    await no_task_failed(fleet, [*from_before, takes_the_new_way])
    for meeting in [*from_before, takes_the_new_way]:
        (bot,) = await fleet.bots_of(meeting)
        assert bot["reserved"], "a late one would be sent another way"
    for meeting in from_before:
        assert not await fleet.events(meeting, "marker_recorded"), "it keeps to the old way"


async def test_a_deploy_in_one_step_is_not_noticed_while_the_new_workers_live(
    fleet: WorkerFleet, releases: Releases
) -> None:
    old = await fleet.worker(releases.old)
    meetings = [await asleep(fleet, NEXT_MONTH) for _ in range(3)]
    await fleet.worker(releases.new)
    meetings += [await asleep(fleet, NEXT_MONTH) for _ in range(5)]
    for meeting in meetings[1::2]:
        await fleet.bring_forward(meeting, AT_ONCE)
    await fleet.stop(old)
    for meeting in meetings[::2]:
        await fleet.bring_forward(meeting, AT_ONCE)
    await all_have_one_bot(fleet, meetings)
    await no_task_failed(fleet, meetings)


async def test_an_old_worker_cannot_carry_on_beyond_a_patch(fleet: WorkerFleet, releases: Releases) -> None:
    """Why the deploy in two steps is there: in one step, a new worker that dies leaves such meetings behind."""
    new = await fleet.worker(releases.new)
    meeting = await asleep(fleet, NEXT_MONTH)
    assert await fleet.events(meeting, "marker_recorded")
    await fleet.kill(new)
    old = await fleet.worker(releases.old)
    bringing_forward = asyncio.create_task(fleet.bring_forward(meeting, AT_ONCE))
    (failed, *_) = await fleet.until_history(meeting, "workflow_task_failed")
    assert "patch marker" in failed.workflow_task_failed_event_attributes.failure.message
    await fleet.worker(releases.new)
    await fleet.stop(old)
    await bringing_forward
    await all_have_one_bot(fleet, [meeting])


async def test_an_edit_without_a_patch_stops_sleeping_meetings_until_the_old_code_is_back(
    fleet: WorkerFleet, releases: Releases
) -> None:
    old = await fleet.worker(releases.old)
    meeting = await asleep(fleet, NEXT_MONTH)
    await fleet.stop(old)
    unguarded = await fleet.worker(releases.unguarded)
    bringing_forward = asyncio.create_task(fleet.bring_forward(meeting, AT_ONCE))
    (failed, *_) = await fleet.until_history(meeting, "workflow_task_failed")
    assert "Nondeterminism" in failed.workflow_task_failed_event_attributes.failure.message
    assert not await fleet.bots_of(meeting)
    await fleet.worker(releases.old)
    await fleet.stop(unguarded)
    await bringing_forward
    await all_have_one_bot(fleet, [meeting])


async def test_a_patch_is_retired_in_two_steps(fleet: WorkerFleet, releases: Releases) -> None:
    new = await fleet.worker(releases.new)
    took_the_new_way = await asleep(fleet, NEXT_MONTH)
    await fleet.stop(new)
    retired = await fleet.worker(releases.retired)
    knows_of_a_patch = await asleep(fleet, NEXT_MONTH)
    await fleet.bring_forward(took_the_new_way, AT_ONCE)
    await all_have_one_bot(fleet, [took_the_new_way])
    await fleet.stop(retired)
    await fleet.worker(releases.unguarded)
    await fleet.bring_forward(knows_of_a_patch, AT_ONCE)
    await all_have_one_bot(fleet, [knows_of_a_patch])
    await no_task_failed(fleet, [took_the_new_way, knows_of_a_patch])
