"""A calendar's book in the store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpoint, CalendarCheckpointStore, StaleWriteError
from minutekeeper.storage.store import ArtifactStore

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def notebook(minutes: int, *in_progress: str) -> CalendarCheckpoint:
    reconciled_at = NOON + timedelta(minutes=minutes)
    return CalendarCheckpoint(
        events=TrackedEvents(calendar_id="anna/../x"),
        reconciled_at=reconciled_at,
        in_progress=frozenset(in_progress),
    )


async def test_a_look_that_was_overtaken_does_not_write(tmp_path: Path) -> None:
    notebooks = CalendarCheckpointStore(ArtifactStore(tmp_path.as_uri()))
    await notebooks.write(notebook(1))
    await notebooks.write(notebook(2, "cal-1"))
    with pytest.raises(StaleWriteError):
        await notebooks.write(notebook(1))
    assert await notebooks.read("anna/../x") == notebook(2, "cal-1")
    await notebooks.remove("anna/../x")
    assert await notebooks.read("anna/../x") is None


async def test_a_book_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    await store.put(layout.calendar_state_path("anna"), b'{"events": {"calendar_id')
    assert await CalendarCheckpointStore(store).read("anna") is None
