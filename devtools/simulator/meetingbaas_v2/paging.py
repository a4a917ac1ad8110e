"""Pages of lists, by cursors that name the last item of a page, as `<instant>::<id>` in base64.

A cursor that begins with a minus sign goes back. `prev_cursor` is a guess: it has the sign already, so that clients
that pass it on as it is and clients that put the sign before it both get the page before.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from devtools.simulator.meetingbaas_v2.envelope import misfit
from devtools.simulator.state import stamp

T = TypeVar("T")
Place = tuple[datetime, str]
"""The time by which a list is ordered, and an id that tells apart what has the same."""


def cut(
    items: Sequence[T], place: Callable[[T], Place], limit: int, cursor: str | None, *, newest_first: bool
) -> tuple[list[T], str | None, str | None]:
    """One page, its `cursor` and its `prev_cursor`. Raises ApiError (400) for a cursor that is none."""
    ordered = sorted(items, key=place, reverse=newest_first)
    first = 0
    if cursor:
        is_back, known = cursor.startswith("-"), _open(cursor.lstrip("-"))
        before = [number for number, item in enumerate(ordered) if _precedes(place(item), known, newest_first)]
        position = len(before)
        at = position < len(ordered) and place(ordered[position]) == known
        first = max(0, position - limit) if is_back else position + at
        limit = min(limit, position) if is_back else limit
    taken = ordered[first : first + limit]
    following = _close(place(taken[-1])) if taken and first + len(taken) < len(ordered) else None
    previous = f"-{_close(place(taken[0]))}" if taken and first > 0 else None
    return taken, following, previous


def _precedes(one: Place, other: Place, newest_first: bool) -> bool:
    return one > other if newest_first else one < other


def _close(place: Place) -> str:
    return base64.b64encode(f"{stamp(place[0])}::{place[1]}".encode()).decode()


def _open(cursor: str) -> Place:
    try:
        at, _, identifier = base64.b64decode(cursor, validate=True).decode().partition("::")
        return datetime.fromisoformat(at), identifier
    except (binascii.Error, ValueError):
        raise misfit("querystring/cursor: not one that this list gave out") from None
