"""Connects workers to Temporal, with the plugin that all processes share."""

import asyncio
import logging

from temporalio.client import Client
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import RPCError
from temporalio.worker import WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from minutekeeper import __version__
from minutekeeper.temporal import connection
from minutekeeper.temporal.takeovers import TakeoverSafeRunner

logger = logging.getLogger(__name__)

_PURE_PACKAGES = (
    "activities",
    "minutekeeper.calendars",
    "minutekeeper.deliveries",
    "minutekeeper.downloads",
    "minutekeeper.input_validation",
    "minutekeeper.meetings",
    "minutekeeper.providers",
    "minutekeeper.storage",
    "minutekeeper.temporal",
    "minutekeeper.text",
    "minutekeeper.transcripts",
    "pydantic_core",
)
_RETRY_SECONDS = 2.0


def _safe_runner(runner: WorkflowRunner | None) -> WorkflowRunner:
    if runner is None:
        raise ValueError("a worker always has a workflow runner")
    if isinstance(runner, SandboxedWorkflowRunner):
        restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PURE_PACKAGES)
        runner = SandboxedWorkflowRunner(restrictions=restrictions)
    return TakeoverSafeRunner(runner)


class _Plugin(SimplePlugin):
    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        # The SDK's own is a hash, which would make up a tenth of a meeting's history.
        config["build_id"] = __version__
        return config


def plugin() -> SimplePlugin:
    """The plugin of worker, starter, bridge and tests, in one place so that they cannot diverge."""
    return _Plugin("minutekeeper", data_converter=connection.data_converter(), workflow_runner=_safe_runner)


async def connect_for_worker(
    *, lazy: bool = False, runtime: Runtime | None = None, compressed: bool = True
) -> Client:
    """As `minutekeeper.temporal.connection.connect`; the client can also run workers."""
    return await connection.connect(lazy=lazy, runtime=runtime, compressed=compressed, plugins=[plugin()])


async def connect_with_retry(*, runtime: Runtime | None = None) -> Client:
    """Connects to a server that may not be up yet; waits for as long as it takes."""
    while True:
        try:
            return await connect_for_worker(runtime=runtime)
        except (RuntimeError, RPCError) as error:
            logger.warning("Temporal does not answer yet, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)
