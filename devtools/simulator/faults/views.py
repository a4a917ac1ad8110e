"""Control of the faults, under `/_sim/faults`."""

from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import TypeAdapter, ValidationError

from devtools.simulator.faults.control_models import Order
from devtools.simulator.responses import dumps, explain
from devtools.simulator.routing import both
from devtools.simulator.service import SERVICE

SomeOrder = TypeVar("SomeOrder", bound=Order)


def fault_routes(one: TypeAdapter[SomeOrder], several: TypeAdapter[list[SomeOrder]]) -> list[web.RouteDef]:
    """The control of a provider's faults: `one` reads an order, `several` a list of them."""
    return [
        *both("POST", "/_sim/faults", _taking(one, several)),
        *both("GET", "/_sim/faults", show_faults),
        *both("DELETE", "/_sim/faults", remove_faults),
    ]


def _taking(one: TypeAdapter[SomeOrder], several: TypeAdapter[list[SomeOrder]]) -> Handler:
    async def order_faults(request: web.Request) -> web.Response:
        """Take one order or a list, all or none of them. Raises 400 for a misfit."""
        body = await request.read()
        try:
            orders = several.validate_json(body) if body.lstrip().startswith(b"[") else [one.validate_json(body)]
        except ValidationError as error:
            raise web.HTTPBadRequest(text=f"The order does not fit: {explain(error)}") from None
        return web.json_response({"orders": request.app[SERVICE].faults.add(orders)})

    return order_faults


async def show_faults(request: web.Request) -> web.Response:
    return web.json_response({"orders": request.app[SERVICE].faults.active()}, dumps=dumps)


async def remove_faults(request: web.Request) -> web.Response:
    """Let nothing strike any more; what is being held back stays so until its time."""
    request.app[SERVICE].faults.clear()
    return web.json_response({"orders": []})
