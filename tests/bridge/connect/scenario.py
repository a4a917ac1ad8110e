"""A bridge with its connect pages, the simulated Google and Microsoft, and somebody with a browser."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.test_utils import TestServer, unused_port
from temporalio.client import Client
from yarl import URL

from bridge.app import create_app
from bridge.connect.error_messages import ERROR_PAGES
from bridge.connect.errors import ConnectErrorCode
from minutekeeper.calendars.connect_link import connect_url, new_link
from minutekeeper.calendars.user_connection import UserConnection
from minutekeeper.config import Settings
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from minutekeeper.providers.registry import Providers
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import UserConnectionStore
from tests.devtools.simulator.support import KEY, Sim

SECRET = "planted-bridge-secret-2b77-of-the-connect-pages"
ANNA, BEN = "anna@example.com", "ben@example.com"


def settings_for(public_url: str, sim_url: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "meetingbaas_api_key": KEY,
        "meetingbaas_base_url": sim_url,
        "bridge_secret": SECRET,
        "bridge_public_url": public_url,
        "minutekeeper_oauth_base_url": f"{sim_url}/oauth",
        "minutekeeper_google_client_id": "google-app",
        "minutekeeper_google_client_secret": "google-app-secret",
        "minutekeeper_microsoft_client_id": "microsoft-app",
        "minutekeeper_microsoft_client_secret": "microsoft-app-secret",
    }
    return Settings(_env_file=None, **(values | changes))


@asynccontextmanager
async def serving(settings: Settings, client: Client, store: ArtifactStore, port: int) -> AsyncIterator[None]:
    provider = MeetingBaasProvider(MeetingBaasClient(settings.meetingbaas_base_url, KEY), webhook_keys=[KEY])
    try:
        async with TestServer(create_app(settings, client, Providers([provider]), store), port=port):
            yield
    finally:
        await provider.aclose()


@dataclass
class Page:
    """Where somebody's browser came to rest, and everywhere that it was on the way."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str
    visited: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def title(self) -> str:
        return html.unescape(self.text.partition("<h1>")[2].partition("</h1>")[0])

    @property
    def words(self) -> str:
        """What is there to be read."""
        body = self.text.partition("<main>")[2]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    @property
    def options(self) -> list[str]:
        return [
            html.unescape(each) for each in re.findall(r'type="radio" name="calendar" value="([^"]*)"', self.text)
        ]

    @property
    def hidden(self) -> dict[str, str]:
        return dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', self.text))


class Browser:
    """Follows redirects one by one, keeps cookies, and stops where another site than ours begins."""

    def __init__(self, session: aiohttp.ClientSession, *known: str) -> None:
        self.session = session
        self.known = known

    async def open(self, url: str, form: Mapping[str, str] | None = None) -> Page:
        visited: list[str] = []
        method = "GET" if form is None else "POST"
        while True:
            visited.append(url)
            if len(visited) > 1 and not url.startswith(self.known):
                return Page(url, 0, {}, "", visited)
            async with self.session.request(
                method, URL(url, encoded=True), data=form, allow_redirects=False
            ) as response:
                if "/connect/" in urlsplit(url).path:
                    _assert_discreet(response.headers)
                if response.status not in {302, 303}:
                    return Page(url, response.status, response.headers, await response.text(), visited)
                url, method, form = str(response.headers["Location"]), "GET", None


def assert_problem(page: Page, problem: ConnectErrorCode) -> None:
    told = ERROR_PAGES[problem]
    assert (page.path, page.status, page.title) == (f"/connect/problem/{problem}", told.status, told.title)
    assert f"Code: {problem}" in page.words
    for step in told.user:
        assert step in page.words
    for step in told.owner:
        assert step not in page.words, "that is for those who run the service"


def _assert_discreet(headers: Mapping[str, str]) -> None:
    """What every answer of the connect pages has, redirects too."""
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    if "Location" not in headers:
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy


@dataclass
class Stage:
    settings: Settings
    sim: Sim
    client: Client
    store: ArtifactStore
    browser: Browser

    def link(self, user: str = "user-1", platform: str = "google", **urls: str) -> str:
        link = new_link(user, platform, datetime.now(UTC), **urls)
        return connect_url(self.settings.bridge_public_url, SECRET, link)

    async def account(self, email: str = ANNA, platform: str = "Google", **fields: Any) -> None:
        await self.sim.ok("POST", "/_sim/calendars/accounts", json={"email": email, "platform": platform} | fields)

    async def consent(self, **order: Any) -> None:
        """What the next user who is asked does."""
        await self.sim.ok("POST", "/_sim/oauth/consents", json=order)

    async def go(self, link: str) -> Page:
        """Opens a link and presses the button; Google or Microsoft agree at once."""
        page = await self.browser.open(link)
        if page.url != link or page.status != 200:
            return page
        return await self.browser.open(link, page.hidden)

    async def fail(self, kind: str, times: int = 1, **match: str) -> None:
        """Has the provider fail so often; by default where calendars are made."""
        where = match or {"method": "POST", "path": "/calendars/$"}
        await self.sim.ok("POST", "/_sim/faults", json={"kind": kind, "times": times, "match": where})

    async def connected(self) -> list[dict[str, Any]]:
        """The calendars at the provider."""
        found: list[dict[str, Any]] = await self.sim.ok("GET", "/calendars/")
        return found

    async def known(self, user: str = "user-1", platform: str = "google") -> UserConnection:
        return await UserConnectionStore(self.store).read(user, platform)

    async def input_of(self, calendar_id: str) -> dict[str, Any]:
        """What the workflow of a calendar was started with."""
        history = await self.client.get_workflow_handle(calendar_workflow_id_for(calendar_id)).fetch_history()
        payload = history.events[0].workflow_execution_started_event_attributes.input.payloads[0]
        (value,) = await self.client.data_converter.decode([payload], [dict])
        return dict(value)

    async def signals_of(self, calendar_id: str) -> list[str]:
        history = await self.client.get_workflow_handle(calendar_workflow_id_for(calendar_id)).fetch_history()
        return [
            event.workflow_execution_signaled_event_attributes.signal_name
            for event in history.events
            if event.HasField("workflow_execution_signaled_event_attributes")
        ]


@asynccontextmanager
async def new_stage(sim: Sim, client: Client, store: ArtifactStore, **changes: Any) -> AsyncIterator[Stage]:
    """`changes` are settings."""
    port = unused_port()
    settings = settings_for(f"http://127.0.0.1:{port}", sim.url, **changes)
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(settings, client, store, port), aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Stage(settings, sim, client, store, Browser(session, settings.bridge_public_url, sim.url))
