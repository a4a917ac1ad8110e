"""The index over all transcripts: what it finds, what it forgets, and what it survives."""

import asyncio
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.transcript_indexing import IndexChanges
from starter.errors import MeetingInputError, StorageError
from starter.transcript_search import HITS_PER_PAGE, MEETINGS_PER_PAGE, TranscriptMatches, TranscriptSearch
from tests.records import NOON
from tests.search_library import Library
from tests.starter.support import eventually


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def snippets(matches: TranscriptMatches) -> list[str]:
    return ["".join(part.text for part in hit.snippet) for each in matches.found for hit in each.found]


async def test_hits_say_who_said_what_when_and_where(library: Library) -> None:
    await library.add("old", "Hello.", "The budget is fine.", title="Weekly", start_time=NOON - timedelta(days=2))
    await library.put("new/transcript.json", ["Budgets, budgets.", "No.", "That budget?"])
    await library.put("new/later/2/transcript.json", ["A second budget."])
    await library.record("new", "new/transcript.json", "new/later/2/transcript.json", title="Board")
    assert await library.update() == IndexChanges(written=2)

    matches = await library.search.find("BUDGET")

    assert [(each.meeting_id, each.title, each.hits) for each in matches.found] == [
        ("new", "Board", 3),
        ("old", "Weekly", 1),
    ]
    assert (matches.meetings, matches.hits, matches.pages) == (2, 4, 1)
    new, old = matches.found
    assert [(hit.recording, hit.start) for hit in new.found] == [("", 0.0), ("", 20.0), ("later/2", 0.0)]
    assert [(hit.speaker, hit.start) for hit in old.found] == [("Anna", 10.0)]
    assert [(part.text, part.is_match) for part in old.found[0].snippet] == [
        ("The ", False),
        ("budget", True),
        (" is fine.", False),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ('"', None),
        ("*", None),
        ("(", None),
        ("NEAR", ["hostile"]),
        ('"near(c++', ["hostile"]),
        ("c++", ["hostile"]),
        ("text:near", []),
        ("near AND c", []),
        ("'; DROP TABLE meetings; --", []),
        ("\x00near\x00", ["hostile"]),
        ("会议", ["hostile"]),
        ("议会", []),
        ("zoë", ["hostile"]),
    ],
)
async def test_what_is_typed_never_fails_in_the_database(
    library: Library, words: str, expected: list[str] | None
) -> None:
    await library.add("hostile", "Near C++ 今天的会议, says ZOE\u0308.")
    await library.update()
    if expected is None:
        with pytest.raises(MeetingInputError, match="Type a word"):
            await library.found(words)
    else:
        assert await library.found(words) == expected


async def test_many_hits_come_in_pages(library: Library) -> None:
    for number in range(MEETINGS_PER_PAGE + 2):
        await library.add(f"m{number}", "A word.", start_time=NOON + timedelta(hours=number))
    await library.add("long", *["A word."] * (HITS_PER_PAGE + 1), start_time=NOON - timedelta(days=9))
    await library.update()

    first, second = await library.search.find("word"), await library.search.find("word", page=2)
    inside = await library.search.find("word", meeting="long", page=2)

    assert [each.meeting_id for each in first.found] == [f"m{n}" for n in range(MEETINGS_PER_PAGE + 1, 1, -1)]
    assert [each.meeting_id for each in second.found] == ["m1", "m0", "long"]
    assert (first.pages, first.meetings, second.found[-1].hits, len(second.found[-1].found)) == (2, 23, 51, 3)
    assert (inside.pages, inside.hits, [hit.start for hit in inside.found[0].found]) == (2, 51, [500.0])
    assert await library.found("word", page=10**9) == []
    assert await library.found("word", meeting="never-heard-of") == []


