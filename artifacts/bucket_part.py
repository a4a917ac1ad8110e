"""What is here of a download into a bucket."""

from artifacts.store import ArtifactStore
from meetings.outcome import Artifact


class BucketPart:
    """An object for each piece, named for the offset of its first byte, so that nobody can tear a hole."""

    def __init__(self, store: ArtifactStore, folder: str, piece_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._piece_bytes = piece_bytes
        self._paths: list[str] = []
        self._stored = 0
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return self._stored + len(self._buffer)

    async def take_over(self) -> None:
        found = dict(await self._store.list(self._folder))
        while (length := found.get(self._next_path, 0)) > 0:
            self._paths.append(self._next_path)
            self._stored += length

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
            await self._store.put(self._next_path, bytes(self._buffer))
            self._paths.append(self._next_path)
            self._stored += len(self._buffer)
            self._buffer.clear()

    async def assemble(self, path: str) -> Artifact:
        if not self._paths:
            return await self._store.put(path, bytes(self._buffer))
        async with self._store.writer(path) as writer:
            for piece in self._paths:
                async for chunk in self._store.read(piece):
                    await writer.write(chunk)
            await writer.write(bytes(self._buffer))
        return writer.artifact

    async def stop(self) -> None:
        """Nothing goes on by itself here."""

    def abandon(self) -> None:
        """As above."""

    @property
    def _next_path(self) -> str:
        return f"{self._folder}/{self._stored:015d}"
