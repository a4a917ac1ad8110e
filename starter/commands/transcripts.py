"""`transcript`: it comes from the store, and needs Temporal only to say why there is none."""

import codecs
import sys
from contextlib import suppress

from artifacts.errors import NotStoredError, StoreError
from artifacts.folders import transcript_folders
from artifacts.layout import transcript as transcript_path
from artifacts.store import ArtifactStore
from starter import words
from starter.client import MeetingsClient
from starter.errors import MeetingError
from starter.inputs import settings


async def transcript(meeting: str, form: str) -> int:
    """Straight from the store: it is there when Temporal has long forgotten the meeting."""
    url = settings().artifacts_url
    try:
        content = await _newest_transcript(ArtifactStore(url), meeting, form)
    except StoreError as error:
        raise MeetingError(str(error)) from None
    if content is None:
        why_not = await _why_no_transcript(meeting)
        raise MeetingError(f"There is no transcript of {meeting} in {url}. {why_not}")
    sys.stdout.flush()
    if codecs.lookup(sys.stdout.encoding).name == "utf-8":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(content.decode())
        sys.stdout.flush()
    return 0


async def _newest_transcript(store: ArtifactStore, meeting: str, form: str) -> bytes | None:
    for folder in await transcript_folders(store, meeting):
        with suppress(NotStoredError):
            return await store.get(transcript_path(folder, form))
    return None


async def _why_no_transcript(meeting: str) -> str:
    try:
        view = await (await MeetingsClient.connect()).status(meeting)
    except MeetingError as error:
        return str(error)
    return f"{words.TRANSCRIPT[view.transcript]} {words.state_sentence(view)}"
