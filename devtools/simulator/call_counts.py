"""How often what was called, for the ledger."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from devtools.simulator.state import RequestRecord


def count_calls(records: Iterable[RequestRecord]) -> dict[str, Any]:
    """By method and path, ids left out: how often it was called, and how it was answered."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        path = "/".join("{id}" if _is_uuid(part) else part for part in record.path.split("/"))
        counts[f"{record.method} {path.rstrip('/')}/"][str(record.status)] += 1
    return {call: {"count": sum(found.values()), "statuses": found} for call, found in counts.items()}


def _is_uuid(part: str) -> bool:
    try:
        UUID(part)
    except ValueError:
        return False
    return True
