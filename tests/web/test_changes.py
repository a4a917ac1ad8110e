"""The feed of changes: what it tells, what it costs, and what it does while Temporal is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.worker_connection import plugin
from starter.errors import TemporalUnreachableError
from starter.temporal_client import TemporalMeetingClient
from tests.starter.fakes import Scene
from tests.starter.support import QUIET, a_request, an_outcome, end, fake_worker, play, target_of
from tests.web.counted_calls import Counted
from web import changes, observed_meetings
from web.changes import ChangeFeed, ChangeQueue, MeetingChange, SlowReaderError

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Watched:
    """A feed over a connection that counts, and that can be cut."""

    def __init__(self, client: Client, counted: Counted) -> None:
        self.meetings = TemporalMeetingClient(client, lambda: None)
        self.counted = counted
        self.is_away = False
        self.feed = ChangeFeed(self._connected)

    async def looked(self, workflow_id: str, times: int) -> None:
        """Returns when the feed has described the meeting so many times more."""
        before = self.counted.described[workflow_id]
        while self.counted.described[workflow_id] < before + times:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.01)

    async def _connected(self) -> TemporalMeetingClient:
        if self.is_away:
            raise TemporalUnreachableError("cut")
        return self.meetings


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "_BETWEEN_LOOKS_SECONDS", 0.02)
    monkeypatch.setattr(changes, "_LONGEST_PAUSE_SECONDS", 0.05)


@asynccontextmanager
async def watched(environment: WorkflowEnvironment, namespace: str = "default") -> AsyncIterator[Watched]:
    counted, target = Counted(), target_of(environment.client)
    client = await Client.connect(target, namespace=namespace, plugins=[plugin()], interceptors=[counted])
    watched = Watched(client, counted)
    running = asyncio.create_task(watched.feed.run())
    try:
        yield watched
    finally:
        running.cancel()


async def live(feed: ChangeFeed) -> None:
    while feed.live_since is None:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.01)


async def shown(feed: ChangeFeed, workflow_id: str, status: MeetingStatus) -> None:
    async with asyncio.timeout(20):
        while (view := feed.open_meetings().get(workflow_id)) is None or view.status is not status:  # noqa: ASYNC110 - the feed has no event for it
            await asyncio.sleep(0.01)


async def told(queue: ChangeQueue, workflow_id: str, status: MeetingStatus) -> MeetingChange:
    """The next change of a meeting that shows this status."""
    async with asyncio.timeout(20):
        while True:
            change = await queue.get()
            if (change.meeting, change.view.status) == (workflow_id, status):
                return change


async def test_every_subscriber_is_told_what_happens_from_booking_to_end(environment: WorkflowEnvironment) -> None:
    async with watched(environment) as its:
        with its.feed.subscribed() as one, its.feed.subscribed() as other:
            await live(its.feed)
            booked = await its.meetings.start(a_request(0.1), "told-to-all")
            for status in (MeetingStatus.SCHEDULED, MeetingStatus.RECORDING):
                if status is not MeetingStatus.SCHEDULED:
                    await play(its.meetings, booked.workflow_id, Scene(status=status, text="It records."))
                first, second = [await told(queue, booked.workflow_id, status) for queue in (one, other)]
                assert first == second
                assert its.feed.open_meetings()[booked.workflow_id].status is status
            assert first.view.timeline[-1].text == "It records."
            assert first.summary.status is MeetingStatus.RECORDING
            await end(its.meetings, booked.workflow_id, an_outcome(booked.meeting_id))
            last = await told(one, booked.workflow_id, MeetingStatus.COMPLETED)
            assert last.view.artifacts
            while booked.workflow_id in its.feed.open_meetings():  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.01)
            since = its.feed.since(first.number)
            assert since is not None
            assert last in since
            assert first not in since


async def test_while_nothing_changes_nothing_is_queried_whatever_the_number_of_readers(
    environment: WorkflowEnvironment,
) -> None:
    async with watched(environment) as its:
        booked = await its.meetings.start(a_request(0.1), "recording-quietly")
        await play(its.meetings, booked.workflow_id, Scene(status=MeetingStatus.RECORDING, leaves_attribute=True))
        with its.feed.subscribed():
            await shown(its.feed, booked.workflow_id, MeetingStatus.RECORDING)
            await its.looked(booked.workflow_id, 10)
            its.counted.queries.clear()
            readers = [its.feed.subscribed() for _ in range(50)]
            for reader in readers:
                reader.__enter__()
            await its.looked(booked.workflow_id, 10)
            assert its.counted.queries == {}
            for reader in readers:
                reader.__exit__(None, None, None)
        await asyncio.sleep(0.1)
        before = its.counted.described.total()
        await asyncio.sleep(0.1)
        assert its.counted.described.total() == before, "it looks although nobody wants to know"


async def test_only_meetings_that_do_something_are_described(environment: WorkflowEnvironment) -> None:
    async with watched(environment) as its:
        with its.feed.subscribed() as queue:
            await live(its.feed)
            tomorrow = await its.meetings.start(a_request(20), "sleeps-till-tomorrow")
            later = await its.meetings.start(a_request(300), "sleeps-for-weeks")
            for each in (tomorrow, later):
                change = await told(queue, each.workflow_id, MeetingStatus.SCHEDULED)
                assert change.view.start_time == change.summary.start_time
            assert tomorrow.workflow_id in its.feed.open_meetings()
            assert later.workflow_id not in its.feed.open_meetings()
            assert its.counted.described.keys().isdisjoint({tomorrow.workflow_id, later.workflow_id})
            assert its.counted.queries.keys().isdisjoint({tomorrow.workflow_id, later.workflow_id})
            for each in (tomorrow, later):
                await its.meetings.cancel(each.workflow_id)
                await told(queue, each.workflow_id, MeetingStatus.CANCELLED)
            assert tomorrow.workflow_id not in its.feed.open_meetings()


async def test_what_ends_while_temporal_is_away_is_told_afterwards(environment: WorkflowEnvironment) -> None:
    async with watched(environment) as its:
        known = await its.meetings.start(a_request(0.1), "known-before")
        with its.feed.subscribed() as queue:
            await live(its.feed)
            await shown(its.feed, known.workflow_id, MeetingStatus.SCHEDULED)
            its.is_away = True
            while its.feed.live_since is not None:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.01)
            unknown = await its.meetings.start(a_request(0.1), "came-and-went")
            for each in (known, unknown):
                await end(its.meetings, each.workflow_id, an_outcome(each.meeting_id))
            assert known.workflow_id in its.feed.open_meetings()
            its.is_away = False
            ended = {(await told_end(queue)).meeting for _ in range(2)}
            assert ended == {known.workflow_id, unknown.workflow_id}
            assert its.feed.live_since is not None


async def told_end(queue: ChangeQueue) -> MeetingChange:
    async with asyncio.timeout(20):
        while True:
            change = await queue.get()
            if change.view.status.is_final:
                return change


async def test_without_a_worker_hardly_anything_is_asked_and_all_is_told_later(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.temporal_client._QUERY_TIMEOUT", timedelta(seconds=0.5))
    async with watched(environment, QUIET) as its:
        booked = await its.meetings.start(a_request(0.1), "not-executed")
        with its.feed.subscribed() as queue:
            await its.looked(booked.workflow_id, 20)
            assert its.counted.queries.total() == 1
            assert its.feed.open_meetings()[booked.workflow_id].title == ""
            monkeypatch.setattr(observed_meetings, "_WITHOUT_WORKER", timedelta())
            async with fake_worker(its.meetings.temporal), asyncio.timeout(30):
                while not (await queue.get()).view.timeline:
                    pass


async def test_a_slow_reader_is_cut_off_and_holds_up_no_other(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_MOST_UNREAD", 2)
    async with watched(environment) as its:
        with its.feed.subscribed() as slow, its.feed.subscribed() as quick:
            await live(its.feed)
            for number in range(4):
                booked = await its.meetings.start(a_request(20 + number), f"too-much-{number}")
                await told(quick, booked.workflow_id, MeetingStatus.SCHEDULED)
            with pytest.raises(SlowReaderError):
                await slow.get()


async def test_only_changes_that_are_kept_are_told_again(
    environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_KEPT_CHANGES", 2)
    async with watched(environment) as its:
        with its.feed.subscribed() as queue:
            await live(its.feed)
            assert its.feed.since(0) == []
            numbers = []
            for number in range(3):
                booked = await its.meetings.start(a_request(23 - number), f"kept-{number}")
                numbers.append((await told(queue, booked.workflow_id, MeetingStatus.SCHEDULED)).number)
            kept = its.feed.since(numbers[0])
            assert kept is not None
            assert [each.number for each in kept] == numbers[1:]
            assert its.feed.since(numbers[0] - 1) is None
            assert its.feed.since(numbers[-1] + 1) is None
