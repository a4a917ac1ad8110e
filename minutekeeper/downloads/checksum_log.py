"""A log of checksums beside a growing file, which proves how much of the file is valid."""

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from minutekeeper.storage.filesystem import open_privately, sync

_SUFFIX = ".journal"


class Checkpoint(BaseModel):
    """One line: the hash of the first `size` bytes.

    `moved_to`, relative to the folder, is the file's final path.
    """

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str
    moved_to: str = ""


@dataclass(frozen=True, kw_only=True)
class ChecksumLog:
    """The checkpoints of the file `part`, in the order of their sizes."""

    part: Path
    marks: tuple[Checkpoint, ...] = ()

    @property
    def size(self) -> int:
        """The size that the file should have, in bytes."""
        return self.marks[-1].size if self.marks else 0

    @property
    def moved_to(self) -> Path | None:
        moved = self.marks[-1].moved_to if self.marks else ""
        return Path(os.path.normpath(self.part.parent / moved)) if moved else None

    def append(self, mark: Checkpoint) -> None:
        """Adds a checkpoint. Raises OSError."""
        with io.FileIO(self._path, "ab", opener=open_privately) as file:
            write_all(file, f"{mark.model_dump_json(exclude_defaults=True)}\n".encode())

    def sync(self) -> None:
        """Syncs the checkpoints to the disk. Raises OSError."""
        sync(self._path)

    def remove(self) -> None:
        """Removes the log and the file."""
        self.part.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return self.part.with_suffix(_SUFFIX)


def checksum_logs_in(folder: Path) -> list[ChecksumLog]:
    """The longest first. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        found = [_read(path) for path in folder.iterdir() if path.suffix == _SUFFIX]
        return sorted(found, key=lambda journal: journal.size, reverse=True)
    return []


def _read(path: Path) -> ChecksumLog:
    marks = []
    for line in path.read_bytes().splitlines():
        # A crash or a power cut may have left an incomplete line.
        with contextlib.suppress(ValidationError):
            marks.append(Checkpoint.model_validate_json(line))
    return ChecksumLog(part=path.with_suffix(".part"), marks=tuple(sorted(marks, key=lambda mark: mark.size)))


def write_all(file: io.FileIO, data: bytes | memoryview) -> None:
    """Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
