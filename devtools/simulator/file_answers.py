"""Files as S3 answers for them: whole or a range of them, spoilt where a fault is ordered."""

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Protocol

from aiohttp import web

from devtools.simulator.faults.downloads import inject_download_faults, spoil
from devtools.simulator.responses import xml_error
from devtools.simulator.service import INCOMPLETE, Recorded


class StoredFile(Protocol):
    """A file of known size whose bytes can be had piece by piece."""

    @property
    def size(self) -> int: ...

    @property
    def etag(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    def chunks(self, start: int, stop: int) -> Iterator[bytes]: ...


async def send_file(
    request: web.Request, owner: Recorded, file: StoredFile, modified_at: datetime
) -> web.StreamResponse:
    """The file, or the range of it that is wanted; 416 for a range that lies outside."""
    modified = format_datetime(modified_at, usegmt=True)
    headers = {"Accept-Ranges": "bytes", "ETag": file.etag, "Last-Modified": modified}
    span = None
    if request.headers.get("If-Range", file.etag) in (file.etag, modified):
        span = _parse_range(request.headers.get("Range", ""), file.size)
    if span is None:
        return await _send(request, owner, file, range(file.size), web.StreamResponse(headers=headers))
    if not span:
        headers["Content-Range"] = f"bytes */{file.size}"
        return xml_error(416, "InvalidRange", "The requested range is not satisfiable", headers)
    headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{file.size}"
    return await _send(request, owner, file, span, web.StreamResponse(status=206, headers=headers))


async def _send(
    request: web.Request, owner: Recorded, file: StoredFile, span: range, response: web.StreamResponse
) -> web.StreamResponse:
    response.content_type = file.content_type
    if fault := inject_download_faults(request, owner):
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
