"""A file that is downloaded in several attempts, with the version of it that the attempts have in common."""

import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from minutekeeper.downloads.local_partial import LocalPartialFile
from minutekeeper.downloads.s3_partial import S3PartialFile
from minutekeeper.meetings.views import Artifact
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore


class PartialFile(Protocol):
    """A file that grows. `size` is the number of bytes in memory or in the store.

    All calls may raise StoreError.
    """

    @property
    def size(self) -> int: ...

    async def resume(self) -> None:
        """Resumes what earlier attempts left."""

    async def write(self, data: bytes) -> None:
        """Appends; a crash costs less than one chunk."""

    async def keep(self) -> None:
        """Writes everything to the store."""

    async def head(self, size: int) -> bytes:
        """The first `size` bytes, or all if there are fewer."""

    def read(self) -> AsyncIterator[bytes]:
        """All bytes. Raises DamagedPartError at the end if they differ from what was written."""
        ...

    async def assemble(self, path: str) -> Artifact:
        """Assembles the file under its final name; nothing may be written afterwards.

        Size and hash of what is stored are compared before. Raises DamagedPartError.
        """

    async def stop(self) -> None:
        """Stops; what is in the store stays there, and nothing is added any more."""

    def close_without_waiting(self) -> None:
        """The same without waiting."""


def part_in(store: ArtifactStore, folder: str, piece_bytes: int) -> PartialFile:
    """Opens the partial file of one version of a file. `piece_bytes` is what a crash costs at most."""
    if store.root is not None:
        return LocalPartialFile(store, store.root, folder, piece_bytes)
    return S3PartialFile(store, folder, piece_bytes)


Decode = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]


class FileVersion(BaseModel):
    """The version of a file, as far as its server says: `total` is in bytes, of the file as it is sent.

    `encoding` is its Content-Encoding, empty if it has none; `content_type` is that of a response, and does not
    make it another version.
    """

    model_config = ConfigDict(frozen=True)

    etag: str = ""
    last_modified: str = ""
    total: int | None = None
    encoding: str = ""
    content_type: str = ""

    def is_same(self, other: "FileVersion") -> bool:
        """Whether both can be the same version; what one of them does not say is no difference."""
        return self.encoding == other.encoding and all(
            not mine or not theirs or mine == theirs
            for mine, theirs in (
                (self.etag, other.etag),
                (self.last_modified, other.last_modified),
                (self.total, other.total),
            )
        )

    @property
    def is_known(self) -> bool:
        return bool(self.etag or self.last_modified or self.total)

    @property
    def condition(self) -> str:
        """The value of If-Range, so that the rest of another version is not sent; may be empty."""
        return self.last_modified if self.etag.startswith("W/") else self.etag or self.last_modified

    @property
    def key(self) -> str:
        named = self.model_dump_json(exclude={"content_type"})
        return hashlib.sha256(named.encode()).hexdigest()[:12]


class ResumableFile:
    """A partial download, under a folder of the store.

    The bytes lie in a folder of their version, so that a worker that was frozen and resumes cannot mix two.
    """

    def __init__(self, store: ArtifactStore, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._piece_bytes = 0
        self._part: PartialFile | None = None
        self.version = FileVersion()

    @property
    def size(self) -> int:
        """The number of bytes from the start that need not be downloaded."""
        return self._part.size if self._part else 0

    async def open(self, piece_bytes: int) -> None:
        """Resumes what earlier attempts left. `piece_bytes` is what a crash may cost at most."""
        self._piece_bytes = piece_bytes
        version = await self._noted_version()
        if version and version.is_known:
            await self._part_of(version).resume()

    async def start(self, version: FileVersion) -> None:
        """Discards what is there and starts with another version of the file."""
        await self.discard()
        self._part_of(version)
        await self._store.put(self._version_path, version.model_dump_json().encode())

    async def write(self, data: bytes) -> None:
        """Appends to what `start` started or `open` found."""
        await self._started.write(data)

    async def flush(self) -> None:
        """Writes to the store what is only in memory yet."""
        if self._part:
            await self._part.keep()

    async def head(self, size: int) -> bytes:
        """The first `size` bytes of what is here, fewer if there are no more."""
        return await self._started.head(size)

    async def finalise(self, path: str, decoded: Decode | None = None) -> Artifact:
        """Assembles the file under its final name, decoded by `decoded` if given.

        An attempt that was superseded does not name its file. Raises DamagedPartError, and StoreError if another
        attempt has started with another version of the file.
        """
        if finished := await self.finished():
            return finished
        if await self._noted_version() != self.version:
            raise StoreError("Another attempt has started with another version of the file")
        if decoded is None:
            return await self._started.assemble(path)
        async with self._store.writer(path) as writer:
            async for chunk in decoded(self._started.read()):
                await writer.write(chunk)
        return writer.artifact

    async def finish(self, artifact: Artifact) -> None:
        """Records that the file is complete under its final name, and removes the partial files."""
        await self._store.put(self._done_path, artifact.model_dump_json().encode())
        await self._store.delete_prefix(self._part_folder)

    async def finished(self) -> Artifact | None:
        """The complete file, if an earlier attempt finished it and it still exists."""
        try:
            artifact = Artifact.model_validate_json(await self._store.get(self._done_path))
        except (NotStoredError, ValidationError):
            return None
        return artifact if await self._store.size(artifact.path) == artifact.size else None

    async def discard(self) -> None:
        if self._part:
            await self._part.stop()
            self._part = None
        await self._store.delete_prefix(self._folder)
        self.version = FileVersion()

    def close(self) -> None:
        """Stops without waiting; what is in the store stays there."""
        if self._part:
            self._part.close_without_waiting()

    async def stalled_since(self, now: datetime) -> datetime:
        """When this was first called at the current size, in any attempt: no progress was made since then."""
        path = f"{self._stuck_folder}/{self.size:015d}"
        try:
            return datetime.fromisoformat((await self._store.get(path)).decode())
        except (NotStoredError, ValueError):
            await self._store.put(path, now.isoformat().encode())
            return now

    async def abandon(self) -> None:
        """Removes a partial download that will never be completed."""
        await self.discard()
        await self._store.delete_prefix(self._stuck_folder)

    async def _noted_version(self) -> FileVersion | None:
        try:
            return FileVersion.model_validate_json(await self._store.get(self._version_path))
        except (NotStoredError, ValidationError):
            # A power cut may leave an empty file.
            return None

    @property
    def _stuck_folder(self) -> str:
        """Beside the partial files, because it has to outlive them.

        A server may start with an error page each time.
        """
        return f"{self._folder}.stuck"

    @property
    def _version_path(self) -> str:
        return f"{self._folder}/version.json"

    @property
    def _done_path(self) -> str:
        return f"{self._folder}/done.json"

    @property
    def _part_folder(self) -> str:
        return f"{self._folder}/{self.version.key}"

    @property
    def _started(self) -> PartialFile:
        if self._part is None:
            raise RuntimeError("nothing was started")
        return self._part

    def _part_of(self, version: FileVersion) -> PartialFile:
        self.version = version
        self._part = part_in(self._store, self._part_folder, self._piece_bytes)
        return self._part
