"""Reading requests and refusing them: bad bodies and queries as plain text, everything else as `{"error": …}`."""

import json
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from aiohttp import web
from pydantic import BaseModel, ValidationError

from devtools.simulator.state import stamp

M = TypeVar("M", bound=BaseModel)


def _encode(value: Any) -> str | None:
    if isinstance(value, datetime):
        return stamp(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


dumps = partial(json.dumps, default=_encode)
"""JSON of what may hold times."""


async def read_body(request: web.Request, model: type[M]) -> M:
    """The body as a model. Raises 415 for another content type, 400 for broken JSON, 422 for a misfit."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="The body must have the content type application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            raise web.HTTPBadRequest(text=f"The body is not JSON: {explain(error)}") from None
        raise web.HTTPUnprocessableEntity(text=f"The body does not fit: {explain(error)}") from None


def read_query(request: web.Request, model: type[M]) -> M:
    """The query as a model. Raises 400 for a misfit."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise web.HTTPBadRequest(text=f"The query does not fit: {explain(error)}") from None


def refusal(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def not_found(error: str = "BotNotFound") -> web.HTTPNotFound:
    return web.HTTPNotFound(text=json.dumps({"error": error}), content_type="application/json")


def xml_error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error as S3 writes it."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )
    return web.Response(status=status, text=text, content_type="application/xml", headers=headers)


def explain(error: ValidationError) -> str:
    """Each misfit as `field: what is wrong`."""
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, detail["loc"])), detail["msg"]))) for detail in error.errors()
    )
