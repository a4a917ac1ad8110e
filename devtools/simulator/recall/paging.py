"""Lists by pages: numbered ones for bots, cursors for everything else."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiohttp import web

from devtools.simulator.recall.errors import ApiError
from devtools.simulator.recall.keys import RECALL

T = TypeVar("T")


def numbered_page(request: web.Request, things: Sequence[T], show: Callable[[T], Any]) -> web.Response:
    """One page of a list that is counted from 1. Raises 404 for a page that does not exist."""
    size = request.app[RECALL].settings.page_size
    text = request.query.get("page", "1")
    page, pages = (int(text) if text.isdecimal() else 0), max(1, -(-len(things) // size))
    if not 1 <= page <= pages:
        raise ApiError(404, {"detail": "Invalid page."})
    return web.json_response(
        {
            "count": len(things),
            "next": _url(request, page=page + 1) if page < pages else None,
            "previous": _url(request, page=page - 1) if page > 1 else None,
            "results": [show(thing) for thing in things[(page - 1) * size : page * size]],
        }
    )


def cursor_page(request: web.Request, things: Sequence[T], show: Callable[[T], Any]) -> web.Response:
    """One page behind a cursor, which stands for a place in the list. Raises 404 for a cursor that is not ours."""
    size = request.app[RECALL].settings.page_size
    start = _place(request.query["cursor"]) if "cursor" in request.query else 0
    end = start + size
    return web.json_response(
        {
            "next": _url(request, cursor=_cursor(end)) if end < len(things) else None,
            "previous": _url(request, cursor=_cursor(max(0, start - size))) if start else None,
            "results": [show(thing) for thing in things[start:end]],
        }
    )


def _url(request: web.Request, **changes: str | int) -> str:
    """This list's address with another page or cursor."""
    return f"{request.app[RECALL].base_url}{request.rel_url.update_query({**request.query, **changes})}"


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"p={place}".encode()).decode()


def _place(cursor: str) -> int:
    try:
        name, _, number = base64.urlsafe_b64decode(cursor).decode().partition("=")
    except (binascii.Error, UnicodeDecodeError):
        name, number = "", ""
    if name != "p" or not number.isdecimal():
        raise ApiError(404, {"detail": "Invalid cursor"})
    return int(number)
