"""The media store: signed URLs, ranges and XML errors as S3 has them."""

from uuid import UUID

from aiohttp import web

from devtools.simulator.file_answers import send_file
from devtools.simulator.keys import SIMULATION
from devtools.simulator.responses import xml_error
from devtools.simulator.signing import SignatureError


async def fetch(request: web.Request) -> web.StreamResponse:
    """A file or a range of it; 403 for a URL that is forged or expired, 404 for a file that is gone."""
    simulation = request.app[SIMULATION]
    try:
        simulation.signer.check(request.path, request.query)
    except SignatureError as error:
        return xml_error(403, error.code, str(error))
    bot = simulation.bots.get(UUID(request.match_info["uuid"]))
    file = bot and bot.files.get(request.match_info["name"])
    if not bot or not file:
        return xml_error(404, "NoSuchKey", "The specified key does not exist.")
    return await send_file(request, bot, file, bot.ended_at or bot.created_at)
