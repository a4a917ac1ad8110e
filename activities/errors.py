"""How a provider's errors look to Temporal: which are retried, and when."""

from datetime import timedelta
from typing import Any

from temporalio.exceptions import ApplicationError

from minutekeeper.providers.base import (
    AccountError,
    CapacityError,
    DuplicateBotError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)

REQUEST_REJECTED = "RequestRejected"
ACCOUNT = "Account"
RATE_LIMITED = "RateLimited"
UNAVAILABLE = "Unavailable"
DUPLICATE_BOT = "DuplicateBot"
NOT_FOUND = "NotFound"
NO_CAPACITY = "NoCapacity"

_TYPES: dict[type[ProviderError], str] = {
    RequestRejectedError: REQUEST_REJECTED,
    AccountError: ACCOUNT,
    RateLimitedError: RATE_LIMITED,
    UnavailableError: UNAVAILABLE,
    DuplicateBotError: DUPLICATE_BOT,
    NotFoundError: NOT_FOUND,
    CapacityError: NO_CAPACITY,
}
_FINAL = {REQUEST_REJECTED, NOT_FOUND}
_ACCOUNT_DELAY = timedelta(seconds=60)
"""An account recovers when its owner pays or renews a key, so that more frequent retries are useless."""
_LONGEST_PAUSE_SECONDS = 86_400.0


def to_application_error(error: ProviderError, *details: Any, retry_account: bool = True) -> ApplicationError:
    """The error as Temporal records and retries it; `details` go along for the workflow.

    `retry_account` says whether trouble with the account is tried again by Temporal, once a minute, or handed to
    the workflow at once. Raise the result `from None`: the cause's own text may hold addresses and tokens.
    """
    kind = next((name for cls, name in _TYPES.items() if isinstance(error, cls)), UNAVAILABLE)
    delay = None
    if kind == ACCOUNT and retry_account:
        delay = _ACCOUNT_DELAY
    elif isinstance(error, RateLimitedError | CapacityError) and error.retry_after is not None:
        delay = timedelta(seconds=min(error.retry_after, _LONGEST_PAUSE_SECONDS))
    return ApplicationError(
        str(error),
        *details,
        type=kind,
        non_retryable=kind in _FINAL or (kind == ACCOUNT and not retry_account),
        next_retry_delay=delay,
    )
