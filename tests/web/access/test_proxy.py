"""Visitors named by a proxy: taken from its addresses, refused from all others."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.web.access.support import Pages, running_pages
from tests.web.visitors import SignedIn
from web.access.roles import Role

HERE = {
    "minutekeeper_proxy_user_header": "X-User",
    "minutekeeper_proxy_roles_header": "X-Roles",
    "minutekeeper_trusted_proxies": "10.0.0.0/8, 127.0.0.1",
}
ELSEWHERE = HERE | {"minutekeeper_trusted_proxies": "10.0.0.0/8"}
BEN = [("X-User", "ben"), ("X-Roles", "staff, steer,look")]


async def ask(client: TestClient[Any, Any], path: str, headers: Any = (), **options: Any) -> tuple[int, str]:
    async with client.get(path, headers=headers, **options) as answer:
        return answer.status, await answer.text()


async def test_a_trusted_proxy_names_visitors_and_wins_over_a_session(tmp_path: Path) -> None:
    pages = Pages()
    async with running_pages(pages, tmp_path, **HERE) as client:
        assert (await ask(client, "/of/steer", BEN))[0] == 200
        assert (await ask(client, "/of/admin", BEN))[0] == 403
        cookies = SignedIn(Role.ADMIN, "anna").cookies
        assert (await ask(client, "/of/admin", BEN, cookies=cookies))[0] == 403
        assert (await ask(client, "/of/look", BEN, cookies=cookies))[0] == 200
        assert (await ask(client, "/of/admin", cookies=cookies))[0] == 200, "the proxy named nobody"
    assert pages.shown == ["ben", "ben", "anna"]


@pytest.mark.parametrize("headers", [BEN, BEN[:1], BEN[1:]])
async def test_any_other_address_is_refused_whatever_else_it_has(tmp_path: Path, headers: Any) -> None:
    async with running_pages(Pages(), tmp_path, **ELSEWHERE) as client:
        status, page = await ask(client, "/of/look", headers, cookies=SignedIn(Role.ADMIN).cookies)
        assert status == 403
        assert "This address may not name visitors" in page


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ([("X-User", "ben"), ("X-User", "eve"), ("X-Roles", "admin")], "names no visitor"),
        ([("X-User", " "), ("X-Roles", "admin")], "names no visitor"),
        ([("X-Roles", "admin")], "names no visitor"),
        ([("X-User", "ben")], "none of the roles"),
        ([("X-User", "ben"), ("X-Roles", "administrator, superadmin")], "none of the roles"),
    ],
)
async def test_a_proxy_that_says_too_little_or_too_much_lets_nobody_in(
    tmp_path: Path, headers: Any, said: str
) -> None:
    async with running_pages(Pages(), tmp_path, **HERE) as client:
        status, page = await ask(client, "/of/look", headers)
        assert status == 403
        assert said in page


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),
        ("cross-site", "navigate", "document", 200),
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "cors", "empty", 403),
    ],
)
async def test_a_proxy_signs_in_its_own_pages_and_links_to_them_alone(
    tmp_path: Path, site: str, mode: str, dest: str, status: int
) -> None:
    sent = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest)]
    async with running_pages(Pages(), tmp_path, **HERE) as client:
        assert (await ask(client, "/of/look", [*BEN, *sent]))[0] == status


async def test_a_form_of_a_visitor_of_a_proxy_needs_a_token_of_the_same_person(tmp_path: Path) -> None:
    pages = Pages()
    async with running_pages(pages, tmp_path, **HERE) as client:
        async with client.get("/of/steer", headers=BEN) as shown:
            token = (await shown.text()).split()[1]
            cookies = {"minutekeeper-form": shown.cookies["minutekeeper-form"].value}
        cases = [(BEN, cookies, 200), (BEN, {}, 403), ([("X-User", "eve"), ("X-Roles", "steer")], cookies, 403)]
        for headers, kept, status in cases:
            fields = {"form_token": token, "title": "a"}
            async with client.post("/change", data=fields, headers=headers, cookies=kept) as answer:
                assert answer.status == status
    assert pages.changed == ["a"]
