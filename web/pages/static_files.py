"""The style sheet, scripts and pictures of the pages, read once and sent to everybody."""

import hashlib
import mimetypes
from pathlib import Path

from aiohttp import hdrs, web

STATIC_ROUTE = "/static/{name}"
_FOLDER = Path(__file__).parent / "static"


class StaticFiles:
    """Answers for the files of a folder and for no others."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._files = {each.name: _Kept(each) for each in folder.glob("*") if each.is_file()}

    async def send(self, request: web.Request) -> web.StreamResponse:
        """The file; 304 if the browser has it already. Raises 404."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        # Asked for again each time, so that a browser never shows a new page with an old style sheet.
        headers = {hdrs.CACHE_CONTROL: "public, no-cache", hdrs.ETAG: file.tag}
        if file.tag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.content, headers=headers | {hdrs.CONTENT_TYPE: file.content_type})


class _Kept:
    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.tag = f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
