"""Links that sign in once: good for ten minutes, in whatever process, and never by being looked at."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from minutekeeper.page_links import new_page_link
from tests.starter.support import SECRET, cli
from tests.web.access.support import Pages, running_pages
from tests.web.visitors import COOKIE


def link(secret: str = SECRET, age: timedelta = timedelta()) -> str:
    return new_page_link("", [secret], datetime.now(UTC) - age)


async def use(client: TestClient[Any, Any], address: str) -> tuple[int, dict[str, str], str]:
    """Opens a link and presses its button, as a browser does."""
    async with client.get(address) as shown:
        page = await shown.text()
        if shown.status != 200:
            return shown.status, {}, page
        cookies = {name: each.value for name, each in shown.cookies.items()}
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    async with client.post("/sign-in/link", data=fields, cookies=cookies, allow_redirects=False) as answer:
        session = {name: each.value for name, each in answer.cookies.items() if name == COOKIE}
        return answer.status, session, await answer.text()


async def test_a_link_signs_in_once_also_after_a_restart(tmp_path: Path) -> None:
    address = link()
    async with running_pages(Pages(), tmp_path) as client:
        for _ in range(2):
            assert (await client.get(address)).status == 200, "looking does not use it up"
        status, session, _ = await use(client, address)
        assert status == 303
        assert (await client.get("/of/admin", cookies=session)).status == 200
        assert (await use(client, address))[:2] == (410, {})
    async with running_pages(Pages(), tmp_path) as client:
        status, session, page = await use(client, address)
        assert (status, session) == (410, {})
        assert "used already" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (link(age=timedelta(minutes=10, seconds=1)), 410),
        (link("x" * 40), 403),
        (link()[:-3], 403),
        ("/sign-in/link", 403),
        ("/sign-in/link?token=%ff%00", 403),
    ],
)
async def test_a_link_that_is_old_or_not_ours_signs_nobody_in(tmp_path: Path, address: str, status: int) -> None:
    async with running_pages(Pages(), tmp_path) as client:
        assert (await use(client, address))[:2] == (status, {})


async def test_another_site_cannot_use_a_link_for_a_visitor(tmp_path: Path) -> None:
    async with running_pages(Pages(), tmp_path) as client:
        token = link().partition("token=")[2]
        async with client.post("/sign-in/link", data={"token": token}, allow_redirects=False) as answer:
            assert answer.status == 403
            assert COOKIE not in answer.cookies


async def test_where_nothing_is_set_up_the_pages_say_how_to_open_them(tmp_path: Path) -> None:
    async with running_pages(Pages(), tmp_path, bridge_secret="") as client:
        async with client.get("/of/look", headers={"Accept": "text/html"}) as answer:
            page = await answer.text()
            assert answer.status == 403
        assert "MINUTEKEEPER_OIDC_ISSUER" in page
        assert "minutekeeper page-link" in page
        assert (await use(client, link()))[0] == 403


async def test_the_operators_command_prints_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINUTEKEEPER_WEB_PUBLIC_URL", "https://minutes.example.com")
    monkeypatch.setenv("BRIDGE_SECRET", "short")
    refused = await cli("page-link")
    assert refused.code == 1
    assert "BRIDGE_SECRET has 5 characters" in refused.err
    monkeypatch.setenv("BRIDGE_SECRET", SECRET)
    printed = (await cli("page-link", "--json")).json["link"]
    assert printed.startswith("https://minutes.example.com/sign-in/link?token=")
    async with running_pages(Pages(), tmp_path) as client:
        assert (await use(client, printed.removeprefix("https://minutes.example.com")))[0] == 303
