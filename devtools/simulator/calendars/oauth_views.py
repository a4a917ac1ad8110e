"""The authorization and token endpoints under `/oauth/google` and `/oauth/microsoft`."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from aiohttp import web
from yarl import URL

from devtools.simulator.calendars.control_models import ConsentOrder
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.hosting import host_of
from devtools.simulator.calendars.oauth import BadRequestError
from devtools.simulator.calendars.wire import Platform
from devtools.simulator.responses import read_body

_PLATFORMS: Mapping[str, Platform] = {"google": "Google", "microsoft": "Microsoft"}
_NO_STORE = {"Cache-Control": "no-store"}


async def order_consent(request: web.Request) -> web.Response:
    host_of(request).authorizations.order(await read_body(request, ConsentOrder))
    return web.json_response({"ok": True})


async def authorize(request: web.Request) -> web.Response:
    """Ask the user and redirect to the app; mistakes that could lead elsewhere are shown instead."""
    query = request.query
    try:
        told = host_of(request).authorizations.authorize(_platform(request), query)
    except BadRequestError as error:
        return web.Response(status=400, text=str(error))
    return web.Response(status=302, headers={"Location": str(URL(query["redirect_uri"]).update_query(told))})


async def give_tokens(request: web.Request) -> web.Response:
    """Redeem a code, or a refresh token; the app shows its credentials in the form or as Basic authentication."""
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    form |= _basic(request.headers.get("Authorization", ""))
    try:
        tokens = host_of(request).authorizations.redeem(_platform(request), form)
    except GrantRefusedError as error:
        status = 401 if error.code in ("invalid_client", "unauthorized_client") else 400
        refused = {"error": error.code, "error_description": error.description}
        return web.json_response(refused, status=status, headers=_NO_STORE)
    return web.json_response(tokens, headers=_NO_STORE)


def _platform(request: web.Request) -> Platform:
    return _PLATFORMS[request.match_info["platform"]]


def _basic(header: str) -> dict[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}
