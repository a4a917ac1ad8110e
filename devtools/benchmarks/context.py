"""What every row is given: a place for its processes, and how much there is to do."""

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from devtools.benchmarks.environment import BenchmarkEnvironment, running_environment


@dataclass(frozen=True)
class Bench:
    """`folder` takes databases and files; `share` shrinks every number of meetings, for trying a row out."""

    folder: Path
    say: Callable[[str], None]
    share: float = 1.0

    def many(self, count: int) -> int:
        """A number of meetings, or its share; at least ten of them, unless there were fewer from the beginning."""
        return max(min(count, 10), round(count * self.share))

    @asynccontextmanager
    async def stand(
        self,
        name: str,
        *,
        speed: float = 1.0,
        settings: Mapping[str, str] = MappingProxyType({}),
        is_sampled: bool = False,
    ) -> AsyncIterator[BenchmarkEnvironment]:
        """A stand of a row's own, see `running_stand`; its logs and its database are left to be looked at."""
        path = self.folder / name
        try:
            async with running_environment(
                path, self.say, speed=speed, settings=settings, is_sampled=is_sampled
            ) as stand:
                yield stand
        finally:
            shutil.rmtree(path / "artifacts", ignore_errors=True)
