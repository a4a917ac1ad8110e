"""Up to a hundred bots in one request, each on its own: some may be made although others are not."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from devtools.simulator.meetingbaas_v2.envelope import ApiError, misfit, parse
from devtools.simulator.meetingbaas_v2.models import MOST_PER_BATCH
from devtools.simulator.meetingbaas_v2.settings import Wording
from devtools.simulator.responses import explain

M = TypeVar("M", bound=BaseModel)
_ITEMS: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])


def read_batch(body: bytes) -> list[dict[str, Any]]:
    """The items as they are. Raises ApiError (400) for none, or too many."""
    items = parse(body, _ITEMS)
    if not 1 <= len(items) <= MOST_PER_BATCH:
        raise misfit(f"body: give 1 to {MOST_PER_BATCH} items")
    return items


def answer_batch(
    items: list[dict[str, Any]], model: type[M], make: Callable[[M], UUID], wording: Wording
) -> web.Response:
    """Handle the items in their order; the answer is a success even if all of them failed."""
    made, failed = [], []
    for index, item in enumerate(items):
        extra = item.get("extra") if isinstance(item.get("extra"), dict) else None
        try:
            made.append({"index": index, "bot_id": str(make(_read(model, item))), "extra": extra})
        except ApiError as error:
            code = "VALIDATION_ERROR" if error.code == "VALIDATION" else error.code
            told = {"index": index, "code": code, "message": error.message, "details": None, "extra": extra}
            failed.append(told)
    if wording == "pages":
        return web.json_response({"success": True, "data": {"success": made, "errors": failed}}, status=201)
    return web.json_response({"success": True, "data": made, "errors": failed}, status=201)


def _read(model: type[M], item: dict[str, Any]) -> M:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        raise misfit(explain(error)) from None
