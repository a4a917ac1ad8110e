"""Stored files over HTTP: listed with their hashes, and sent whole or in part, or as a link into a bucket."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote

from aiohttp import hdrs, web

from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.status import TranscriptState
from minutekeeper.storage.layout import validate_path
from minutekeeper.storage.store import ArtifactStore
from starter import messages
from starter.client import MeetingClient
from starter.meeting_reader import MeetingFiles
from web.api.handlers import ApiRequest, ApiResponse
from web.api.models import FileList
from web.api.problems import ProblemCode, ProblemError

_LINK_LIFETIME = timedelta(minutes=15)
_RETRY_SECONDS = 30
_CHUNK_BYTES = 1024 * 1024


class FileHandlers:
    """The operations on files. `open_store` opens the artifact store when it is first needed."""

    def __init__(
        self, connected: Callable[[], Awaitable[MeetingClient]], open_store: Callable[[], ArtifactStore]
    ) -> None:
        self._connected = connected
        self._open_store = open_store
        self._store: ArtifactStore | None = None

    async def list_files(self, request: ApiRequest) -> ApiResponse:
        found = await self._found(request.subject)
        if not found.files and not found.is_final:
            raise _not_ready("The meeting has not ended, and nothing of it is stored yet.")
        return ApiResponse(FileList(files=found.files, complete=found.is_final))

    async def send_file(self, request: ApiRequest) -> web.StreamResponse:
        found = await self._found(request.subject)
        file = found.named(request.part)
        if file is None and not found.is_final:
            raise _not_ready("The meeting has not ended, and this file is not stored yet.")
        if file is None:
            raise ProblemError(ProblemCode.NO_FILE, "The meeting has no such file; its list of files has them all.")
        return await self._sent(found, file)

    async def send_transcript(self, request: ApiRequest) -> web.StreamResponse:
        found = await self._found(request.subject)
        file = found.named(f"transcript.{request.query.form.value}")
        if file is not None:
            return await self._sent(found, file)
        if not found.is_final and found.transcript is TranscriptState.PENDING:
            raise _not_ready(messages.TRANSCRIPT[found.transcript])
        raise ProblemError(
            ProblemCode.NO_TRANSCRIPT, f"{messages.TRANSCRIPT[found.transcript]} (transcript: {found.transcript})"
        )

    async def _found(self, meeting: str) -> MeetingFiles:
        return await (await self._connected()).files(meeting)

    async def _sent(self, found: MeetingFiles, file: RecordedFile) -> web.StreamResponse:
        """The file from a folder, or a link to it in a bucket."""
        store = await self._opened()
        path = validate_path(f"{found.folder}/{file.name}")
        if store.root is None:
            link = await store.signed_link(path, _LINK_LIFETIME)
            return web.Response(status=302, headers={hdrs.LOCATION: link})
        here = store.root / path
        if not await asyncio.to_thread(here.is_file):
            raise ProblemError(ProblemCode.NO_FILE, "The file is not in the artifact store any more.")
        name = quote(file.name.rpartition("/")[2])
        headers = {
            hdrs.CONTENT_TYPE: file.content_type,
            hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        }
        if file.sha256:
            headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(file.sha256)).decode()}:"
        return web.FileResponse(here, chunk_size=_CHUNK_BYTES, headers=headers)

    async def _opened(self) -> ArtifactStore:
        if self._store is None:
            self._store = await asyncio.to_thread(self._open_store)
        return self._store


def _not_ready(detail: str) -> ProblemError:
    return ProblemError(ProblemCode.NOT_READY, detail, retry_after=_RETRY_SECONDS)
