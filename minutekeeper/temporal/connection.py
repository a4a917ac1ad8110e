"""Connects to Temporal, and defines how data is encoded.

A process that runs no workflows needs only this. `minutekeeper.temporal.worker_connection` adds what
workers need, which takes longer to load.
"""

from collections.abc import Sequence
from typing import Any

from pydantic_core import SchemaSerializer
from pydantic_core.core_schema import any_schema
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, Plugin
from temporalio.common import RawValue
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadConverter,
)
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime
from temporalio.service import GrpcCompression

from minutekeeper.temporal.names import INVALID_REQUEST, REFUSED
from minutekeeper.temporal.query_retries import QueryRetries


class _CompactJsonConverter(PydanticJSONPlainPayloadConverter):
    """Leaves out default values, because they would be a third of a meeting's history, whose size costs money."""

    def __init__(self) -> None:
        super().__init__()
        self._serializer = SchemaSerializer(any_schema())

    def to_payload(self, value: Any) -> Payload:
        data = self._serializer.to_json(value, exclude_defaults=True)
        return Payload(metadata={"encoding": self.encoding.encode()}, data=data)


class _CompactPayloadConverter(CompositePayloadConverter):
    """Passes on undecoded what it cannot decode where no type is given, so that workflows can report it."""

    def __init__(self) -> None:
        super().__init__(
            *(
                _CompactJsonConverter() if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type[Any]] | None = None) -> list[Any]:
        if type_hints:
            return super().from_payloads(payloads, type_hints)
        return [self._as_it_is(payload) for payload in payloads]

    def _as_it_is(self, payload: Payload) -> Any:
        try:
            return super().from_payloads([payload])[0]
        except (KeyError, ValueError, RuntimeError):
            return RawValue(payload)


class _PlainFailures(DefaultFailureConverter):
    """Leaves stack traces out of failures, because they only show internals of the workers."""

    def to_failure(self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure) -> None:
        super().to_failure(exception, payload_converter, failure)
        if isinstance(exception, ApplicationError) and exception.type in {INVALID_REQUEST, REFUSED}:
            failure.stack_trace = ""


def data_converter() -> DataConverter:
    return DataConverter(payload_converter_class=_CompactPayloadConverter, failure_converter_class=_PlainFailures)


async def connect(
    *, lazy: bool = False, runtime: Runtime | None = None, compressed: bool = True, plugins: Sequence[Plugin] = ()
) -> Client:
    """Connects as `TEMPORAL_*` and Temporal's config file say.

    `compressed` says whether calls are compressed, which is not worth it for small ones. Raises
    RuntimeError or RPCError if no server answers, unless `lazy`.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "localhost:7233")
    compression = GrpcCompression.GZIP if compressed else GrpcCompression.NONE
    return await Client.connect(
        **config,
        data_converter=data_converter(),
        plugins=plugins,
        interceptors=[QueryRetries()],
        lazy=lazy,
        runtime=runtime,
        grpc_compression=compression,
    )
