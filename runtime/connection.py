"""The connection to Temporal: its address, and the form in which data crosses it.

A process that carries no workflow out needs no more than this. `runtime.temporal` adds what workers need, which
takes longer to load.
"""

from collections.abc import Sequence
from typing import Any

from pydantic_core import SchemaSerializer
from pydantic_core.core_schema import any_schema
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, Plugin
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)
from temporalio.envconfig import ClientConfig
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression


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


def data_converter() -> DataConverter:
    return DataConverter(payload_converter_class=_LeanPayloadConverter)


async def connect(
    *, lazy: bool = False, runtime: Runtime | None = None, compressed: bool = True, plugins: Sequence[Plugin] = ()
) -> Client:
    """Connects as `TEMPORAL_*` and Temporal's config file say.

    `compressed` is whether calls are packed: whoever makes only small ones saves the work on both sides. Raises
    RuntimeError or RPCError if no server answers, unless `lazy`.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    compression = GrpcCompression.GZIP if compressed else GrpcCompression.NONE
    return await Client.connect(
        **config,
        data_converter=data_converter(),
        plugins=plugins,
        lazy=lazy,
        runtime=runtime,
        grpc_compression=compression,
    )
