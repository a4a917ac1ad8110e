"""Two ways for a connection to end too early."""

from aiohttp import web

from devtools.simulator.service import INCOMPLETE


def abort(request: web.Request) -> web.Response:
    """Reset the connection without a word; what is returned reaches nobody."""
    request[INCOMPLETE] = True
    if request.transport:
        request.transport.abort()
    return web.Response()


def close(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Close the connection once all that was written has left."""
    request[INCOMPLETE] = True
    if request.transport:
        request.transport.close()
    return response
