"""A busy week in which grants end: what was booked stays, what was missed comes, and each trouble is told once."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import unused_port

from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.temporal.names import CALENDAR_HEALTH_ID
from tests.starter.support import cli
from tests.system.stack import KEY, running_stack
from tests.system.test_connect import CLIENT_SECRET, TOKENS, User
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW_SECRET = "planted-new-secret-of-the-app-71d2"
CHECK_SECONDS = 1


class Week:
    """Anna, who connected by a link, and Ben and Meg, who were connected by command."""

    def __init__(self, user: User, metrics: str, folder: Path) -> None:
        self.user = user
        self.stack = user.stack
        self.metrics = metrics
        self.folder = folder
        self.shown: list[str] = []

    async def plan(self, name: str, *days: int) -> None:
        for day in days:
            start = (datetime.now(UTC) + timedelta(days=day)).isoformat()
            title, person = f"{name}-{day}", {"email": f"{name}@example.com"}
            await self.user.order(
                "calendars/events", organizer=person, start=start, link=meeting_url(), title=title
            )

    async def assert_booked(self, name: str, *days: int) -> None:
        for day in days:
            workflow_id = await self.user.meeting_of(f"{name}-{day}")
            view = await self.stack.handle(workflow_id).query("status")
            assert view["status"] == MeetingStatus.SCHEDULED, (name, day)

    async def is_booked(self, name: str, day: int) -> bool:
        query = f'MeetingTitle = "{name}-{day}"'
        return bool([each async for each in self.stack.client.list_workflows(query)])

    async def command(self, *arguments: str, code: int = 0) -> Any:
        done = await cli("calendar", *arguments, "--json")
        assert done.code == code, done.err + done.out
        self.shown.append(re.sub(r'"link": "[^"]*"', "", done.out))
        return done.json

    async def connect(self, name: str) -> None:
        path = self.folder / f"{name}.json"
        app = {"platform": "google", "client_id": "google-app", "client_secret": CLIENT_SECRET}
        path.write_text(json.dumps(app | {"refresh_token": TOKENS[name]}))
        await self.command("connect", "--credentials", str(path))

    async def until(self, code: int, condition: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, Any]:
        """What the doctor says of each calendar, by the user's name, once it is so."""
        for _ in range(60):
            states = {each["email"].partition("@")[0]: each for each in await self.command("list")}
            if condition(states):
                found = await self.command("doctor", code=code)
                return {each["email"].partition("@")[0]: each for each in found["calendars"]}
            await asyncio.sleep(0.2)
        raise AssertionError(f"never came about: {states}")

    def logged(self, *parts: str) -> int:
        log = (self.stack.artifacts.parent / "logs" / "worker.log").read_text()
        return sum(all(part in line for part in parts) for line in log.splitlines())

    async def counted(self, name: str, problem: str) -> float:
        async with self.user.http.get(f"http://{self.metrics}/metrics") as answer:
            text = await answer.text()
        pattern = rf'^{name}{{[^}}]*problem="{problem}"[^}}]*}} (\d+)'
        return sum(int(count) for count in re.findall(pattern, text, re.MULTILINE))


