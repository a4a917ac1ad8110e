"""What a store in a local folder needs beyond the storage library: modes, fsync, and removal of staging files."""

import contextlib
import os
import re
from pathlib import Path

_STAGING = re.compile(r"(.+)#\d+")
"""The storage library writes to such a staging file first; listings hide it, but it takes space."""


FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Recordings and transcripts are only readable by their owner, whatever the umask."""


def make_folder(folder: Path) -> None:
    """Creates a folder and its missing parents. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        # Another writer may have created it; an existing folder keeps its mode.
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)


def open_privately(path: str, flags: int) -> int:
    """An opener for `open` that creates files which only their owner can read."""
    return os.open(path, flags, FILE_MODE)


def sync(place: Path) -> None:
    """Syncs a file's content, or the names in a folder, to the disk. Raises OSError."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_durable(file: Path) -> None:
    """Syncs a file and its name to the disk; removes the file if that fails.

    Raises OSError, because some disks only report here that they are full.
    """
    try:
        sync(file)
        sync(file.parent)
    except OSError:
        file.unlink(missing_ok=True)
        raise


def remove_staging_files(file: Path) -> None:
    """Removes the staging files of crashed writers of this file."""
    for sibling in file.parent.iterdir():
        staging = _STAGING.fullmatch(sibling.name)
        if staging and staging[1] == file.name:
            sibling.unlink(missing_ok=True)


def remove_staging_tree(folder: Path) -> None:
    """Removes the staging files of crashed writers anywhere in a folder, and the folders that are empty then."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in filter(_STAGING.fullmatch, names):
            Path(place, name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            Path(place).rmdir()
