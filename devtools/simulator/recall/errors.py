"""Refusals in the words of Recall.ai."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

_MESSAGES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not allowed.",
    "string_too_long": "Ensure this field has no more than {max_length} characters.",
    "greater_than_equal": "Ensure this value is greater than or equal to {ge}.",
    "string_type": "Not a valid string.",
}


class ApiError(Exception):
    """A refusal: status and body of the answer."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers

    @property
    def response(self) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=self.headers)


def coded(status: int, code: str, detail: str) -> ApiError:
    return ApiError(status, {"code": code, "detail": detail})


def not_found() -> ApiError:
    return ApiError(404, {"detail": "Not found."})


def misfit(field: str, message: str) -> ApiError:
    return ApiError(400, {field: [message]})


def read_query(request: web.Request, model: type[M]) -> M:
    """The query as a model, unknown parameters apart. Raises 400 with the name of a misfit."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise ApiError(400, _field_map(error)) from None


async def read_body(request: web.Request, model: type[M]) -> M:
    """The body as a model. Raises 415 for another content type, 400 for what does not fit."""
    return checked(await read_json(request), model)


async def read_json(request: web.Request) -> Any:
    """The body. Raises 415 for another content type, 400 for broken JSON; none is an empty object."""
    body = await request.read()
    if not body:
        return {}
    if request.content_type != "application/json":
        raise ApiError(415, {"detail": f'Unsupported media type "{request.content_type}" in request.'})
    try:
        return json.loads(body)
    except ValueError as error:
        raise ApiError(400, {"detail": f"JSON parse error - {error}"}) from None


def checked(value: Any, model: type[M]) -> M:
    """The value as a model. Raises 400 with a map from fields to what is wrong with them."""
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise ApiError(400, _field_map(error)) from None


def _field_map(error: ValidationError) -> dict[str, Any]:
    """`{"a": {"b": ["…"]}}` for a misfit of `a.b`, and `non_field_errors` for one of the whole."""
    fields: dict[str, Any] = {}
    for detail in error.errors():
        place, *path = [*map(str, detail["loc"])] or ["non_field_errors"]
        inner = fields
        for name in path:
            inner = inner.setdefault(place, {})
            place = name
        context = detail.get("ctx", {})
        message = _MESSAGES.get(detail["type"], detail["msg"]).format_map(context)
        inner.setdefault(place, []).append(message.removeprefix("Value error, "))
    return fields
