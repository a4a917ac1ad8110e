"""How every process of ours speaks to Temporal: one plugin, one way to connect."""

import asyncio
import logging
from typing import Any

from pydantic_core import SchemaSerializer
from pydantic_core.core_schema import any_schema
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.envconfig import ClientConfig
from temporalio.plugin import SimplePlugin
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression, RPCError
from temporalio.worker import WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

logger = logging.getLogger(__name__)

RELEASE = "0.1.0"
"""As in pyproject.toml. Every task in a history names the release of the worker that did it."""

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


class _LeanJson(PydanticJSONPlainPayloadConverter):
    """Leaves out what is as by default: that would make up a third of a meeting's history, which is paid for."""

    def __init__(self) -> None:
        super().__init__()
        self._serializer = SchemaSerializer(any_schema())

    def to_payload(self, value: Any) -> Payload:
        data = self._serializer.to_json(value, exclude_defaults=True)
        return Payload(metadata={"encoding": self.encoding.encode()}, data=data)


class _LeanPayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            *(
                _LeanJson() if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


class _Plugin(SimplePlugin):
    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        config = super().configure_worker(config)
        # The SDK's own is a hash, which would make up a tenth of a meeting's history.
        config["build_id"] = RELEASE
        return config


def plugin() -> SimplePlugin:
    """What worker, starter, bridge and tests must have in common, in one place so that they cannot drift apart."""
    converter = DataConverter(payload_converter_class=_LeanPayloadConverter)
    return _Plugin("minutekeeper", data_converter=converter, workflow_runner=_sandboxed)


async def connect(*, lazy: bool = False, runtime: Runtime | None = None, compressed: bool = True) -> Client:
    """Connects as `TEMPORAL_*` and Temporal's config file say.

    `compressed` is whether calls are packed: whoever makes only small ones saves the work on both sides. Raises
    RuntimeError or RPCError if no server answers, unless `lazy`.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    compression = GrpcCompression.GZIP if compressed else GrpcCompression.NONE
    return await Client.connect(
        **config, plugins=[plugin()], lazy=lazy, runtime=runtime, grpc_compression=compression
    )


async def connect_patiently(*, runtime: Runtime | None = None) -> Client:
    """Connects to a server that may not be up yet; waits for as long as it takes."""
    while True:
        try:
            return await connect(runtime=runtime)
        except (RuntimeError, RPCError) as error:
            logger.warning("Temporal does not answer yet, trying again: %s", error)
            await asyncio.sleep(_RETRY_SECONDS)
