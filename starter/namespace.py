"""The search attributes that a Temporal namespace must know before meetings can be started in it."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.temporal.search_attributes import ALL_KEYS
from starter.errors import MeetingError

_RPC_LIMIT = timedelta(seconds=10)

_WANTED = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in ALL_KEYS}


class AttributeReport(BaseModel):
    """Which of our search attributes a namespace had, and which it lacked."""

    model_config = ConfigDict(frozen=True)

    present: tuple[str, ...]
    missing: tuple[str, ...]


async def look(temporal: Client) -> AttributeReport:
    """Which search attributes are there. Raises MeetingError if one of them has another type than ours."""
    answer = await temporal.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=temporal.namespace), timeout=_RPC_LIMIT
    )
    there = answer.custom_attributes
    for name, wanted in _WANTED.items():
        if name in there and there[name] != wanted:
            raise MeetingError(
                f"The search attribute {name} is of type {_type_name(there[name])} in namespace "
                f"{temporal.namespace}, but must be {_type_name(wanted)}. Temporal cannot change a type: remove "
                "the attribute there if nothing else uses it, or use another namespace."
            )
    return AttributeReport(
        present=tuple(name for name in _WANTED if name in there),
        missing=tuple(name for name in _WANTED if name not in there),
    )


async def register(temporal: Client) -> AttributeReport:
    """Adds the attributes that are missing; the report is of before. Doing it again changes nothing."""
    before = await look(temporal)
    if before.missing:
        request = AddSearchAttributesRequest(
            namespace=temporal.namespace,
            search_attributes={name: _WANTED[name] for name in before.missing},
        )
        try:
            await temporal.operator_service.add_search_attributes(request, timeout=_RPC_LIMIT)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
            # Somebody else was quicker; what counts is that they are there now.
            await look(temporal)
    return before


def _type_name(value: IndexedValueType.ValueType) -> str:
    return IndexedValueType.Name(value).removeprefix("INDEXED_VALUE_TYPE_").title().replace("_", "")
