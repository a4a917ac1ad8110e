"""Paths as callers write them."""

from aiohttp import web
from aiohttp.typedefs import Handler


def both(method: str, path: str, handler: Handler) -> tuple[web.RouteDef, web.RouteDef]:
    """With and without a trailing slash, since callers use both and a redirect would lose their bodies."""
    return web.route(method, path, handler), web.route(method, f"{path}/", handler)
