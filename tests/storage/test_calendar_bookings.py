"""What calendars want to have recorded, in a store that all of them read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.calendars.limited_events import COUNTED_FOR, CalendarBookings
from minutekeeper.calendars.limits import Limits, WantedBooking
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_bookings import CalendarBookingsStore
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def said(calendar_id: str, user: str = "anna", start: datetime = NOW) -> CalendarBookings:
    booking = WantedBooking(meeting_id="m", start=start, until=start + timedelta(hours=1), since=NOW)
    return CalendarBookings(calendar_id=calendar_id, user=user, limits=Limits(at_once=1), bookings=(booking,))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / layout.bookings_path()).rglob("*.json"))


@pytest.fixture
def bookings(tmp_path: Path) -> CalendarBookingsStore:
    return CalendarBookingsStore(ArtifactStore(tmp_path.as_uri()))


async def test_the_newest_version_of_each_calendar_counts_and_the_older_ones_are_removed(
    bookings: CalendarBookingsStore, tmp_path: Path
) -> None:
    assert await bookings.read() == []
    await bookings.write(said("one.dotted"), NOW)
    await bookings.write(said("one.dotted", start=NOW + timedelta(days=1)), NOW, 1)
    await bookings.write(said("two/odd"), NOW)
    await bookings.write(said("three", "ben"), NOW)
    newest = said("one.dotted", start=NOW + timedelta(days=2))
    await bookings.write(newest, NOW + timedelta(microseconds=1))
    assert len(files(tmp_path)) == 3
    assert sorted(each.calendar_id for each in await bookings.read()) == ["one.dotted", "three", "two/odd"]
    assert newest in await bookings.read("anna")
    assert [each.calendar_id for each in await bookings.read("ben")] == ["three"]
    await bookings.write(said("one.dotted"), NOW)  # by an attempt that is overtaken
    assert newest in await bookings.read("anna")
    await bookings.remove(newest)
    assert [each.calendar_id for each in await bookings.read("anna")] == ["two/odd"]
    assert await CalendarBookingsStore(ArtifactStore(tmp_path.as_uri())).read("anna") == await bookings.read("anna")


async def test_what_was_read_is_not_read_again_and_what_is_damaged_counts_nothing(
    bookings: CalendarBookingsStore, tmp_path: Path
) -> None:
    await bookings.write(said("one"), NOW)
    (path,) = (tmp_path / layout.bookings_path()).rglob("*.json")
    path.write_text("{")
    assert await bookings.read() == [], "written by another process"
    path.unlink()
    await bookings.write(said("one"), NOW + timedelta(hours=1))
    assert await bookings.read() == [said("one")]
    (path,) = (tmp_path / layout.bookings_path()).rglob("*.json")
    path.write_text("{")
    assert await bookings.read() == [said("one")], "a version never changes, so it is known"


async def test_calendars_of_which_nothing_counts_any_more_are_removed(
    bookings: CalendarBookingsStore, tmp_path: Path
) -> None:
    old, young = said("old", start=NOW - COUNTED_FOR), said("young", start=NOW - COUNTED_FOR + timedelta(hours=1))
    without = said("without").model_copy(update={"bookings": ()})
    for each in (old, young, without):
        await bookings.write(each, NOW)
    await bookings.remove_outdated([old, young, without], NOW)
    assert sorted(each.calendar_id for each in await bookings.read()) == ["without", "young"]
    assert len(files(tmp_path)) == 2


class _Restless(ArtifactStore):
    """A store in which a file is replaced each time before it is read, for so many times."""

    replacements = 0

    async def get(self, path: str) -> bytes:
        if self.replacements:
            self.replacements -= 1
            raise NotStoredError(path)
        return await super().get(path)


@pytest.mark.parametrize(("replacements", "is_read"), [(4, True), (5, False)])
async def test_a_version_that_is_replaced_while_it_is_read_is_looked_for_again(
    tmp_path: Path, replacements: int, *, is_read: bool
) -> None:
    store = _Restless(tmp_path.as_uri())
    bookings = CalendarBookingsStore(store)
    await bookings.write(said("one"), NOW)
    store.replacements = replacements
    if is_read:
        assert await bookings.read("anna") == [said("one")]
    else:
        with pytest.raises(StoreError, match=r"bookings/anna changes each time it is read; try again"):
            await bookings.read("anna")
