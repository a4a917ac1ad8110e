"""What the processes of a group use, as Linux counts it under /proc."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Usage:
    """Of one group: bytes in memory now, and seconds of CPU since its processes began."""

    memory: int
    cpu: float


def usage(group: int) -> Usage:
    """Of all processes of a group but its leader, which is a leash and does nothing."""
    memory, cpu = 0, 0.0
    for process in _members(group):
        with contextlib.suppress(OSError):
            memory += _resident(process)
            cpu += _cpu(process)
    return Usage(memory, cpu)


def _members(group: int) -> list[int]:
    processes = []
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == group:
            continue
        with contextlib.suppress(OSError):
            if int(_stat(int(entry.name))[2]) == group:
                processes.append(int(entry.name))
    return processes


def _stat(process: int) -> list[str]:
    """The fields after the name, which may hold anything; the first one is the third of proc(5)."""
    return (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()


def _cpu(process: int) -> float:
    user, system = _stat(process)[11:13]
    return (int(user) + int(system)) / _TICKS_PER_SECOND


def _resident(process: int) -> int:
    pages = int((_PROC / str(process) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Watch:
    """What was seen while watching: by name, seconds since the beginning with bytes in memory."""

    began: float = field(default_factory=time.monotonic)
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def peak(self, name: str) -> float:
        """Bytes."""
        return max(size for _, size in self.memory[name])

    def look(self, groups: Mapping[str, int]) -> None:
        for name, group in groups.items():
            seen = (time.monotonic() - self.began, float(usage(group).memory))
            self.memory.setdefault(name, []).append(seen)


@asynccontextmanager
async def watching(groups: Callable[[], Mapping[str, int]]) -> AsyncIterator[Watch]:
    """Looks twice a second at the memory of groups by name, while the block runs."""
    watch = Watch()

    async def look() -> None:
        while True:
            watch.look(groups())
            await asyncio.sleep(_LOOK_SECONDS)

    task = asyncio.create_task(look())
    try:
        yield watch
    finally:
        watch.look(groups())
        task.cancel()
