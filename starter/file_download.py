"""Downloads one file of a meeting over HTTP: continued where it broke, and compared with its hash."""

import asyncio
import hashlib
from contextlib import suppress
from pathlib import Path

import httpx

from minutekeeper.meetings.record import RecordedFile
from starter.errors import ApiUnreachableError, MeetingError, StorageError
from starter.http_calls import HttpCalls

_MOST_BREAKS = 10
_PAUSE_SECONDS = 1.0


class FileDownload:
    """A file of the API that is stored at `to`; what is there already is replaced when all of it has arrived."""

    def __init__(self, calls: HttpCalls, path: str, known: RecordedFile, to: Path) -> None:
        self._calls = calls
        self._path = path
        self._known = known
        self._to = to
        self._partial = to.with_name(f".{to.name}.part")

    async def run(self) -> None:
        """Downloads. Raises StorageError if it cannot be written, and MeetingErrors."""
        try:
            self._partial.unlink(missing_ok=True)
            await self._receive()
            await asyncio.to_thread(self._check)
            self._partial.replace(self._to)
        except OSError as error:
            raise StorageError(f"{self._to} cannot be written: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                self._partial.unlink(missing_ok=True)

    async def _receive(self) -> None:
        for breaks in range(_MOST_BREAKS + 1):
            try:
                await self._receive_rest()
            except httpx.TransportError as error:
                if breaks == _MOST_BREAKS:
                    raise ApiUnreachableError(
                        f"The download of {self._known.name} broke again and again."
                    ) from error
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

    async def _receive_rest(self) -> None:
        have = self._partial.stat().st_size if self._partial.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        async with self._calls.stream(self._path, headers) as response:
            mode = "ab" if response.status_code == 206 else "wb"
            with self._partial.open(mode) as file:
                async for chunk in response.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)

    def _check(self) -> None:
        known, size = self._known, self._partial.stat().st_size
        if size != known.size:
            raise MeetingError(f"{known.name} has {size} bytes, but {known.size} are stored.")
        with self._partial.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if known.sha256 and found != known.sha256:
            raise MeetingError(f"{known.name} has another hash than the stored file.")
