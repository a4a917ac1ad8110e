"""Translates errors of Temporal, the provider and the artifact store into MeetingErrors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import Client
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from minutekeeper.providers.base import ProviderError
from minutekeeper.storage.errors import StoreError
from starter.errors import (
    MeetingError,
    MeetingInputError,
    ProviderRefusedError,
    StorageError,
    TemporalUnreachableError,
)

_NO_ANSWER = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
_DENIED = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED})

_NOT_REGISTERED = ("mapping", "not defined", "invalid search attribute")

_CHECK_ADDRESS = (
    "Check that it runs, and that TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE or the profile in Temporal's config file "
    "lead to it."
)

# The SDK passes on the debug output of its native library's error; two parts of it help people.
_NATIVE_ERROR = re.compile(
    r'ConnectError\("[^"]*", (?:(?P<where>[^ ]+:\d+), )?.*(?:message|error): "(?P<why>[^"]+)"'
)


@contextmanager
def translate_temporal_errors(temporal: Client) -> Iterator[None]:
    """Turns an RPCError into a MeetingError that says what to do."""
    try:
        yield
    except RPCError as error:
        raise _translated(error, temporal) from error


@contextmanager
def translate_provider_errors() -> Iterator[None]:
    """Turns errors of provider and store into ProviderRefusedError and StorageError."""
    try:
        yield
    except ProviderError as error:
        raise ProviderRefusedError(str(error)) from None
    except StoreError as error:
        raise StorageError(str(error)) from None


def error_message(cause: BaseException) -> str:
    """The message of an error that came through Temporal, without its type's name and hints for programmers."""
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return re.sub(r"\s*(\[type=[^\n]*\]|For further information visit \S+)", "", message)


def no_connection(error: Exception) -> TemporalUnreachableError:
    """The error to raise for one that came while connecting or while reading the configuration."""
    if isinstance(error, TimeoutError):
        return TemporalUnreachableError(f"Temporal does not answer in time. {_CHECK_ADDRESS}")
    if native := _NATIVE_ERROR.search(str(error)):
        where = f" at {native['where']}" if native["where"] else ""
        return TemporalUnreachableError(f"Cannot connect to Temporal{where}: {native['why']}. {_CHECK_ADDRESS}")
    return TemporalUnreachableError(f"Cannot connect to Temporal: {error}. {_CHECK_ADDRESS}")


def _translated(error: RPCError, temporal: Client) -> MeetingError:
    where = f"{temporal.service_client.config.target_host}, namespace {temporal.namespace}"
    if error.status in _NO_ANSWER:
        return TemporalUnreachableError(f"Temporal does not answer at {where}. {_CHECK_ADDRESS}")
    if error.status in _DENIED:
        return TemporalUnreachableError(
            f"Temporal at {where} refuses this client: {error.message}. Check TEMPORAL_API_KEY or the certificate."
        )
    if error.status is RPCStatusCode.NOT_FOUND:
        return TemporalUnreachableError(f"Temporal at {where}: {error.message} Check TEMPORAL_NAMESPACE.")
    if "search attribute" in error.message and any(each in error.message for each in _NOT_REGISTERED):
        return MeetingError(
            f"Temporal's namespace lacks search attributes; run `minutekeeper setup` ({error.message})"
        )
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return MeetingInputError("", f"Temporal rejects the request: {error.message}")
    return MeetingError(f"Temporal at {where} failed: {error.message}")
