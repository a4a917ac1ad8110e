"""Pages of meetings: none missed, none twice while meetings come and end, and the last as cheap as the first."""

import random
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from starter.errors import MeetingInputError
from starter.meeting_models import MeetingSummary
from starter.meeting_pages import PagePosition, meeting_page
from starter.meeting_queries import MeetingFilter
from starter.recorded_meetings import RecordedMeetings
from starter.temporal_client import TemporalMeetingClient
from tests.records import NOON, a_record
from tests.starter.fakes import Scene
from tests.starter.support import a_request, an_outcome, end, eventually, play

pytestmark = [pytest.mark.asyncio(loop_scope="session")]


class CountedStore(ArtifactStore):
    """Counts the files that are read."""

    reads = 0

    async def get(self, path: str) -> bytes:
        self.reads += 1
        return await super().get(path)


@pytest.fixture
def store(tmp_path: Path) -> CountedStore:
    return CountedStore((tmp_path / "records").as_uri())


@pytest.fixture
def recorded(client: TemporalMeetingClient, store: CountedStore) -> TemporalMeetingClient:
    """A client with records of its own."""
    return TemporalMeetingClient(client.temporal, lambda: RecordStore(store))


async def walked(client: TemporalMeetingClient, filters: MeetingFilter, limit: int) -> list[MeetingSummary]:
    """All pages, one after the other."""
    found: list[MeetingSummary] = []
    after: PagePosition | None = None
    while True:
        page = await client.page(filters, limit, after)
        found += page.meetings
        if page.end is None:
            return found
        assert len(page.meetings) == limit
        after = page.end


def ids(found: list[MeetingSummary]) -> list[str]:
    return [each.workflow_id for each in found]


