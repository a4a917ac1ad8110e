"""How every process of ours speaks to Temporal: one plugin, one way to connect."""

import asyncio
import logging

from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter, ToJsonOptions
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

logger = logging.getLogger(__name__)


_PURE_PACKAGES = ("meetings", "workflows.attributes", "activities", "providers", "artifacts", "pydantic_core")
_RETRY_SECONDS = 2.0


def _sandboxed(runner: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(runner, SandboxedWorkflowRunner):
        return SandboxedWorkflowRunner(
            restrictions=SandboxRestrictions.default.with_passthrough_modules(*_PURE_PACKAGES)
        )
    if runner is None:
        raise ValueError("a worker always has a workflow runner")
    return runner


class _LeanPayloadConverter(PydanticPayloadConverter):
    """Leaves out what nobody set: defaults would make up a third of a meeting's history, which is paid for."""

    def __init__(self) -> None:
        super().__init__(ToJsonOptions(exclude_unset=True))


def plugin() -> SimplePlugin:
    """What worker, starter, bridge and tests must have in common, in one place so that they cannot drift apart."""
    converter = DataConverter(payload_converter_class=_LeanPayloadConverter)
    return SimplePlugin("minutekeeper", data_converter=converter, workflow_runner=_sandboxed)


async def connect(*, lazy: bool = False, runtime: Runtime | None = None) -> Client:
    """Connects as `TEMPORAL_*` and Temporal's config file say.

    Raises RuntimeError or RPCError if no server answers, unless `lazy`.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    return await Client.connect(**config, plugins=[plugin()], lazy=lazy, runtime=runtime)


async def connect_patiently(*, runtime: Runtime | None = None) -> Client:
    """Connects to a server that may not be up yet; waits for as long as it takes."""
    while True:
        try:
            return await connect(runtime=runtime)
        except (RuntimeError, RPCError) as error:
            logger.warning("Temporal does not answer yet, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)
