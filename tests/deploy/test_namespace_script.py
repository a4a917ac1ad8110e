import asyncio
import os
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from devtools.stack.temporal_server import find_executable
from minutekeeper.temporal.search_attributes import ALL_KEYS

SCRIPT = Path(__file__).resolve().parent.parent.parent / "deploy" / "temporal" / "namespace.sh"


async def run(program: str | Path, *arguments: str, environment: dict[str, str]) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_the_script_makes_a_namespace_ready_and_can_be_repeated() -> None:
    temporal = Path(find_executable())
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(temporal)) as server:
        environment = {
            "PATH": f"{temporal.parent}:{os.environ['PATH']}",
            "TEMPORAL_ADDRESS": server.client.service_client.config.target_host,
            "TEMPORAL_NAMESPACE": "ours",
            "TEMPORAL_RETENTION": "30d",
        }
        for _ in range(2):
            status, said = await run("/bin/sh", str(SCRIPT), environment=environment)
            assert status == 0, said
        _, attributes = await run(temporal, "operator", "search-attribute", "list", environment=environment)
        _, namespace = await run(temporal, "operator", "namespace", "describe", environment=environment)
    assert all(key.name in attributes for key in ALL_KEYS)
    assert "720h0m0s" in namespace