@pytest.mark.parametrize("seed", [1, 2])
async def test_none_is_missed_and_none_comes_twice_while_meetings_begin_and_end(
    recorded: TemporalMeetingClient, store: CountedStore, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - only an example
    tagged: dict[str, Any] = {"metadata": {"pages": str(seed)}}
    filters, records = MeetingFilter(metadata={"pages": str(seed)}), RecordStore(store)
    hours = [-0.3, 0.2, 0.2, 0.2, 5, 30, 30, 700]
    booked = [
        await recorded.start(a_request(chance.choice(hours), **tagged), f"paged-{seed}-{n}") for n in range(20)
    ]
    over, leaving, staying = booked[:6], booked[6:12], booked[12:]
    for each in over:
        view = await recorded.status(each.workflow_id)
        await end(recorded, each.workflow_id, an_outcome(each.meeting_id))
        await records.write(
            a_record(each.meeting_id, workflow_id=each.workflow_id, start_time=view.start_time, **tagged)
        )
    starts = [NOON - timedelta(days=chance.randrange(4), minutes=chance.randrange(3)) for _ in range(14)]
    old = [a_record(f"old-{seed}-{n}", start_time=start, **tagged) for n, start in enumerate(starts)]
    for record in old:
        await records.write(record)
    expected = {each.workflow_id for each in booked} | {each.workflow_id for each in old}
    whole = await eventually(lambda: walked(recorded, filters, 100), lambda found: set(ids(found)) == expected)
    assert len(whole) == len(expected)
    for limit in (1, 3, 7):
        assert ids(await walked(recorded, filters, limit)) == ids(whole)

    found: list[MeetingSummary] = []
    after: PagePosition | None = None
    while True:
        page = await recorded.page(filters, 3, after)
        found += page.meetings
        if (after := page.end) is None:
            break
        if leaving and chance.random() < 0.7:
            gone = leaving.pop()
            await end(recorded, gone.workflow_id, an_outcome(gone.meeting_id))
        if chance.random() < 0.5:
            await recorded.start(a_request(chance.choice(hours), **tagged))
    assert len(set(ids(found))) == len(found)
    stayed = {each.workflow_id for each in (*over, *staying)} | {each.workflow_id for each in old}
    assert set(ids(found)) >= stayed


async def test_open_meetings_come_by_their_start_and_ended_ones_the_latest_first(
    recorded: TemporalMeetingClient, store: CountedStore
) -> None:
    tagged: dict[str, Any] = {"metadata": {"pages": "order"}}
    later, sooner, begun = [
        await recorded.start(a_request(hours, **tagged), f"order-{hours}") for hours in (50, 2, -0.2)
    ]
    await play(recorded, begun.workflow_id, Scene(status=MeetingStatus.RECORDING))
    closed = await recorded.start(a_request(600, **tagged), "order-closed")
    await end(recorded, closed.workflow_id, an_outcome(closed.meeting_id, MeetingStatus.CANCELLED))
    for name, start in (("order-old", NOON - timedelta(days=3)), ("order-older", NOON - timedelta(days=400))):
        await RecordStore(store).write(a_record(name, start_time=start, **tagged))
    wanted = [begun, sooner, later, closed]
    expected = [*(each.workflow_id for each in wanted), "meeting-order-old", "meeting-order-older"]
    filters = MeetingFilter(metadata={"pages": "order"})
    found = await eventually(lambda: walked(recorded, filters, 2), lambda found: ids(found) == expected)
    assert [each.status for each in found][:1] == [MeetingStatus.RECORDING]
    recording = await walked(recorded, filters._replace(status=MeetingStatus.RECORDING), 2)
    assert ids(recording) == [begun.workflow_id]


async def test_only_the_newest_run_of_a_meeting_is_listed(
    recorded: TemporalMeetingClient, store: CountedStore
) -> None:
    tagged: dict[str, Any] = {"metadata": {"pages": "runs"}}
    for day in (3, 9):
        start = NOON - timedelta(days=day)
        record = a_record("twice", start_time=start, written_at=start, run=f"run-{day}", **tagged)
        await RecordStore(store).write(record)
    again = a_record("again", run="an-earlier-run", **tagged)
    await RecordStore(store).write(again)
    await recorded.start(a_request(20, **tagged), again.workflow_id)
    filters = MeetingFilter(metadata={"pages": "runs"})
    found = await eventually(
        lambda: walked(recorded, filters, 1), lambda found: ids(found) == [again.workflow_id, "meeting-twice"]
    )
    assert found[1].start_time == NOON - timedelta(days=3)


async def test_a_late_page_of_records_reads_no_more_than_the_first(store: CountedStore) -> None:
    records = RecordStore(store)
    for number in range(60):
        await records.write(a_record(f"many-{number}", start_time=NOON - timedelta(hours=5 * number)))
    reads: list[int] = []
    after: PagePosition | None = None
    while True:
        store.reads = 0
        page = await meeting_page(None, RecordedMeetings(lambda: records), MeetingFilter(), 5, after)
        reads.append(store.reads)
        assert page.is_complete is False
        if (after := page.end) is None:
            break
    assert len(reads) == 12
    assert max(reads) <= 12, "a page of five reads more than its own records and those around them"


async def test_meetings_are_found_by_bot_and_by_link(recorded: TemporalMeetingClient, store: CountedStore) -> None:
    tagged: dict[str, Any] = {"metadata": {"pages": "found"}}
    by_link = await recorded.start(a_request(21, meeting_url="https://zoom.us/j/4455667788", **tagged), "by-link")
    by_bot = await recorded.start(a_request(22, **tagged), "by-bot")
    await play(recorded, by_bot.workflow_id, Scene(bot_id="bot-paged"))
    await RecordStore(store).write(a_record("bots", bots=("bot-earlier", "bot-later"), **tagged))
    filters = MeetingFilter(metadata=tagged["metadata"])
    for wanted, expected in (
        (filters._replace(url="https://zoom.us/j/4455667788?pwd=x"), by_link.workflow_id),
        (filters._replace(bot="bot-paged"), by_bot.workflow_id),
        (filters._replace(bot="bot-earlier"), "meeting-bots"),
    ):
        await eventually(partial(walked, recorded, wanted, 5), lambda found: ids(found) == [expected])  # noqa: B023 - awaited in the same round
    assert await walked(recorded, filters._replace(platform=Platform.MICROSOFT_TEAMS), 5) == []
    with pytest.raises(MeetingInputError, match="url"):
        await recorded.page(MeetingFilter(url="https://example.com/nothing"))


async def test_failed_meetings_are_found_by_their_reason(recorded: TemporalMeetingClient) -> None:
    tagged: dict[str, Any] = {"metadata": {"pages": "reasons"}}
    reasons = (FailureReason.NOBODY_CAME, FailureReason.UNKNOWN, FailureReason.NOBODY_CAME)
    for number, reason in enumerate(reasons):
        booked = await recorded.start(a_request(40 + number, **tagged), f"failed-{number}")
        await end(recorded, booked.workflow_id, an_outcome(booked.meeting_id, MeetingStatus.FAILED, reason=reason))
    filters = MeetingFilter(metadata=tagged["metadata"], reasons=(FailureReason.NOBODY_CAME,))
    await eventually(lambda: walked(recorded, filters, 1), lambda found: ids(found) == ["failed-2", "failed-0"])
