"""What a store in a folder needs beyond what the storage library does."""

import contextlib
import os
import re
from pathlib import Path

_STAGING = re.compile(r"(.+)#\d+")
"""The storage library writes next to a file under such a name: listings hide it, the disk does not."""


FILE_MODE, FOLDER_MODE = 0o600, 0o700
"""Recordings and transcripts are their owner's alone, whatever the umask."""


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, as far as they are missing. Raises OSError."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        # A quicker one may have made it; what was there before keeps its mode.
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)


def open_privately(path: str, flags: int) -> int:
    """An opener for `open`: what it makes is its owner's alone."""
    return os.open(path, flags, FILE_MODE)


def sync(place: Path) -> None:
    """Makes a file's content, or the names in a folder, survive a power cut. Raises OSError."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_durable(file: Path) -> None:
    """Makes a file and its name survive a power cut; removes it if it cannot.

    Raises OSError: some disks say only here that they are full.
    """
    try:
        sync(file)
        sync(file.parent)
    except OSError:
        file.unlink(missing_ok=True)
        raise


def remove_staging_files(file: Path) -> None:
    """Removes what killed writers of this file left behind."""
    for sibling in file.parent.iterdir():
        staging = _STAGING.fullmatch(sibling.name)
        if staging and staging[1] == file.name:
            sibling.unlink(missing_ok=True)


def remove_staging_tree(folder: Path) -> None:
    """Removes what killed writers left behind anywhere in a folder, and the folders that are empty then."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in filter(_STAGING.fullmatch, names):
            Path(place, name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            Path(place).rmdir()
