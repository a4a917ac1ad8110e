"""A calendar's book in the store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from artifacts import layout
from artifacts.notebook import Notebook, Notebooks, OvertakenError
from artifacts.store import ArtifactStore
from meetings.calendars.book import Book

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)


def notebook(minutes: int, *under_way: str) -> Notebook:
    seen_at = NOON + timedelta(minutes=minutes)
    return Notebook(book=Book(calendar_id="anna/../x"), seen_at=seen_at, under_way=frozenset(under_way))


async def test_a_look_that_was_overtaken_does_not_write(tmp_path: Path) -> None:
    notebooks = Notebooks(ArtifactStore(tmp_path.as_uri()))
    await notebooks.write(notebook(1))
    await notebooks.write(notebook(2, "cal-1"))
    with pytest.raises(OvertakenError):
        await notebooks.write(notebook(1))
    assert await notebooks.read("anna/../x") == notebook(2, "cal-1")
    await notebooks.remove("anna/../x")
    assert await notebooks.read("anna/../x") is None


async def test_a_book_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    await store.put(layout.book("anna"), b'{"book": {"calendar_id')
    assert await Notebooks(store).read("anna") is None
