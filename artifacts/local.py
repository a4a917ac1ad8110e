"""What a store in a folder needs beyond what the storage library does."""

import os
import re
from pathlib import Path


def make_durable(file: Path) -> None:
    """Makes a file and its name survive a power cut."""
    for place in (file, file.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep_staging(file: Path) -> None:
    """Removes what killed writers of this file left behind: listings hide it, the disk does not."""
    staging = re.compile(re.escape(file.name) + r"#\d+")
    for sibling in file.parent.iterdir():
        if staging.fullmatch(sibling.name):
            sibling.unlink(missing_ok=True)
