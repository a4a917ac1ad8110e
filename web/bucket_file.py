"""A file of a bucket as an HTTP answer: whole or in part, passed on as it comes."""

import logging
import re
from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

logger = logging.getLogger("web")

_PIECE_BYTES = 8 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BucketFile(web.StreamResponse):
    """Passes a file on piece by piece, so that its size does not matter for the memory.

    Several ranges in one request are answered with the whole file, which HTTP allows.
    """

    def __init__(self, store: ArtifactStore, path: str, size: int, sha256: str, headers: Mapping[str, str]) -> None:
        super().__init__(headers=dict(headers))
        self._store, self._path, self._size = store, path, size
        self._tag = f'"{sha256 or f"{size:x}"}"'

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Chooses the part, and sends it."""
        self.headers[hdrs.ETAG], self.headers[hdrs.ACCEPT_RANGES] = self._tag, "bytes"
        if self._tag in _tags(request.headers.get(hdrs.IF_NONE_MATCH, "")):
            self.set_status(304)
            return await super().prepare(request)
        start, end = 0, self._size
        if hdrs.RANGE in request.headers and self._tag == request.headers.get(hdrs.IF_RANGE, self._tag):
            part = _part(request.headers[hdrs.RANGE], self._size)
            if part is not None and part[0] >= part[1]:
                self.set_status(416)
                self.headers[hdrs.CONTENT_RANGE] = f"bytes */{self._size}"
                self.content_length = 0
                return await super().prepare(request)
            if part is not None:
                start, end = part
                self.set_status(206)
                self.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{self._size}"
        self.content_length = end - start
        writer = await super().prepare(request)
        if request.method != hdrs.METH_HEAD:
            await self._pass_on(start, end)
        return writer

    async def _pass_on(self, start: int, end: int) -> None:
        """Writes the pieces. Raises ConnectionResetError if the store stops: the answer stays unfinished."""
        try:
            for first in range(start, end, _PIECE_BYTES):
                await self.write(await self._store.part(self._path, first, min(first + _PIECE_BYTES, end)))
        except StoreError as error:
            logger.warning("%s", error)
            raise ConnectionResetError from error


def _tags(header: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in header.split(",")}


def _part(header: str, size: int) -> tuple[int, int] | None:
    """Where a range begins and ends; empty if the file has no such part, None if the header is not understood."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(size - int(last), 0) if int(last) else size, size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size
