"""A file that is still on its way, kept in pieces so that any worker can go on where another one died."""

import hashlib
from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from artifacts.errors import NotStoredError
from artifacts.store import ArtifactStore
from meetings.outcome import Artifact


class Version(BaseModel):
    """Which file the pieces belong to, as far as its server says: `total` is in bytes."""

    model_config = ConfigDict(frozen=True)

    etag: str = ""
    last_modified: str = ""
    total: int | None = None

    def is_same(self, other: "Version") -> bool:
        """Whether both can be one file: what one of them does not say is no difference."""
        return all(
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
        """What a request for the rest names (If-Range), so that no other file's rest is sent; may be empty."""
        return self.last_modified if self.etag.startswith("W/") else self.etag or self.last_modified

    @property
    def key(self) -> str:
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


class Pieces:
    """The pieces of one download under a folder of the store.

    Each piece is named for the offset of its first byte and lies in a folder of its version, so that a worker which
    was thought dead and wakes up can neither tear a hole nor mix two versions.
    """

    def __init__(self, store: ArtifactStore, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._paths: list[str] = []
        self.version = Version()
        self.size = 0

    async def open(self) -> None:
        """Finds what earlier attempts left: `size` is the number of bytes from the start that need no fetching."""
        try:
            version = Version.model_validate_json(await self._store.get(self._version_path))
        except (NotStoredError, ValidationError):
            # A power cut may leave a file that holds nothing.
            return
        if not version.is_known:
            return
        self.version = version
        stored = dict(await self._store.list(self._piece_folder))
        while (length := stored.get(self._piece_path(self.size), 0)) > 0:
            self._paths.append(self._piece_path(self.size))
            self.size += length

    async def begin(self, version: Version) -> None:
        """Throws away what is there and starts with another version of the file."""
        await self.discard()
        self.version = version
        await self._store.put(self._version_path, version.model_dump_json().encode())

    async def append(self, data: bytes) -> None:
        path = self._piece_path(self.size)
        await self._store.put(path, data)
        self._paths.append(path)
        self.size += len(data)

    async def assemble(self, path: str, rest: bytes) -> Artifact:
        """Writes the pieces and the bytes that follow them as one file under its final name."""
        if not self._paths:
            return await self._store.put(path, rest)
        async with self._store.writer(path) as writer:
            for piece in self._paths:
                async for chunk in self._store.read(piece):
                    await writer.write(chunk)
            await writer.write(rest)
        return writer.artifact

    async def finish(self, artifact: Artifact) -> None:
        """Notes that the file is whole under its final name, and drops the pieces."""
        await self._store.put(self._done_path, artifact.model_dump_json().encode())
        await self._store.delete_prefix(self._piece_folder)

    async def finished(self) -> Artifact | None:
        """The whole file, if an earlier attempt finished it and nobody removed it since."""
        try:
            artifact = Artifact.model_validate_json(await self._store.get(self._done_path))
        except (NotStoredError, ValidationError):
            return None
        return artifact if await self._store.size(artifact.path) == artifact.size else None

    async def discard(self) -> None:
        await self._store.delete_prefix(self._folder)
        self.version = Version()
        self._paths.clear()
        self.size = 0

    async def stuck_since(self, now: datetime) -> datetime:
        """When this was first asked at the present size, in whatever attempt: no piece has come since then."""
        path = f"{self._stuck_folder}/{self.size:015d}"
        try:
            return datetime.fromisoformat((await self._store.get(path)).decode())
        except (NotStoredError, ValueError):
            await self._store.put(path, now.isoformat().encode())
            return now

    async def abandon(self) -> None:
        """Leaves nothing of a download that will never be whole."""
        await self.discard()
        await self._store.delete_prefix(self._stuck_folder)

    @property
    def _stuck_folder(self) -> str:
        """Beside the pieces, because it has to outlive them: a server may begin to send an error page each time."""
        return f"{self._folder}.stuck"

    @property
    def _version_path(self) -> str:
        return f"{self._folder}/version.json"

    @property
    def _done_path(self) -> str:
        return f"{self._folder}/done.json"

    @property
    def _piece_folder(self) -> str:
        return f"{self._folder}/{self.version.key}"

    def _piece_path(self, offset: int) -> str:
        return f"{self._piece_folder}/{offset:015d}"
