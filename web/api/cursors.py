"""Cursors of lists: where a page ended, as a text that callers give back as it is."""

import base64
import binascii
import json
from datetime import datetime

from starter.meeting_pages import NO_START, PagePosition
from web.api.problems import ProblemCode, ProblemError

_YEARS = range(1970, 2200)
"""Of positions; others could not be counted from."""


def cursor_of(position: PagePosition) -> str:
    fields = [position.asked_at.isoformat(), position.is_ended, position.start.isoformat(), position.workflow_id]
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def position_of(cursor: str) -> PagePosition | None:
    """The place that a cursor means; None for the beginning. Raises ProblemError."""
    if not cursor:
        return None
    try:
        asked_at, is_ended, start, workflow_id = json.loads(
            base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}")
        )
        position = PagePosition(
            datetime.fromisoformat(asked_at), bool(is_ended), datetime.fromisoformat(start), str(workflow_id)
        )
    except (ValueError, TypeError, binascii.Error):
        position = None
    if position is None or not all(map(_is_instant, (position.asked_at, position.start))):
        raise ProblemError(ProblemCode.INVALID_REQUEST, "cursor: it is none that this API has given out")
    return position


def _is_instant(value: datetime) -> bool:
    return value.tzinfo is not None and (value.year in _YEARS or value == NO_START)
