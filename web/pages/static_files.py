"""The style sheet, scripts and pictures of the pages: addresses that change with the content."""

import hashlib
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from aiohttp import hdrs, web

_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HASH_DIGITS = 12
_FOR_EVER = "public, max-age=31536000, immutable"


class _StaticFile(NamedTuple):
    content: bytes
    content_type: str


class StaticFiles:
    """The files of `web/pages/static`, read once.

    All of them are below one folder that is named for their content, so that a browser keeps them for ever, and a
    script finds the others beside it.
    """

    def __init__(self) -> None:
        folder = files("web.pages").joinpath("static")
        found = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
        self._files = MappingProxyType(
            {
                name: _StaticFile(content, _TYPES[name[name.rindex(".") :]])
                for name, content in sorted(found.items())
            }
        )
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(name.encode() + b"\0" + file.content)
        self._hash = digest.hexdigest()[:_HASH_DIGITS]

    def address(self, name: str) -> str:
        """Where a file is served. Raises KeyError for a name that is not there."""
        self._files[name]
        return f"/static/{self._hash}/{name}"

    async def send(self, request: web.Request) -> web.Response:
        """Answers STATIC_PATH. Another version, as an older page names it, gets the file but may not keep it."""
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        is_current = request.match_info["version"] == self._hash
        headers = {hdrs.CACHE_CONTROL: _FOR_EVER if is_current else "no-store"}
        return web.Response(body=file.content, content_type=file.content_type, charset="utf-8", headers=headers)


STATIC_PATH = "/static/{version}/{name}"

STATIC_FILES = StaticFiles()
