"""How the API answers: `{success, data}` with pages and partial success, or an error with a code."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from devtools.simulator.responses import dumps, explain

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class ApiError(Exception):
    """A refusal. `code` is without its prefix, as the items of a batch and bot.failed have it."""

    def __init__(self, status: int, code: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def response(self) -> web.Response:
        return failure(self.status, self.code, self.message, self.retry_after)


def failure(status: int, code: str, message: str, retry_after: int | None = None) -> web.Response:
    """An error answer; `error` is the name of the status, but "Rate Limited" for 429. Misfits have no `details`."""
    body: dict[str, Any] = {
        "success": False,
        "error": "Rate Limited" if status == HTTPStatus.TOO_MANY_REQUESTS else HTTPStatus(status).phrase,
        "code": f"FST_ERR_{code}",
        "statusCode": status,
        "message": message,
    }
    if status != HTTPStatus.BAD_REQUEST:
        body["details"] = None
    headers = {}
    if retry_after is not None:
        body["retryAfter"] = retry_after
        headers["retry-after"] = str(retry_after)
    return web.json_response(body, status=status, headers=headers)


def success(data: Any, *, status: int = 200) -> web.Response:
    return web.json_response({"success": True, "data": data}, status=status, dumps=dumps)


def message(text: str) -> web.Response:
    """The answer of calls that only do something."""
    return success({"message": text})


def page(data: Sequence[Any], cursor: str | None, prev_cursor: str | None) -> web.Response:
    body = {"success": True, "data": list(data), "cursor": cursor, "prev_cursor": prev_cursor}
    return web.json_response(body, dumps=dumps)


async def read_body(request: web.Request, model: type[M]) -> M:
    """The body as a model. Raises ApiError (400) for broken JSON and for a misfit."""
    return parse(await request.read(), TypeAdapter(model))


def parse(body: bytes, adapter: TypeAdapter[T]) -> T:
    """Raises ApiError (400)."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise misfit(f"body: {explain(error)}") from None


def read_query(request: web.Request, model: type[M]) -> M:
    """The query as a model. Raises ApiError (400) for a misfit."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise misfit(f"querystring: {explain(error)}") from None


def misfit(text: str) -> ApiError:
    """The code of validation errors is a guess: the one that the server's framework has."""
    return ApiError(400, "VALIDATION", text)
