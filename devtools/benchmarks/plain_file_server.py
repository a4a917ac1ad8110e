"""Serves a folder as aiohttp does by itself, to compare the API's files with: `… plain_file_server PORT FOLDER`."""

import sys
from pathlib import Path

from aiohttp import web

from devtools.stack.ports import HOST

_CHUNK_BYTES = 1024 * 1024


def _application(folder: Path) -> web.Application:
    async def send(request: web.Request) -> web.FileResponse:
        return web.FileResponse(folder / request.match_info["name"], chunk_size=_CHUNK_BYTES)

    app = web.Application()
    app.router.add_get("/{name:.+}", send)
    return app


if __name__ == "__main__":
    web.run_app(_application(Path(sys.argv[2])), host=HOST, port=int(sys.argv[1]), access_log=None, print=None)
