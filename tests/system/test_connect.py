"""Users connect their calendars with everything that is real but Google, Microsoft and the provider."""

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from yarl import URL

from minutekeeper.calendars.connect_link import connect_url, new_link
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.names import CALENDAR_WORKFLOW
from tests.system.stack import RunningStack
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLIENT_SECRET = "google-app-secret"
TOKENS = {name: f"1//planted-refresh-token-{name}" for name in ("anna", "ben", "meg")}


class User:
    """Somebody with a link, a browser, and everything that his browser saw."""

    def __init__(self, stack: RunningStack, http: aiohttp.ClientSession) -> None:
        self.stack = stack
        self.http = http
        self.bridge_secret = (stack.artifacts.parent / "bridge-secret").read_text().strip()
        self.secrets: set[str] = {CLIENT_SECRET, self.bridge_secret, *TOKENS.values()}
        self.pages: list[str] = []

    async def order(self, path: str, **body: Any) -> None:
        url = f"{self.stack.addresses['simulator']}/_sim/{path}"
        async with self.http.post(url, json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def connect(self, name: str, link: str = "", **consent: Any) -> str:
        """Follows a link, by default a fresh one, to its end, and gives the path of the last page."""
        await self.order("oauth/consents", email=f"{name}@example.com", refresh_token=TOKENS[name], **consent)
        link = link or connect_url(
            self.stack.addresses["bridge"],
            self.bridge_secret,
            new_link("user-1", "google", datetime.now(UTC)),
        )
        async with self.http.get(link) as answer:
            self.pages.append(await answer.text())
        form: dict[str, str] | None = dict(
            re.findall(r'name="(confirmed_calendar_id)" value="([^"]*)"', self.pages[-1])
        )
        url, method = link, "POST"
        while True:
            async with self.http.request(
                method, URL(url, encoded=True), data=form, allow_redirects=False
            ) as answer:
                self.pages.append(f"{await answer.text()} {answer.headers.get('Set-Cookie', '')}")
                if answer.status not in {302, 303}:
                    return urlsplit(url).path
                url, method, form = answer.headers["Location"], "GET", None
            query = parse_qs(urlsplit(url).query)
            seen = {query[part][0] for part in ("state", "code") if part in query}
            self.secrets |= seen
            if not seen:
                self.pages.append(url)

    async def command(self, *arguments: str) -> Any:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "starter", "calendar", *arguments],
            env=self.stack.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    async def meeting_of(self, title: str) -> str:
        """The workflow id of the meeting with this title, once it is booked."""
        for _ in range(900):
            async for each in self.stack.client.list_workflows(f'MeetingTitle = "{title}"'):
                return each.id
            await asyncio.sleep(0.1)
        raise AssertionError(f"{title} was never booked")


async def test_calendars_come_and_go_and_no_secret_of_theirs_is_found_anywhere(stack: RunningStack) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        user = User(stack, http)
        app = {"client_id": "google-app", "client_secret": CLIENT_SECRET}
        for name in TOKENS:
            await user.order("calendars/accounts", email=f"{name}@example.com")
            start = (datetime.now(UTC) + timedelta(days=2)).isoformat()
            person = {"email": f"{name}@example.com"}
            await user.order(
                "calendars/events", organizer=person, start=start, link=meeting_url(), title=f"plan-{name}"
            )

        assert await user.connect("anna") == "/connect/done/google"
        of_anna = await user.meeting_of("plan-anna")
        # What goes wrong is written to the log.
        assert await user.connect("meg", scopes=["openid"]) == "/connect/problem/missing_scopes"
        assert await user.connect("meg", stale=True) == "/connect/problem/code_refused"
        await user.order("faults", kind="server_error", times=1, match={"path": "/calendars/raw"})
        assert await user.connect("meg") == "/connect/problem/unavailable"
        await user.order("calendars/apps", platform="Google", api_enabled=False, **app)
        assert await user.connect("meg") == "/connect/problem/calendar_api_disabled"
        await user.order("calendars/apps", platform="Google", **app)

        assert await user.connect("ben") == "/connect/done/google"
        of_ben = await user.meeting_of("plan-ben")
        assert (await stack.outcome(of_anna)).status is MeetingStatus.CANCELLED, "the old calendar's are cleared"
        told = await user.command("disconnect-user", "user-1", "--platform", "google", "--json")
        assert "https://myaccount.google.com" in told["revoke_at"]
        assert (await stack.outcome(of_ben)).status is MeetingStatus.CANCELLED
        calendar = stack.client.get_workflow_handle(calendar_workflow_id_for(told["calendar_id"]))
        await asyncio.wait_for(calendar.result(), 30)
        await _assert_clean(stack, user, of_anna, of_ben)


async def _assert_clean(stack: RunningStack, user: User, *meetings: str) -> None:
    assert len(user.secrets) == 5 + 2 * 6, "a state and a code of each of six journeys"
    places = {f"page {number}": page for number, page in enumerate(user.pages)}
    calendars = [each.id async for each in stack.client.list_workflows(f'WorkflowType = "{CALENDAR_WORKFLOW}"')]
    for name in (*calendars, *meetings):
        places[f"history of {name}"] = await stack.history(name)
    folder = stack.artifacts.parent
    for path in folder.rglob("*"):
        # What the simulated Google and provider remember is theirs.
        if path.is_file() and path.name not in {"env", "bridge-secret", "simulator.json"}:
            places[str(path)] = path.read_bytes().decode("utf-8", "replace")
    assert any(place.endswith("logs/bridge.log") and "missing_scopes" in text for place, text in places.items())
    assert any("/users/user-1/google/" in place for place in places)
    for place, text in places.items():
        assert not [secret for secret in user.secrets if secret in text], place
