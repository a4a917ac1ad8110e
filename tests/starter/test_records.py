"""Meetings that Temporal has forgotten are still told of, by their records, and without a worker."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from minutekeeper.meetings.request import Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from starter.errors import MeetingNotFoundError, MeetingRefusedError, StorageError
from starter.meeting_models import KnownFrom
from starter.temporal_client import TemporalMeetingClient
from tests.records import NOON, a_record
from tests.starter.support import a_request, an_outcome, cli, end

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("without_worker")]

OWN_URL = "https://meet.google.com/own-link-qqq"
"""A link under which the other tests of this server book nothing."""
CALENDAR = ClaimingCalendar(calendar_id="anna", event_id="event-7")
FAILED: dict[str, Any] = {
    "status": MeetingStatus.FAILED,
    "reason": FailureReason.NOT_ACCEPTED,
    "transcript": TranscriptState.FAILED,
}


@pytest.fixture
def store(tmp_path: Path) -> RecordStore:
    return RecordStore(ArtifactStore((tmp_path / "store").as_uri()))


@pytest_asyncio.fixture(loop_scope="session")
async def reader(quiet_client: TemporalMeetingClient) -> TemporalMeetingClient:
    """A client of this test's store, where no worker answers."""
    return TemporalMeetingClient(quiet_client.temporal)


async def test_show_and_why_read_the_record_and_say_so(store: RecordStore) -> None:
    await store.write(a_record("old", title="Weekly", metadata={"deal": "7"}, **FAILED))

    shown = (await cli("show", "old", "--json")).json
    why = (await cli("why", "old", "--json")).json

    assert (shown["from"], shown["status"], shown["metadata"]) == ("record", "failed", {"deal": "7"})
    assert [entry["event"] for entry in shown["timeline"]] == ["booked", "failed"]
    assert (why["from"], why["reason"]) == ("record", "not_accepted")
    assert why["explanation"].startswith("Weekly failed: a participant refused to admit the bot.")
    assert why["explanation"].endswith("Read from the meeting's record in the artifact store.")
    for command in ("show", "why"):
        assert "record in the artifact store" in (await cli(command, "meeting-old")).out


async def test_watch_ends_at_once_with_the_whole_timeline(store: RecordStore) -> None:
    await store.write(a_record("old"))
    ended = await cli("watch", "old")
    assert (ended.code, "Booked." in ended.out, "is completed" in ended.out) == (0, True, True)
    assert (await cli("watch", "old", "--json")).json["from"] == "record"


@pytest.mark.parametrize("what", ["old", "meeting-old", "bot-a", "event-7", OWN_URL, f"{OWN_URL}?authuser=1"])
async def test_find_finds_it_by_all_that_names_it(store: RecordStore, sim: Any, what: str) -> None:
    assert sim
    await store.write(a_record("old", meeting_url=OWN_URL, bots=("bot-a", "bot-b"), calendars=(CALENDAR,)))
    (found,) = (await cli("find", what, "--json")).json
    assert (found["meeting_id"], found["from"]) == ("old", "record")
    assert found["calendars"] == [{"calendar_id": "anna", "event_id": "event-7", "user": None}]


async def test_a_missing_transcript_is_explained(store: RecordStore) -> None:
    await store.write(a_record("old", title="Weekly", **FAILED))
    ended = await cli("transcript", "old")
    assert (ended.code, "There is no transcript: transcription failed." in ended.err) == (1, True)


async def test_changes_are_refused_as_for_any_meeting_that_is_over(
    store: RecordStore, reader: TemporalMeetingClient
) -> None:
    await store.write(a_record("old"))
    await store.write(a_record("off", status=MeetingStatus.CANCELLED))
    for change in (
        reader.cancel("old"),
        reader.leave("old"),
        reader.reschedule("old", Reschedule(start_time=NOON)),
    ):
        with pytest.raises(MeetingRefusedError, match=r"Meeting old is over \(completed\)"):
            await change
    with pytest.raises(MeetingRefusedError, match="Temporal has forgotten it"):
        await reader.collect("old")
    assert (await reader.cancel("off")).status is MeetingStatus.CANCELLED
    assert (await reader.wait("old")).evidence.text == "its own words"


