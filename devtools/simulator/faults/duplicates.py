"""How the service may refuse a duplicate: v1 documents neither status nor body, only v2 says 409.

Clients have to take 409, and any 4xx whose text speaks of a duplicate or of "already", for a refused duplicate.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from aiohttp import web

Form = Literal["conflict", "bare_conflict", "text_conflict", "v2", "bad_request", "forbidden", "unprocessable"]
FORMS: tuple[Form, ...] = get_args(Form)

_TEXT = "A bot was already sent to this meeting within the last 5 minutes"
_JSON: Mapping[Form, tuple[int, dict[str, object]]] = {
    "conflict": (409, {"error": "BotAlreadyExists"}),
    "v2": (
        409,
        {
            "success": False,
            "error": "Conflict",
            "code": "FST_ERR_BOT_ALREADY_EXISTS",
            "statusCode": 409,
            "message": _TEXT,
            "details": None,
        },
    ),
    "bad_request": (400, {"error": "DuplicateBot"}),
    "forbidden": (403, {"error": _TEXT}),
}


def refuse_duplicate(form: Form) -> web.Response:
    if form == "bare_conflict":
        return web.Response(status=409)
    if form == "text_conflict":
        return web.Response(status=409, text="Conflict")
    if form == "unprocessable":
        return web.Response(status=422, text=f"{_TEXT}; send another deduplication_key")
    status, body = _JSON[form]
    return web.json_response(body, status=status)
