"""Google and Microsoft may quote all they were told: nothing of it is passed on."""

import logging
import uuid
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from temporalio.client import Client
from yarl import URL

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.connect.scenario import Stage, new_stage
from tests.devtools.simulator.support import Sim

SECRET = "planted-client-secret-3f90"


class Gossip:
    """Brings back a code at once, and answers the exchange with `status` and everything that it was shown."""

    def __init__(self) -> None:
        self.status = 400
        self.error = "invalid_grant"
        self.heard: set[str] = set()

    async def authorize(self, request: web.Request) -> web.Response:
        back = URL(request.query["redirect_uri"]).update_query(state=request.query["state"], code="planted-code-1b")
        return web.Response(status=302, headers={"Location": str(back)})

    async def give_tokens(self, request: web.Request) -> web.Response:
        shown = {name: str(value) for name, value in (await request.post()).items()}
        self.heard |= {shown["code"], shown["client_secret"], shown["code_verifier"]}
        quotes = f"AADSTS70000: {shown}"
        return web.json_response(
            {"error": self.error or quotes, "error_description": quotes, "refresh_token": "planted-token-77"},
            status=self.status,
        )


@pytest.fixture
def gossip() -> Gossip:
    return Gossip()


@pytest_asyncio.fixture
async def stage(gossip: Gossip, sim: Sim, client: Client, store: ArtifactStore) -> AsyncIterator[Stage]:
    app = web.Application(handler_args={"access_log": None})
    app.router.add_get("/google/authorize", gossip.authorize)
    app.router.add_post("/google/token", gossip.give_tokens)
    async with TestServer(app) as server:
        url = str(server.make_url("/")).rstrip("/")
        changes = {"minutekeeper_oauth_base_url": url, "minutekeeper_google_client_secret": SECRET}
        async with new_stage(sim, client, store, **changes) as running:
            running.browser.known = (*running.browser.known, url)
            yield running


@pytest.mark.parametrize(
    ("status", "error", "problem"),
    [
        (400, "invalid_grant", ConnectErrorCode.CODE_REFUSED),
        (401, "invalid_client", ConnectErrorCode.APP_REFUSED),
        (503, "", ConnectErrorCode.UNAVAILABLE),
        (400, "", ConnectErrorCode.CODE_REFUSED),
        (200, "", ConnectErrorCode.CODE_REFUSED),
        (302, "", ConnectErrorCode.CODE_REFUSED),
    ],
)
async def test_what_it_quotes_is_in_no_log_and_on_no_page(
    *,
    stage: Stage,
    gossip: Gossip,
    caplog: pytest.LogCaptureFixture,
    status: int,
    error: str,
    problem: ConnectErrorCode,
) -> None:
    caplog.set_level(logging.INFO)
    gossip.status, gossip.error = status, error
    page = await stage.go(stage.link(f"user-{uuid.uuid4().hex[:8]}"))
    assert page.path == f"/connect/problem/{problem}"
    assert "AADSTS70000" in caplog.text, "what helps to find the cause is logged"
    states = [parse_qs(urlsplit(url).query)["state"][0] for url in page.visited if "state=" in url]
    planted = {*gossip.heard, *states, "planted-token-77"}
    assert {SECRET, "planted-code-1b"} < planted
    for secret in planted:
        assert secret not in caplog.text
        assert secret not in page.text + page.url + str(page.headers)