async def test_only_what_changed_is_read_again(library: Library) -> None:
    await library.add("same", "A word.")
    await library.add("moved", "A word.")
    await library.update()
    assert await library.update() == IndexChanges(unchanged=2)

    await library.put("moved/transcript.json", ["Another word."])
    await library.record("moved", "moved/transcript.json", title="Now", written_at=NOON + timedelta(days=1))
    await library.store.put("records/2026/12/01/0000Z-damaged.json", b"{")
    assert await library.update() == IndexChanges(written=1, unchanged=1, unreadable=1)
    (found,) = (await library.search.find("another")).found
    assert (found.meeting_id, found.title) == ("moved", "Now")
    assert snippets(await library.search.find("word", meeting="moved")) == ["Another word."]


async def test_what_is_erased_is_forgotten_at_once_and_without_a_trace(library: Library) -> None:
    await library.add("kept", "We met Xylophanes.")
    await library.add("erased", "His secret is Quetzalcoatl.", title="Quetzalcoatlus")
    await library.update()
    assert await library.found("quetzalcoatl") == ["erased"]

    await library.store.delete("erased/transcript.json")

    assert await library.found("quetzalcoatl") == []
    rest = b"".join(path.read_bytes() for path in library.file.parent.iterdir()).lower()
    assert b"quetzal" not in rest
    assert b"xylophanes" in rest
    (record,) = [path async for path in RecordStore(library.store).paths_by_day()]
    await library.store.delete(next(path for path in record if "kept" in path))
    assert (await library.update()).removed == 1
    assert await library.found("xylophanes") == []


async def test_a_meeting_that_ends_is_found_soon_and_in_the_end_all_are(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starter.transcript_search._RECENT_EVERY", timedelta(milliseconds=20))
    await library.add("old", "A word.", start_time=NOON - timedelta(days=400))
    assert (await library.search.find("word")).complete_at is None
    keeping = asyncio.create_task(library.search.keep_up_to_date())
    try:
        await until_found(library, ["old"])
        record = await library.add("new", "A word.", start_time=datetime.now(UTC))
        await until_found(library, ["new", "old"])
        await library.store.delete_prefix(f"records/{record.start_time:%Y/%m/%d}")
        await until_found(library, ["old"])
    finally:
        keeping.cancel()


async def until_found(library: Library, expected: list[str]) -> None:
    await eventually(lambda: library.found("word"), lambda found: found == expected)


@pytest.mark.parametrize("damage", ["foreign", "garbage", "pages", "outdated", "empty"])
async def test_a_file_that_is_no_index_is_replaced_with_a_line(
    library: Library, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for number in range(30):
        await library.add(f"m{number}", *(f"A word {n} of {number}." for n in range(40)))
    await library.update()
    content = library.file.read_bytes()
    match damage:
        case "foreign":
            library.file.unlink()
            with sqlite3.connect(library.file) as db:
                db.execute("CREATE TABLE theirs (x)")
        case "garbage":
            library.file.write_bytes(b"not a database" * 100)
        case "pages":
            library.file.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
        case "outdated":
            library.file.write_bytes(content[:60] + b"\x00\x00\x00\x09" + content[64:])
        case "empty":
            library.file.write_bytes(b"")

    assert await library.found("word") == []
    assert (await library.update()).written == 30
    assert len(await library.found("word")) == MEETINGS_PER_PAGE

    assert bool(caplog.text) == (damage != "empty")
    aside = library.file.with_name("search.sqlite3.not-an-index")
    assert aside.exists() == (damage in {"foreign", "garbage"})
    assert library.file.stat().st_mode & 0o077 == 0


async def test_two_that_fill_one_index_do_no_harm(library: Library) -> None:
    for number in range(40):
        await library.add(f"m{number}", "A word.", "Two words.")
    other = Library(library.root.parent)
    await asyncio.gather(library.update(), other.update(), library.update(anew=True))
    await library.update()
    matches = await other.search.find("word")
    assert (matches.meetings, matches.hits) == (40, 80)


async def test_an_index_that_cannot_be_used_says_so(library: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = library.settings.model_copy(update={"minutekeeper_search_index": str(tmp_path / "file" / "x")})
    with pytest.raises(StorageError, match="The search index cannot be used"):
        await TranscriptSearch.from_settings(settings).find("word")
