"""Meetings with recordings and transcripts, as they are stored when they have ended."""

import hashlib
from array import array
from collections.abc import Sequence
from math import sin
from pathlib import Path
from typing import Any

import av

from minutekeeper.meetings.status import TranscriptState
from minutekeeper.storage.layout import manifest_path
from minutekeeper.storage.manifest import Manifest, ManifestFile
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts.formats import to_json, to_markdown, to_srt, to_text, to_webvtt
from minutekeeper.transcripts.model import Segment, Transcript
from tests.records import NOON, a_record


def said(*turns: tuple[str, float, float, str], recording_starts: tuple[float, ...] = ()) -> Transcript:
    """A transcript of turns of speaker, start, end and text."""
    segments = tuple(Segment(speaker=who, start=start, end=end, text=text) for who, start, end, text in turns)
    speakers = tuple(dict.fromkeys(each.speaker for each in segments))
    return Transcript(segments=segments, speakers=speakers, recording_starts=recording_starts)


def transcript_files(transcript: Transcript, title: str = "Weekly") -> dict[str, bytes]:
    forms = {
        "json": "".join(to_json(transcript)),
        "md": to_markdown(transcript, title, NOON),
        "vtt": to_webvtt(transcript),
        "srt": to_srt(transcript),
        "txt": to_text(transcript),
    }
    return {f"transcript.{form}": text.encode() for form, text in forms.items()}


def film(path: Path, seconds: int) -> bytes:
    """A video of a picture a second, whose brightness goes up and down."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=1, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for second in range(seconds):
            frame = av.VideoFrame(64, 36, "yuv420p")
            for plane, value in zip(frame.planes, (40 + 20 * (second % 8), 128, 128), strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts = second
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


def sound(path: Path, seconds: int) -> bytes:
    """A quiet tone as MP3."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp3", rate=16000)
        wave = array("h", (round(2000 * sin(each / 8)) for each in range(16000))).tobytes()
        for _ in range(seconds):
            frame = av.AudioFrame("s16", "mono", 16000)
            frame.sample_rate = 16000
            frame.planes[0].update(wave)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


async def store_meeting(
    store: ArtifactStore,
    meeting_id: str,
    files: dict[str, bytes],
    *,
    transcript: TranscriptState = TranscriptState.READY,
    **fields: Any,
) -> None:
    """A meeting that Temporal has forgotten, with its files and its record."""
    for name, content in files.items():
        await store.put(f"{meeting_id}/{name}", content)
    record = a_record(
        meeting_id, transcript=transcript, artifacts=({"path": manifest_path(meeting_id), "size": 1},), **fields
    )
    known = record.model_dump(include={"meeting_id", "meeting_url", "title", "start_time", "transcript"})
    manifest = Manifest(bots=("bot-1",), files=_listed(files), written_at=NOON, **known)
    await store.put(manifest_path(meeting_id), manifest.model_dump_json().encode())
    await RecordStore(store).write(record)


def _listed(files: dict[str, bytes]) -> Sequence[ManifestFile]:
    return tuple(
        ManifestFile(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    )
