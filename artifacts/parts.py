"""Where the bytes of a file lie while it is on its way: in one hidden file in a folder, in pieces in a bucket."""

from collections.abc import AsyncIterator
from typing import Protocol

from artifacts.bucket_part import BucketPart
from artifacts.folder_part import FolderPart
from artifacts.store import ArtifactStore
from meetings.outcome import Artifact


class Part(Protocol):
    """`size` is the number of bytes that are here, in memory or in the store. All calls may raise StoreError."""

    @property
    def size(self) -> int: ...

    async def take_over(self) -> None:
        """Goes on with what earlier attempts left."""

    async def write(self, data: bytes) -> None:
        """Appends; bytes that a crash would cost are fewer than a piece."""

    async def keep(self) -> None:
        """Puts everything into the store."""

    async def head(self, size: int) -> bytes:
        """The first `size` bytes, or all if there are fewer."""

    def read(self) -> AsyncIterator[bytes]:
        """Everything. Raises SpoiltPartError at the end of what turns out to be something else than was written."""
        ...

    async def assemble(self, path: str) -> Artifact:
        """Makes one file of it under its final name; nothing may be written afterwards.

        Size and hash of what is stored are compared before. Raises SpoiltPartError.
        """

    async def stop(self) -> None:
        """Ends the work; what is in the store stays there, and nothing joins it any more."""

    def abandon(self) -> None:
        """The same without waiting."""


def part_in(store: ArtifactStore, folder: str, piece_bytes: int) -> Part:
    """A part where only attempts at the same bytes look. `piece_bytes` is what a crash costs at most."""
    if store.root is not None:
        return FolderPart(store, store.root, folder, piece_bytes)
    return BucketPart(store, folder, piece_bytes)
