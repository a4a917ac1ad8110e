"""Stored files over HTTP: listed with their hashes, and sent whole or in part, or as a link into a bucket."""

from aiohttp import web

from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.status import TranscriptState
from starter import messages
from starter.meeting_models import MeetingFiles
from web.api.handlers import ApiRequest, ApiResponse
from web.api.models import FileList
from web.api.problems import ProblemCode, ProblemError
from web.meeting_reads import Connected, MeetingReads
from web.stored_files import StoredFiles

_RETRY_SECONDS = 30


class FileHandlers:
    """The operations on files."""

    def __init__(self, connected: Connected, stored: StoredFiles) -> None:
        self._reads = MeetingReads(connected)
        self._stored = stored

    async def list_files(self, request: ApiRequest) -> ApiResponse:
        found = await self._found(request.subject)
        if not found.files and not found.is_final:
            raise _not_ready("The meeting has not ended, and nothing of it is stored yet.")
        return ApiResponse(FileList(files=found.files, transcript=found.transcript, complete=found.is_final))

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
        return await self._reads.files(meeting)

    async def _sent(self, found: MeetingFiles, file: RecordedFile) -> web.StreamResponse:
        response = await self._stored.response(found.folder, file)
        if response is None:
            raise ProblemError(ProblemCode.NO_FILE, "The file is not in the artifact store any more.")
        return response


def _not_ready(detail: str) -> ProblemError:
    return ProblemError(ProblemCode.NOT_READY, detail, retry_after=_RETRY_SECONDS)
