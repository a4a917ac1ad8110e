"""Files and transcripts over HTTP: whole, in parts, with their hashes, or as a link into a bucket."""

import base64
import hashlib
from typing import Any

import pytest
import pytest_asyncio

from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.storage.layout import manifest_path
from minutekeeper.storage.manifest import Manifest, ManifestFile
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from tests.records import NOON, a_record
from tests.web.api.test_meetings import MEETINGS, booking
from tests.web.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIDEO = bytes(range(256)) * 4096
FILES = {
    "recording.mp4": VIDEO,
    "earlier/0/recording.mp4": b"earlier",
    "transcript.vtt": "WEBVTT — Grüße\n".encode(),
}


async def store_meeting(store: ArtifactStore, meeting_id: str) -> None:
    """A meeting that Temporal has forgotten, with its files and its record."""
    for name, content in FILES.items():
        await store.put(f"{meeting_id}/{name}", content)
    files = tuple(
        ManifestFile(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    )
    record = a_record(meeting_id, artifacts=({"path": manifest_path(meeting_id), "size": 1},))
    known = record.model_dump(include={"meeting_id", "meeting_url", "title", "start_time", "transcript"})
    manifest = Manifest(bots=("bot-1",), files=files, written_at=NOON, **known)
    await store.put(manifest_path(meeting_id), manifest.model_dump_json().encode())
    await RecordStore(store).write(record)


@pytest_asyncio.fixture(loop_scope="session")
async def url(api: Api) -> str:
    await store_meeting(ArtifactStore((api.folder / "store").as_uri()), "filed")
    return f"{api.url}{MEETINGS}/filed"


async def get(api: Api, url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers["Authorization"] = f"Bearer {api.keys['files']}"
    async with api.http.request(method, url, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_files_are_listed_with_their_hashes(api: Api, url: str) -> None:
    _, _, listed = await api.ask("GET", f"{MEETINGS}/filed/files", scope="files")
    assert url.endswith("/filed")
    assert listed["complete"] is True
    assert {file["name"]: file["sha256"] for file in listed["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }


@pytest.mark.parametrize("name", FILES)
async def test_a_file_comes_whole_with_its_digest(api: Api, url: str, name: str) -> None:
    status, headers, content = await get(api, f"{url}/files/{name}")
    digest = base64.b64encode(hashlib.sha256(FILES[name]).digest()).decode()
    assert (status, content, headers["Repr-Digest"]) == (200, FILES[name], f"sha-256=:{digest}:")
    assert headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name.rpartition('/')[2]}"
    status, told, content = await get(api, f"{url}/files/{name}", "HEAD")
    assert (status, told["Content-Length"], content) == (200, str(len(FILES[name])), b"")
    status, _, _ = await get(api, f"{url}/files/{name}", If_None_Match=headers["ETag"])
    assert status == 304


@pytest.mark.parametrize(
    ("asked", "part"), [("bytes=0-9", VIDEO[:10]), ("bytes=1000-", VIDEO[1000:]), ("bytes=-7", VIDEO[-7:])]
)
async def test_a_file_comes_in_part(api: Api, url: str, asked: str, part: bytes) -> None:
    status, headers, content = await get(api, f"{url}/files/recording.mp4", Range=asked)
    assert (status, content) == (206, part)
    assert headers["Content-Range"].endswith(f"/{len(VIDEO)}")
    status, _, _ = await get(api, f"{url}/files/recording.mp4", Range=f"bytes={len(VIDEO)}-")
    assert status == 416


@pytest.mark.parametrize("name", ["none.mp4", "..%2f..%2fkeys.json", "manifest.json", ".run.json", "%00"])
async def test_only_listed_files_are_there(api: Api, url: str, name: str) -> None:
    status, headers, content = await get(api, f"{url}/files/{name}")
    assert (status, b'"no_file"' in content) == (404, True)
    assert headers["Content-Type"].startswith("application/problem+json")


async def test_transcripts_come_in_the_form_that_is_asked_for(api: Api, url: str) -> None:
    status, headers, content = await get(api, f"{url}/transcript?format=vtt")
    assert (status, content, headers["Content-Type"]) == (200, FILES["transcript.vtt"], "text/vtt; charset=utf-8")
    status, _, content = await get(api, f"{url}/transcript?format=srt")
    assert (status, b'"no_transcript"' in content) == (404, True)
    assert (await get(api, f"{url}/transcript?format=pdf"))[0] == 422


async def test_what_is_not_there_yet_is_told_apart_from_what_never_will_be(api: Api) -> None:
    _, _, booked = await api.ask("POST", MEETINGS, booking(421))
    for path in ("files", "files/recording.mp4", "transcript"):
        status, headers, problem = await api.ask("GET", f"{booked['url']}/{path}")
        assert (status, problem["code"], headers["Retry-After"]) == (409, "not_ready", "30")
    store = RecordStore(ArtifactStore((api.folder / "store").as_uri()))
    await store.write(a_record("never", status=MeetingStatus.FAILED, transcript=TranscriptState.FAILED))
    status, _, problem = await api.ask("GET", f"{MEETINGS}/never/transcript")
    assert (status, problem["code"]) == (404, "no_transcript")
    assert "transcription failed" in problem["detail"]
    _, _, listed = await api.ask("GET", f"{MEETINGS}/never/files")
    assert listed == {"files": [], "transcript": "failed", "complete": True}
    assert (await api.ask("GET", f"{MEETINGS}/never/files", scope="read"))[0] == 403


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (f"{MEETINGS}/filed", "private, no-cache"),
        (f"{MEETINGS}/filed/files/recording.mp4", "private, no-cache"),
        (f"{MEETINGS}/filed/files", "no-store"),
        (f"{MEETINGS}/filed/files/unknown", "no-store"),
        ("/healthz", "no-store"),
    ],
)
async def test_what_is_answered_is_kept_by_no_proxy_and_taken_for_what_it_is(
    api: Api, url: str, path: str, kept: str
) -> None:
    async with api.http.get(
        url.removesuffix(f"{MEETINGS}/filed") + path, headers={"Authorization": f"Bearer {api.keys['all']}"}
    ) as answer:
        assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == (kept, "nosniff")