async def test_grants_that_end_in_a_busy_week_lose_nothing_and_are_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = f"127.0.0.1:{unused_port()}"
    settings = {"MINUTEKEEPER_CALENDAR_CHECK_SECONDS": str(CHECK_SECONDS), "MINUTEKEEPER_METRICS_ADDRESS": metrics}
    async with (
        running_stack(tmp_path / "stack", **settings) as stack,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        user = User(stack, http)
        addresses = stack.addresses
        own = {"MEETINGBAAS_BASE_URL": addresses["simulator"], "MEETINGBAAS_API_KEY": KEY}
        own |= {"BRIDGE_PUBLIC_URL": addresses["bridge"], "BRIDGE_SECRET": user.bridge_secret}
        for name, value in (stack.environment | own).items():
            monkeypatch.setenv(name, value)
        week = Week(user, metrics, tmp_path)
        for name in TOKENS:
            await user.order("calendars/accounts", email=f"{name}@example.com", refresh_token=TOKENS[name])
            await week.plan(name, 1, 2)
        assert await user.connect("anna") == "/connect/done/google"
        await week.connect("ben")
        await week.connect("meg")
        for name in TOKENS:
            await week.assert_booked(name, 1, 2)
        await week.until(0, lambda states: {each["state"] for each in states.values()} == {"active"})

        await _a_users_grant_ends(week)
        await _the_apps_secret_expires(week)
        await _assert_clean(week)


async def _a_users_grant_ends(week: Week) -> None:
    await week.user.order("calendars/accounts/anna@example.com/expire")
    await week.plan("anna", 3)
    await week.plan("ben", 3)
    found = await week.until(1, lambda states: states["anna"]["state"] == "error")
    anna = found["anna"]
    assert (anna["problem"], anna["user"]) == ("user_grant", "user-1")
    assert "minutekeeper calendar connect-link user-1 --platform google" in anna["suggested_fix"]
    assert {found[name]["state"] for name in ("ben", "meg")} == {"active"}
    await week.assert_booked("ben", 3)
    await week.assert_booked("anna", 1, 2)
    assert not await week.is_booked("anna", 3)
    await asyncio.sleep(2 * CHECK_SECONDS)
    assert await week.user.connect("anna", anna["link"]) == "/connect/done/google"
    await week.assert_booked("anna", 1, 2, 3)
    await week.until(0, lambda states: states["anna"]["state"] == "active")
    assert week.logged(anna["calendar_id"], "cannot be read", "reconnect needed") == 1
    assert week.logged(anna["calendar_id"], "can be read again") == 1
    assert await week.counted("minutekeeper_calendar_problems_total", "user_grant") == 1
    assert await week.counted("minutekeeper_calendar_recoveries_total", "user_grant") == 1


async def _the_apps_secret_expires(week: Week) -> None:
    await week.user.order("calendars/apps/google-app/expire")
    for name in TOKENS:
        await week.plan(name, 4)
    found = await week.until(1, lambda states: {each["problem"] for each in states.values()} == {"oauth_app"})
    assert all("update-credentials" in each["suggested_fix"] and not each["link"] for each in found.values())
    for name in TOKENS:
        await week.assert_booked(name, 1, 2, 3 if name != "meg" else 1)
        assert not await week.is_booked(name, 4)
    await asyncio.sleep(2 * CHECK_SECONDS)
    app = {"client_id": "google-app", "client_secret": NEW_SECRET}
    await week.user.order("calendars/apps", platform="Google", **app)
    path = week.folder / "app.json"
    tokens = {f"{name}@example.com": TOKENS[name] for name in TOKENS}
    mixed = tokens | {"ben@example.com": TOKENS["meg"]}
    path.write_text(json.dumps(app | {"platform": "google", "refresh_tokens": mixed}))
    repair = await week.command("update-credentials", "--credentials", str(path), code=1)
    assert [each["calendar"] for each in repair["updated"] if each["error"]] == ["ben@example.com"]
    path.write_text(json.dumps(app | {"platform": "google", "refresh_tokens": tokens}))
    await week.command("update-credentials", "--credentials", str(path))
    for name in TOKENS:
        await week.assert_booked(name, 1, 2, 4)
    await week.until(0, lambda states: {each["state"] for each in states.values()} == {"active"})
    assert week.logged("calendars cannot be read because their OAuth app is refused") == 1
    assert week.logged("cannot be read:") == 1, "that was Anna's"
    assert await week.counted("minutekeeper_calendar_problems_total", "oauth_app") == len(TOKENS)


async def _assert_clean(week: Week) -> None:
    stack = week.stack
    places = {f"what was shown, {number}": text for number, text in enumerate(week.shown)}
    async for each in stack.client.list_workflows():
        described = await stack.handle(each.id).query("__temporal_workflow_metadata")
        places[f"history of {each.id}"] = await stack.history(each.id) + str(described)
    folder = stack.artifacts.parent
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in {"env", "bridge-secret", "simulator.json"}:
            places[str(path)] = path.read_bytes().decode("utf-8", "replace")
    assert f"history of {CALENDAR_HEALTH_ID}" in places
    for place, text in places.items():
        leaked = [secret for secret in {*week.user.secrets, NEW_SECRET} if secret in text]
        assert not leaked, place
