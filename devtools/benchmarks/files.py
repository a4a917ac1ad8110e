"""A stand whose recordings come from a server that is quicker than any of those who fetch from it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from devtools.benchmarks.context import Bench
from devtools.benchmarks.environment import BenchmarkEnvironment
from devtools.stack.ports import HOST, claim_ports
from devtools.stack.supervisor import Service, python_module


@dataclass(frozen=True)
class Files:
    """`address` is where every path leads to a recording."""

    stand: BenchmarkEnvironment
    address: str

    async def serve(self, size: int) -> None:
        """Serves so many bytes from now on, and leaves the disk nothing to write of what was before."""
        async with self.stand.http.put(self.address, data=str(size)) as answer:
            answer.raise_for_status()
        await asyncio.to_thread(os.sync)


@asynccontextmanager
async def stand_with_files(bench: Bench, name: str, speed: float) -> AsyncIterator[Files]:
    """As `Bench.stand`."""
    port = claim_ports({"files": 0})["files"]
    address = f"http://{HOST}:{port}"
    settings = {
        "MINUTEKEEPER_SIMULATOR_PUBLIC_URL": address,
        "MINUTEKEEPER_DOWNLOAD_HOSTS": f"{HOST}:{port}",
    }
    async with bench.stand(name, speed=speed, settings=settings) as stand:

        async def is_ready() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with stand.http.put(address, data="0") as answer:
                    return answer.ok
            return False

        command = python_module("devtools.benchmarks.file_server", str(port))
        await stand.crew.start(Service("files", command, stand.environment, is_ready, stop_seconds=1))
        yield Files(stand, address)
