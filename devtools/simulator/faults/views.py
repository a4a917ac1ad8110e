"""Control of the faults, under `/_sim/faults`."""

from aiohttp import web
from pydantic import ValidationError

from devtools.simulator.faults.control_models import ONE, SEVERAL
from devtools.simulator.keys import SIMULATION
from devtools.simulator.responses import dumps, explain


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
