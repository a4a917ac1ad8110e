"""Control of the faults, under `/_sim/faults`."""

from aiohttp import web
from pydantic import ValidationError

from simulator.answers import dumps, explain
from simulator.faults.orders import ONE, SEVERAL
from simulator.keys import SIMULATION


async def order_faults(request: web.Request) -> web.Response:
    """Take one order or a list, all or none of them. Raises 400 for a misfit."""
    body = await request.read()
    try:
        orders = SEVERAL.validate_json(body) if body.lstrip().startswith(b"[") else [ONE.validate_json(body)]
    except ValidationError as error:
        raise web.HTTPBadRequest(text=f"The order does not fit: {explain(error)}") from None
    return web.json_response({"orders": request.app[SIMULATION].faults.add(orders)})


async def show_faults(request: web.Request) -> web.Response:
    return web.json_response({"orders": request.app[SIMULATION].faults.active()}, dumps=dumps)


async def remove_faults(request: web.Request) -> web.Response:
    """Let nothing strike any more; what is being held back stays so until its time."""
    request.app[SIMULATION].faults.clear()
    return web.json_response({"orders": []})
