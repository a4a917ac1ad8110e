"""What several tests of the store do with it."""

import asyncio
import contextlib
import sys
from pathlib import Path

from minutekeeper.storage.store import ArtifactStore

MEBIBYTE = 1024 * 1024


async def write_and_fail(store: ArtifactStore, path: str, data: bytes) -> None:
    with contextlib.suppress(KeyError):
        async with store.writer(path) as writer:
            await writer.write(data)
            raise KeyError


def files_in(folder: Path) -> list[str]:
    """What lies there under whatever name."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def run_python(program: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
