"""The media store: signed URLs, ranges and XML errors as S3 has them."""

import re
from email.utils import format_datetime
from uuid import UUID

from aiohttp import web

from devtools.simulator.faults.downloads import inject_download_faults, spoil
from devtools.simulator.keys import INCOMPLETE, SIMULATION
from devtools.simulator.media import CONTENT_TYPES, MediaFile
from devtools.simulator.responses import xml_error
from devtools.simulator.signing import SignatureError
from devtools.simulator.state import Bot


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
    modified = format_datetime(bot.ended_at or bot.created_at, usegmt=True)
    headers = {"Accept-Ranges": "bytes", "ETag": file.etag, "Last-Modified": modified}
    span = None
    if request.headers.get("If-Range", file.etag) in (file.etag, modified):
        span = _parse_range(request.headers.get("Range", ""), file.size)
    if span is None:
        return await _send(request, bot, file, range(file.size), web.StreamResponse(headers=headers))
    if not span:
        headers["Content-Range"] = f"bytes */{file.size}"
        return xml_error(416, "InvalidRange", "The requested range is not satisfiable", headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{file.size}"
    return await _send(request, bot, file, span, web.StreamResponse(status=206, headers=headers))


async def _send(
    request: web.Request, bot: Bot, file: MediaFile, span: range, response: web.StreamResponse
) -> web.StreamResponse:
    response.content_type = CONTENT_TYPES[file.kind]
    if fault := inject_download_faults(request, bot):
        return await spoil(fault, request, file, span, response)
    response.content_length = span.stop - span.start
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        for chunk in file.chunks(span.start, span.stop):
            await response.write(chunk)
    except ConnectionError:
        request[INCOMPLETE] = True
    return response


def _parse_range(header: str, size: int) -> range | None:
    """The wanted bytes; None to send the whole file, as for several or broken ranges, empty if out of it."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
