"""The store of files: signed links, ranges and XML errors as S3 has them."""

from uuid import UUID

from aiohttp import web

from devtools.simulator.file_answers import send_file
from devtools.simulator.meetingbaas_v2.artifacts import available, open_file
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.responses import xml_error
from devtools.simulator.signing import SignatureError


async def fetch(request: web.Request) -> web.StreamResponse:
    """A file or a range of it; 403 for a link that is forged or expired, 404 for a file that is gone."""
    account = request.app[ACCOUNT]
    try:
        account.signer.check(request.path, request.query)
    except SignatureError as error:
        return xml_error(403, error.code, str(error))
    bot, name = account.bots.get(UUID(request.match_info["uuid"])), request.match_info["name"]
    if bot is None or name not in available(bot, account.retained_seconds):
        return xml_error(404, "NoSuchKey", "The specified key does not exist.")
    return await send_file(request, bot, open_file(bot, name), bot.ended_at or bot.created_at)
