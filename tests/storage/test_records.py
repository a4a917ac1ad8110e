"""Records by day, and by what they are found by."""

import json
from datetime import timedelta

import pytest

from minutekeeper import __version__
from minutekeeper.meetings.views import ClaimingCalendar, StoredFile
from minutekeeper.storage.layout import manifest_path, transcript_path
from minutekeeper.storage.manifest import Manifest, ManifestFile
from minutekeeper.storage.records import RecordKey, RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts import formats
from minutekeeper.transcripts.model import Segment, Transcript
from tests.records import NOON, a_record

CALENDAR = ClaimingCalendar(calendar_id="cal", event_id="event-7")


async def paths(store: ArtifactStore) -> list[str]:
    return [entry.path for entry in await store.list("records") if "/index/" not in entry.path]


async def test_a_record_lies_under_the_day_and_hour_of_its_meeting(store: ArtifactStore) -> None:
    path = await RecordStore(store).write(a_record("m"))

    assert path == "records/2026/12/01/1000Z-m.json"
    content = json.loads(await store.get(path))
    assert (content["schema"], content["meeting_id"], content["release"]) == (1, "m", __version__)
    assert [each["event"] for each in content["timeline"]] == ["booked", "completed"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (RecordKey.MEETING, "meeting-m"),
        (RecordKey.BOT, "first"),
        (RecordKey.BOT, "second"),
        (RecordKey.EVENT, "event-7"),
        (RecordKey.LINK, "https://meet.google.com/abc-defg-hij"),
    ],
)
async def test_it_is_found_by_all_that_names_it(store: ArtifactStore, kind: RecordKey, key: str) -> None:
    records = RecordStore(store)
    await records.write(a_record("m", bots=("first", "second"), calendars=(CALENDAR,)))
    await records.write(a_record("n", bots=("third",), meeting_url="https://meet.google.com/xyz-defg-hij"))

    assert [each.meeting_id for each in await records.found_by(kind, key)] == ["m"]
    assert await records.found_by(kind, f"{key}-other") == []


async def test_a_repeated_write_changes_nothing_and_an_older_one_comes_too_late(store: ArtifactStore) -> None:
    records, record = RecordStore(store), a_record("m")
    path = await records.write(record)
    before = {entry.path: await store.get(entry.path) for entry in await store.list()}

    await records.write(record)
    await records.write(record.model_copy(update={"written_at": NOON - timedelta(minutes=1), "title": "older"}))

    assert {entry.path: await store.get(entry.path) for entry in await store.list()} == before
    await records.write(record.model_copy(update={"written_at": NOON + timedelta(minutes=1), "title": "newer"}))
    assert json.loads(await store.get(path))["title"] == "newer"


async def test_two_runs_of_one_id_are_two_records(store: ArtifactStore) -> None:
    records = RecordStore(store)
    await records.write(a_record("m", run="0000-aaaaaaaa"))
    await records.write(a_record("m", run="0000-bbbbbbbb", written_at=NOON + timedelta(hours=1)))

    assert await paths(store) == ["records/2026/12/01/1000Z-m.json", "records/2026/12/01/1000Z-m~bbbbbbbb.json"]
    assert [each.run for each in await records.of_meeting("meeting-m")] == ["0000-bbbbbbbb", "0000-aaaaaaaa"]


async def test_a_run_that_was_taken_up_again_and_moved_has_one_record(store: ArtifactStore) -> None:
    records, later = RecordStore(store), NOON + timedelta(days=1)
    await records.write(a_record("m", bots=("first",)))
    moved = a_record("m", bots=("second",), start_time=later, written_at=later + timedelta(hours=1))
    await records.write(moved)

    assert await paths(store) == ["records/2026/12/02/1200Z-m.json"]
    assert await records.found_by(RecordKey.BOT, "first") == []
    assert len(await store.list("records/index")) == 3


async def test_files_have_their_hashes_and_speakers_their_shares(store: ArtifactStore) -> None:
    turns = [("Ada", 0.0, 5.0, "Good morning all"), ("Ben", 4.0, 14.5, "Hello"), ("Ada", 20, 21, "Bye")]
    segments = tuple(Segment(speaker=s, start=a, end=b, text=t) for s, a, b, t in turns)
    transcript = "".join(formats.to_json(Transcript(segments=segments, speakers=("Ada", "Ben")))).encode()
    await store.put(transcript_path("m", "json"), transcript)
    record = a_record("m", artifacts=(StoredFile(path="m/manifest.json", size=1),))
    manifest = Manifest(
        meeting_id="m",
        meeting_url=record.meeting_url,
        title="",
        start_time=record.start_time,
        bots=("bot-1",),
        transcript=record.transcript,
        files=(ManifestFile(name="transcript.json", size=len(transcript), sha256="ab"),),
        written_at=NOON,
    )
    await store.put(manifest_path("m"), manifest.model_dump_json().encode())

    content = json.loads(await store.get(await RecordStore(store).write(record)))

    assert content["folder"] == "m"
    assert content["files"] == [
        {"name": "transcript.json", "content_type": "application/json", "size": len(transcript), "sha256": "ab"}
    ]
    assert content["speakers"] == [
        {"name": "Ben", "seconds": 10.5, "words": 1},
        {"name": "Ada", "seconds": 6.0, "words": 4},
    ]


async def test_days_come_last_first_and_only_those_in_question(store: ArtifactStore) -> None:
    records = RecordStore(store)
    for days in (0, 1, 40, 400):
        start = NOON + timedelta(days=days)
        await records.write(a_record(f"m{days}", start_time=start))
    await records.write(a_record("early", start_time=NOON - timedelta(hours=3)))

    all_days = [[path.rpartition("-")[2] for path in day] async for day in records.paths_by_day()]
    assert all_days == [["m400.json"], ["m40.json"], ["m1.json"], ["m0.json", "early.json"]]
    some = records.paths_by_day(NOON + timedelta(days=1), NOON + timedelta(days=41))
    assert [[path.rpartition("-")[2] for path in day] async for day in some] == [["m40.json"], ["m1.json"]]
    until_midnight = records.paths_by_day(starts_before=NOON.replace(hour=0) + timedelta(days=1))
    assert [len(day) async for day in until_midnight] == [2]


async def test_a_damaged_record_hides_no_other_and_an_entry_without_one_is_passed_over(
    store: ArtifactStore,
) -> None:
    records = RecordStore(store)
    path = await records.write(a_record("m"))
    whole = await records.write(a_record("n"))
    await store.put(path, b'{"schema"')

    assert [each.meeting_id for each in await records.read([path, whole, "records/none.json"])] == ["n"]
    assert await records.of_meeting("meeting-m") == []
    await records.write(a_record("m"))
    assert [each.meeting_id for each in await records.of_meeting("meeting-m")] == ["m"]
