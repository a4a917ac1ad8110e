"""Writes the transcript of a meeting in five formats, once."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError
from temporalio import activity

from activities.recording_download import RecordedContentReader
from minutekeeper.downloads.downloader import DownloadRefusedError, FileOverLimitError, UrlRefusedError
from minutekeeper.meetings.collection import CollectInput, TranscriptResult
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.meetings.views import Artifact
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.recorded_content import RecordedContent
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.transcripts import formats
from minutekeeper.transcripts.model import Transcript

_ATTEMPTS_AT_A_LINK = 12
"""Of collecting; they take about half an hour together."""
_PIECE_BYTES = 8 * 1024 * 1024


async def write_transcript(
    store: ArtifactStore, order: CollectInput, delivered: RecordedContentReader
) -> TranscriptResult:
    """Writes nothing for an empty transcript, and nothing twice: a note lets later attempts skip what is done.

    Raises ProviderError and StoreError.
    """
    note = f"{layout.partial_download_dir(order.folder, order.bot_id)}.transcript"
    if written := await _noted(store, note):
        return written
    try:
        found, transcript = await delivered.transcript()
    except DownloadRefusedError:
        # An operator has to change that, and it is shown until then.
        raise
    except (UrlRefusedError, UnavailableError, FileOverLimitError) as error:
        # It may be read too early, or be damaged; the recording must not wait for it for days.
        if activity.info().attempt < _ATTEMPTS_AT_A_LINK and not isinstance(error, FileOverLimitError):
            raise
        return TranscriptResult(state=TranscriptState.FAILED, error=str(error))
    if transcript is None or transcript.is_empty:
        return TranscriptResult(state=_state_without_words(found, transcript, order))
    artifacts = [
        await _put(store, layout.transcript_path(order.folder, form), parts)
        for form, parts in _forms(transcript, order)
    ]
    result = TranscriptResult(state=TranscriptState.READY, artifacts=tuple(artifacts))
    await store.put(note, result.model_dump_json().encode())
    return result


def _state_without_words(
    found: RecordedContent, transcript: Transcript | None, order: CollectInput
) -> TranscriptState:
    if transcript is not None:
        return TranscriptState.EMPTY
    if found.transcript_failed or found.deleted:
        return TranscriptState.FAILED
    is_awaited = found.is_pending or found.is_transcript_pending or bool(found.transcript_links)
    return TranscriptState.EMPTY if order.transcript_finished and not is_awaited else TranscriptState.PENDING


async def _noted(store: ArtifactStore, note: str) -> TranscriptResult | None:
    """What an earlier attempt wrote, if all of it is still there."""
    try:
        result = TranscriptResult.model_validate_json(await store.get(note))
    except (NotStoredError, ValidationError):
        return None
    sizes = await asyncio.gather(*(store.size(artifact.path) for artifact in result.artifacts))
    return result if sizes == [artifact.size for artifact in result.artifacts] else None


async def _put(store: ArtifactStore, path: str, parts: Iterator[str]) -> Artifact:
    """Formats in a thread and in pieces, because hours of speech are megabytes and would block the event loop."""
    first = await asyncio.to_thread(_piece, parts)
    if len(first) < _PIECE_BYTES:
        return await store.put(path, first)
    async with store.writer(path) as writer:
        piece = first
        while piece:
            await writer.write(piece)
            piece = await asyncio.to_thread(_piece, parts)
    return writer.artifact


def _piece(parts: Iterator[str]) -> bytes:
    """The next piece of a file; shorter at its end."""
    piece = bytearray()
    for part in parts:
        piece += part.encode("utf-8", "replace")
        if len(piece) >= _PIECE_BYTES:
            break
    return bytes(piece)


def _forms(transcript: Transcript, order: CollectInput) -> Iterator[tuple[str, Iterator[str]]]:
    yield "json", formats.to_json(transcript)
    yield "md", _made(formats.to_markdown, transcript, order.title, order.start_time)
    yield "vtt", _made(formats.to_webvtt, transcript)
    yield "srt", _made(formats.to_srt, transcript)
    yield "txt", _made(formats.to_text, transcript)


def _made(form: Callable[..., str], *given: Any) -> Iterator[str]:
    """Formats the file when its first part is read, in the thread that reads it."""
    yield form(*given)
