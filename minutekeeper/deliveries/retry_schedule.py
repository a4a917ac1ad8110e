"""When a delivery that failed is tried again: as Standard Webhooks recommends. Pure."""

import hashlib
from datetime import timedelta

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The times between one try and the next: ten tries in 75 hours and 35 minutes."""

MAX_ATTEMPTS = len(PAUSES) + 1

LONGEST_RETRY_AFTER = timedelta(hours=24)

DISABLED_AFTER = timedelta(days=5)
"""How long an endpoint may do nothing but fail."""

_JITTER = 0.1


def pause_before_next(delivery: str, attempts: int, retry_after: float | None = None) -> timedelta:
    """The time until the next try, after so many; the endpoint may ask for a longer one, of 24 hours at most.

    It varies by a tenth, so that not all events of an hour come back at once; for one `delivery` it is always the
    same, because a workflow that is played again must come to the same.
    """
    digest = hashlib.sha256(f"{delivery} {attempts}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 0x1_0000_0000
    pause = PAUSES[attempts - 1] * (1 + _JITTER * (2 * share - 1))
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_RETRY_AFTER.total_seconds()))
    return max(pause, asked)
