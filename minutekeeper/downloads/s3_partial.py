"""A partial file in a bucket, as a chain of objects."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from typing import NamedTuple, Self

from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.errors import DamagedPartError, NotStoredError
from minutekeeper.storage.store import ArtifactStore

_NAME = re.compile(r"(\d{15})-(\d+)-([0-9a-f]{64})")


class _Piece(NamedTuple):
    """A chunk whose name contains its position and hash, so that it can only be overwritten by the same content."""

    offset: int
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str) -> Self | None:
        found = _NAME.fullmatch(name)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None

    @property
    def name(self) -> str:
        return f"{self.offset:015d}-{self.size}-{self.sha256}"


class S3PartialFile:
    """Stores each chunk as an object named by its byte offset, so that gaps cannot occur.

    Attempts that overlap cut the file differently: each resumes a chain of chunks that fit together, and reads all
    of them again before the file gets its name.
    """

    def __init__(self, store: ArtifactStore, folder: str, piece_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._piece_bytes = piece_bytes
        self._pieces: list[_Piece] = []
        self._stored = 0
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return self._stored + len(self._buffer)

    async def resume(self) -> None:
        entries = await self._store.list(self._folder)
        whole = ((_Piece.of(entry.path.rpartition("/")[2]), entry.size) for entry in entries)
        self._pieces = _longest_chain(piece for piece, size in whole if piece and piece.size == size)
        self._stored = sum(piece.size for piece in self._pieces)

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            fits = view[: self._piece_bytes - len(self._buffer)]
            view = view[len(fits) :]
            self._buffer += fits
            if len(self._buffer) == self._piece_bytes:
                await self.keep()

    async def keep(self) -> None:
        if self._buffer:
            content = bytes(self._buffer)
            digest = await asyncio.to_thread(hashlib.sha256, content)
            piece = _Piece(self._stored, len(content), digest.hexdigest())
            await self._store.put(self._path(piece), content)
            self._pieces.append(piece)
            self._stored += piece.size
            self._buffer.clear()

    async def head(self, size: int) -> bytes:
        if not self._pieces:
            return bytes(self._buffer[:size])
        return await self._store.beginning(self._path(self._pieces[0]), size)

    async def read(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            async for chunk in self._proven(piece):
                yield chunk
        yield bytes(self._buffer)

    async def assemble(self, path: str) -> Artifact:
        if not self._pieces:
            return await self._store.put(path, bytes(self._buffer))
        async with self._store.writer(path) as writer:
            async for chunk in self.read():
                await writer.write(chunk)
        return writer.artifact

    async def stop(self) -> None:
        """Nothing runs in the background here."""

    def close_without_waiting(self) -> None:
        """As above."""

    async def _proven(self, piece: _Piece) -> AsyncIterator[bytes]:
        digest, size = hashlib.sha256(), 0
        try:
            async for chunk in self._store.read(self._path(piece)):
                digest.update(chunk)
                size += len(chunk)
                yield chunk
        except NotStoredError:
            raise DamagedPartError(f"{piece.name} is gone") from None
        if (size, digest.hexdigest()) != (piece.size, piece.sha256):
            raise DamagedPartError(f"{piece.name} contains something else than what was received")

    def _path(self, piece: _Piece) -> str:
        return f"{self._folder}/{piece.name}"


def _longest_chain(pieces: Iterable[_Piece]) -> list[_Piece]:
    """The longest chain of chunks from the start, each beginning where the one before ends."""
    last: dict[int, _Piece] = {}
    for piece in sorted(pieces):
        if piece.size and (not piece.offset or piece.offset in last):
            last.setdefault(piece.offset + piece.size, piece)
    chain: list[_Piece] = []
    end = max(last, default=0)
    while end:
        chain.append(last[end])
        end = last[end].offset
    return chain[::-1]
