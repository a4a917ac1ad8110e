"""Registers the search attributes that a Temporal namespace needs before meetings can be started in it."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.temporal.search_attributes import ALL_KEYS
from starter.errors import MeetingError

_RPC_TIMEOUT = timedelta(seconds=10)

_REQUIRED = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in ALL_KEYS}


class AttributeReport(BaseModel):
    """Which of the required search attributes a namespace has, and which are missing."""

    model_config = ConfigDict(frozen=True)

    present: tuple[str, ...]
    missing: tuple[str, ...]


async def read_attributes(temporal: Client) -> AttributeReport:
    """Raises MeetingError if one of the attributes exists with another type."""
    answer = await temporal.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=temporal.namespace), timeout=_RPC_TIMEOUT
    )
    registered = answer.custom_attributes
    for name, required in _REQUIRED.items():
        if name in registered and registered[name] != required:
            raise MeetingError(
                f"The search attribute {name} is of type {_type_name(registered[name])} in namespace "
                f"{temporal.namespace}, but must be {_type_name(required)}. Temporal cannot change a type: remove "
                "the attribute there if nothing else uses it, or use another namespace."
            )
    return AttributeReport(
        present=tuple(name for name in _REQUIRED if name in registered),
        missing=tuple(name for name in _REQUIRED if name not in registered),
    )


async def register_attributes(temporal: Client) -> AttributeReport:
    """Adds missing attributes and reports the state before. Idempotent."""
    before = await read_attributes(temporal)
    if before.missing:
        request = AddSearchAttributesRequest(
            namespace=temporal.namespace,
            search_attributes={name: _REQUIRED[name] for name in before.missing},
        )
        try:
            await temporal.operator_service.add_search_attributes(request, timeout=_RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
            # Another process added them at the same time; only their types matter now.
            await read_attributes(temporal)
    return before


def _type_name(value: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(value).removeprefix("INDEXED_VALUE_TYPE_").title().replace("_", "")
