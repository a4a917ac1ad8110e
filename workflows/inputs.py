"""Reads what others send to a workflow, of any kind and number, and says in one sentence what is wrong with it.

Where an input is missing, surplus or unreadable, the SDK fails the workflow task, which is tried again without end.
So every run and handler takes `*inputs`, which the data converter hands on undecoded if it must.
"""

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from pydantic import BaseModel
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from minutekeeper.input_validation import InvalidInputError, read
    from minutekeeper.temporal.names import INVALID_REQUEST

_Model = TypeVar("_Model", bound=BaseModel)


class Nothing(BaseModel):
    """What a message without arguments is sent with."""


NOTHING = Nothing()


def read_input(model: type[_Model], inputs: Sequence[object], default: _Model | None = None) -> _Model:
    """The input of a run, an update or a query. Raises ApplicationError, which fails the call and nothing else."""
    try:
        return read(model, inputs, default)
    except InvalidInputError as error:
        raise ApplicationError(str(error), type=INVALID_REQUEST) from None


def read_signal(model: type[_Model], inputs: Sequence[object], default: _Model | None = None) -> _Model | None:
    """The content of a signal; None if it cannot be read, because its sender hears of nothing."""
    try:
        return read(model, inputs, default)
    except InvalidInputError as error:
        workflow.logger.warning("a signal was left aside: %s", error)
        return None


class UnknownCalls:
    """Answers updates and queries that a workflow does not have, in words. `updates` are those that it has."""

    updates: ClassVar[Sequence[str]] = ()

    @workflow.update(dynamic=True)
    def unknown_update(self, name: str, _inputs: Sequence[RawValue]) -> None:
        """Never runs: its validator refuses every call."""

    @unknown_update.validator
    def _no_such_update(self, name: str, _inputs: Sequence[RawValue]) -> None:
        raise _no_such("update", name, self.updates)

    @workflow.query(dynamic=True)
    def unknown_query(self, name: str, _inputs: Sequence[RawValue]) -> None:
        """Fails every call."""
        raise _no_such("query", name, ["status"])


def _no_such(what: str, name: str, known: Sequence[str]) -> ApplicationError:
    there_is = ", ".join(known) or "none"
    return ApplicationError(f"there is no {what} {name[:100]!r}; there is: {there_is}", type=INVALID_REQUEST)
