"""The account's own settings."""

from aiohttp import web

from devtools.simulator.keys import SIMULATION
from devtools.simulator.models import WebhookUrlRequest
from devtools.simulator.responses import read_body


async def show_webhook_url(request: web.Request) -> web.Response:
    return web.json_response({"webhook_url": request.app[SIMULATION].account_webhook_url})


async def set_webhook_url(request: web.Request) -> web.Response:
    body = await read_body(request, WebhookUrlRequest)
    request.app[SIMULATION].account_webhook_url = body.webhook_url
    return await show_webhook_url(request)
