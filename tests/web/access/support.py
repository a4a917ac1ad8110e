"""Pages of tests behind the gate of the product, in one process with the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from minutekeeper.config import Settings
from minutekeeper.storage.store import ArtifactStore
from tests.starter.support import SECRET
from web.access.roles import Role
from web.pages.access import PageAccess
from web.pages.app import PageServer
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.stored_files import StoredFiles


class Pages:
    """A page for each role, a form, a file and a stream; `shown` are the visitors who got to see one."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.changed: list[str] = []

    def routes(self) -> list[PageRoute]:
        by_role = [PageRoute("GET", f"/of/{role.word}", self.show, role) for role in Role if role]
        return [
            *by_role,
            PageRoute("GET", "/meetings/{id}/media/{name:.+}", self.send, Role.WATCH),
            PageRoute("POST", "/change", self.change, Role.STEER),
            PageRoute("GET", "/live", self.stream, Role.LOOK, is_stream=True),
            PageRoute("GET", "/broken", self.fail),
        ]

    async def show(self, request: PageRequest) -> web.StreamResponse:
        self.shown.append(request.visitor.name)
        return PageResponse(f"{request.visitor.name} {request.form_token}")

    async def send(self, _: PageRequest) -> web.StreamResponse:
        return web.FileResponse(Path(__file__))

    async def change(self, request: PageRequest) -> web.StreamResponse:
        self.changed.append(request.form["title"])
        return PageResponse("changed")

    async def stream(self, request: PageRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request.http)
        await response.write(b"data: 1\n\n")
        await asyncio.Event().wait()
        return response

    async def fail(self, _: PageRequest) -> web.StreamResponse:
        raise RuntimeError("mk_secret in /a/place")


@asynccontextmanager
async def running_pages(pages: Pages, store: Path, **settings: Any) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of the pages; it keeps no cookies."""
    configured = Settings(_env_file=None, **({"bridge_secret": SECRET} | settings))
    access = PageAccess(configured, StoredFiles(partial(ArtifactStore, store.as_uri())).opened)
    server = PageServer([*access.pages.routes(), *pages.routes()], access.gate)

    @web.middleware
    async def answer(request: web.Request, handler: Any) -> web.StreamResponse:
        return await server.answer(request, handler)

    app = web.Application(middlewares=[answer])
    app.on_response_prepare.append(server.secure)
    server.add_routes(app.router)
    async with TestClient(
        TestServer(app), cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0)
    ) as client:
        yield client
