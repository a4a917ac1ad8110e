"""Whether a bot's address was made by us."""

from aiohttp import web

from bridge.keys import SETTINGS
from meetings.webhook_address import token_matches
from runtime.settings import signing_secrets


def is_ours(request: web.Request) -> bool:
    """Whether the token in the address is that of its workflow and dispatch, by the present or previous secret."""
    secrets = signing_secrets(request.app[SETTINGS])
    address = request.match_info
    return token_matches(address["token"], address["workflow_id"], int(address["dispatch"]), secrets)


async def confirm_address(request: web.Request) -> web.Response:
    """For whoever wants to know whether bots with such an address would be heard; nothing is delivered."""
    if not is_ours(request):
        raise web.HTTPUnauthorized(text="unauthorized")
    return web.json_response({"address": "known"})
