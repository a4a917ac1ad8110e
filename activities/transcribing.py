"""Writing down what was said at a meeting, in five forms, once."""

import asyncio

from pydantic import ValidationError

from activities.delivered import Delivered
from artifacts import layout
from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore
from meetings import exports
from meetings.collection import CollectOrder, TranscriptResult
from meetings.status import TranscriptState
from meetings.transcript import Transcript


async def write_transcript(store: ArtifactStore, order: CollectOrder, delivered: Delivered) -> TranscriptResult:
    """Nothing is written for an empty transcript, and nothing twice: an attempt that follows finds a note.

    Raises ProviderError and StoreError.
    """
    note = f"{layout.pieces(order.folder, order.bot_id)}.transcript"
    if written := await _noted(store, note):
        return written
    found = await delivered.read()
    transcript = found.transcript
    if transcript is None:
        never = found.transcript_failed or found.deleted
        return TranscriptResult(state=TranscriptState.FAILED if never else TranscriptState.PENDING)
    if transcript.is_empty:
        return TranscriptResult(state=TranscriptState.EMPTY)
    # Hours of speech are megabytes: writing them out must not hold up what else this worker does.
    forms = await asyncio.to_thread(_forms, transcript, order)
    artifacts = [
        await store.put(layout.transcript(order.folder, form), text.encode("utf-8", "replace"))
        for form, text in forms.items()
    ]
    result = TranscriptResult(state=TranscriptState.READY, artifacts=tuple(artifacts))
    await store.put(note, result.model_dump_json().encode())
    return result


async def _noted(store: ArtifactStore, note: str) -> TranscriptResult | None:
    """What an earlier attempt wrote, if nobody removed any of it since."""
    try:
        result = TranscriptResult.model_validate_json(await store.get(note))
    except (NotStoredError, ValidationError):
        return None
    sizes = await asyncio.gather(*(store.size(artifact.path) for artifact in result.artifacts))
    return result if sizes == [artifact.size for artifact in result.artifacts] else None


def _forms(transcript: Transcript, order: CollectOrder) -> dict[str, str]:
    return {
        "json": exports.to_json(transcript),
        "md": exports.to_markdown(transcript, order.title, order.start_time),
        "vtt": exports.to_webvtt(transcript),
        "srt": exports.to_srt(transcript),
        "txt": exports.to_text(transcript),
    }