async def test_an_unknown_meeting_stays_unknown_and_a_store_in_trouble_says_so(
    store: RecordStore, reader: TemporalMeetingClient, settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await store.write(a_record("old"))
    with pytest.raises(MeetingNotFoundError, match="no record of one"):
        await reader.status("never-heard-of")
    settings.setenv("ARTIFACTS_URL", "s3://nowhere/at/all")
    settings.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        settings.setenv(name, "x")
    settings.setattr("minutekeeper.storage.store._RETRIES", 0)
    lost = TemporalMeetingClient(reader.temporal)
    with pytest.raises(StorageError, match="The record of old cannot be read"):
        await lost.status("old")
    assert "old" not in {each.meeting_id for each in await lost.list()}
    settings.setenv("ARTIFACTS_URL", (tmp_path / "not" / "there").as_uri())
    with pytest.raises(MeetingNotFoundError):
        await TemporalMeetingClient(reader.temporal).status("old")
    assert not (tmp_path / "not").exists()


async def test_an_ended_meeting_without_a_worker_has_its_timeline(
    store: RecordStore, reader: TemporalMeetingClient
) -> None:
    started = await reader.start(a_request(301))
    await reader.temporal.get_workflow_handle(started.workflow_id).terminate()
    assert (await reader.details(started.workflow_id)).known_from is KnownFrom.TEMPORAL
    described = await reader.temporal.get_workflow_handle(started.workflow_id).describe()
    assert described.close_time
    earlier: dict[str, Any] = {"written_at": described.start_time - timedelta(minutes=1), "run": "an earlier run"}
    await store.write(a_record(started.meeting_id, **FAILED, **earlier))
    assert (await reader.details(started.workflow_id)).known_from is KnownFrom.TEMPORAL
    await store.write(a_record(started.meeting_id, **FAILED, written_at=described.close_time))
    details = await reader.details(started.workflow_id)
    assert (details.known_from, len(details.view.timeline)) == (KnownFrom.RECORD, 2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from", "2026-11-01T00:00:00Z", "--to", "2026-11-03T00:00:00Z"], ["two", "one"]),
        (["--from", "2026-11-02T00:00:00Z", "--to", "2026-11-03T00:00:00Z"], ["two"]),
        (["--status", "failed", "--to", "2026-11-10T00:00:00Z"], ["three"]),
        (["--reason", "not_accepted", "--to", "2026-11-10T00:00:00Z"], ["three"]),
        (["--platform", "zoom", "--to", "2026-11-10T00:00:00Z"], ["two"]),
        (["--calendar", "anna"], ["one"]),
        (["--meta", "deal=7", "--meta", "team=x"], ["three"]),
        (["--title", "QUART review"], ["one"]),
        (["--status", "recording"], []),
    ],
)
async def test_lists_go_on_into_the_records(store: RecordStore, options: list[str], expected: list[str]) -> None:
    day = NOON.replace(month=11, day=1)
    await store.write(a_record("one", start_time=day, title="Review, quarterly", calendars=(CALENDAR,)))
    zoom = "https://zoom.us/j/12345678901"
    await store.write(a_record("two", start_time=day + timedelta(days=1), meeting_url=zoom, title="Review"))
    meta = {"deal": "7", "team": "x"}
    await store.write(a_record("three", start_time=day + timedelta(days=2), metadata=meta, **FAILED))

    listed = (await cli("list", "--json", *options)).json

    assert [each["meeting_id"] for each in listed] == expected
    assert {each["from"] for each in listed} <= {"record"}


async def test_a_meeting_that_temporal_knows_is_listed_once(
    store: RecordStore, client: TemporalMeetingClient, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("TEMPORAL_NAMESPACE", client.temporal.namespace)
    request = a_request(302, title="Uncommonword")
    started = await client.start(request)
    await end(client, started.workflow_id, an_outcome(started.meeting_id))
    await store.write(a_record(started.meeting_id, title="Uncommonword", start_time=request.start_time))
    await store.write(a_record("older", title="Uncommonword"))
    here = TemporalMeetingClient(client.temporal)
    listed = await here.list(title="Uncommonword")
    assert [(each.meeting_id, each.known_from) for each in listed] == [
        (started.meeting_id, KnownFrom.TEMPORAL),
        ("older", KnownFrom.RECORD),
    ]
    assert [each.meeting_id for each in await here.list(title="Uncommonword", limit=1)] == [started.meeting_id]


async def test_of_ten_thousand_records_a_list_reads_few(
    store: RecordStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await store.write(a_record("template"))
    content = (tmp_path / "store" / path).read_text()
    for number in range(10_000):
        start = NOON - timedelta(minutes=30 * number)
        text = content.replace("template", f"m{number}").replace(
            "2026-12-01T10:00:00Z", f"{start:%Y-%m-%dT%H:%M:%SZ}"
        )
        file = tmp_path / "store" / f"records/{start:%Y/%m/%d/%H%M}Z-m{number}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    read: list[str] = []
    get = ArtifactStore.get

    async def counted(store: ArtifactStore, path: str) -> bytes:
        read.append(path)
        return await get(store, path)

    monkeypatch.setattr(ArtifactStore, "get", counted)
    listed = (await cli("list", "--json")).json

    from_records = [each["meeting_id"] for each in listed if each["from"] == "record"]
    assert from_records[:3] == ["m0", "m1", "m2"][: len(from_records)]
    assert len(listed) == 50
    assert 0 < len(read) < 200
