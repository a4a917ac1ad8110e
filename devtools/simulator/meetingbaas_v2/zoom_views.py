"""Stored Zoom credentials, under /v2/zoom-credentials."""

from aiohttp import web

from devtools.simulator.meetingbaas_v2 import envelope
from devtools.simulator.meetingbaas_v2.envelope import ApiError, read_body, read_query
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT, named
from devtools.simulator.meetingbaas_v2.zoom import (
    NewZoomCredential,
    ZoomCredential,
    ZoomCredentialChange,
    ZoomQuery,
)


async def create(request: web.Request) -> web.Response:
    body = await read_body(request, NewZoomCredential)
    credential = ZoomCredential(body.name, body.authorization_code is not None, body.extra)
    request.app[ACCOUNT].zoom_credentials[credential.id] = credential
    return envelope.success(credential.shown(), status=201)


async def list_all(request: web.Request) -> web.Response:
    query = read_query(request, ZoomQuery)
    credentials = request.app[ACCOUNT].zoom_credentials.values()
    return envelope.success([each.shown() for each in credentials if each.fits(query)])


async def show(request: web.Request) -> web.Response:
    return envelope.success(_named(request).shown())


async def update(request: web.Request) -> web.Response:
    credential = _named(request)
    credential.change(await read_body(request, ZoomCredentialChange))
    return envelope.success(credential.shown())


async def delete(request: web.Request) -> web.Response:
    del request.app[ACCOUNT].zoom_credentials[_named(request).id]
    return envelope.message("Zoom credential deleted successfully.")


def _named(request: web.Request) -> ZoomCredential:
    credential = request.app[ACCOUNT].zoom_credentials.get(named(request))
    if credential is None:
        text = f"Zoom credential with ID '{request.match_info['uuid']}' not found"
        raise ApiError(404, "ZOOM_CREDENTIAL_NOT_FOUND", text)
    return credential
