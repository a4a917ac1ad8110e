"""Temporal's errors, in words for people."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from starter.errors import MeetingError, MeetingInputError, TemporalUnreachableError

_SILENCE = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})
_REFUSAL = frozenset({RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED})

_NOT_REGISTERED = ("mapping", "not defined", "invalid search attribute")

_CHECK_ADDRESS = (
    "Check that it runs, and that TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE or the profile in Temporal's config file "
    "lead to it."
)

# The SDK shows the debugging form of its native library's error; people need two parts of it.
_NATIVE_ERROR = re.compile(
    r'ConnectError\("[^"]*", (?:(?P<where>[^ ]+:\d+), )?.*(?:message|error): "(?P<why>[^"]+)"'
)


@contextmanager
def in_plain_words(temporal: Client) -> Iterator[None]:
    """Turns an RPCError into a MeetingError that says what to do."""
    try:
        yield
    except RPCError as error:
        raise _translated(error, temporal) from error


def no_connection(error: Exception) -> TemporalUnreachableError:
    """For an error that came while connecting, or while reading the configuration."""
    if isinstance(error, TimeoutError):
        return TemporalUnreachableError(f"Temporal does not answer in time. {_CHECK_ADDRESS}")
    if native := _NATIVE_ERROR.search(str(error)):
        where = f" at {native['where']}" if native["where"] else ""
        return TemporalUnreachableError(f"Cannot connect to Temporal{where}: {native['why']}. {_CHECK_ADDRESS}")
    return TemporalUnreachableError(f"Cannot connect to Temporal: {error}. {_CHECK_ADDRESS}")


def _translated(error: RPCError, temporal: Client) -> MeetingError:
    where = f"{temporal.service_client.config.target_host}, namespace {temporal.namespace}"
    if error.status in _SILENCE:
        return TemporalUnreachableError(f"Temporal does not answer at {where}. {_CHECK_ADDRESS}")
    if error.status in _REFUSAL:
        return TemporalUnreachableError(
            f"Temporal at {where} refuses this client: {error.message}. Check TEMPORAL_API_KEY or the certificate."
        )
    if error.status is RPCStatusCode.NOT_FOUND:
        return TemporalUnreachableError(f"Temporal at {where}: {error.message} Check TEMPORAL_NAMESPACE.")
    if "search attribute" in error.message and any(each in error.message for each in _NOT_REGISTERED):
        return MeetingError(f"Temporal lacks our search attributes; run `minutekeeper setup` ({error.message})")
    if error.status is RPCStatusCode.INVALID_ARGUMENT:
        return MeetingInputError("", f"Temporal does not take this: {error.message}")
    return MeetingError(f"Temporal at {where} failed: {error.message}")
