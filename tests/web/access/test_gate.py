"""What each role may see and do, and which sessions and forms are taken."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient

from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose
from tests.starter.support import SECRET
from tests.web.access.support import Pages, running_pages
from tests.web.visitors import COOKIE, SignedIn
from web.access.roles import Role
from web.access.sessions import PageSession
from web.access.visitor import Visitor
from web.pages.route import PageRoute

Client = TestClient[Any, Any]
OWN = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest_asyncio.fixture
async def client(pages: Pages, tmp_path: Path) -> AsyncIterator[Client]:
    async with running_pages(pages, tmp_path) as client:
        yield client


@pytest.mark.parametrize("role", [each for each in Role if each])
async def test_each_role_includes_the_ones_before(client: Client, role: Role) -> None:
    for needed in (each for each in Role if each):
        answer = await client.get(f"/of/{needed.word}", cookies=SignedIn(role).cookies)
        assert answer.status == (200 if role >= needed else 403)
        if answer.status == 403:
            assert (
                f"This needs the role {needed.word}; anna@example.com has the role {role.word}."
                in await answer.text()
            )


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_media_needs_its_role_by_address_too(client: Client, method: str, headers: dict[str, str]) -> None:
    path = "/meetings/a/media/recording.mp4"
    for role, status in ((Role.LOOK, 403), (Role.WATCH, 206 if headers else 200)):
        answer = await client.request(method, path, headers=headers, cookies=SignedIn(role).cookies)
        assert answer.status == status
    assert (await client.request(method, path, headers=headers)).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Accept": "text/html"}, 303), ({}, 401), ({"Accept": "text/html", "Sec-Fetch-Mode": "cors"}, 401)],
)
async def test_without_a_session_a_browser_is_led_to_sign_in(
    client: Client, headers: dict[str, str], status: int
) -> None:
    answer = await client.get("/of/look?a=b c&d=1", headers=headers, allow_redirects=False)
    assert answer.status == status
    if status == 303:
        assert answer.headers["Location"] == "/sign-in?next=/of/look%3Fa%3Db%2Bc%26d%3D1"


def sealed(session: PageSession, secret: str = SECRET, purpose: Purpose = Purpose.PAGE_SESSION) -> str:
    return CookieEncryption(purpose, [secret], 60).encrypt(session)


@pytest.mark.parametrize("role", [Role.LOOK, Role.WATCH])
def test_no_form_can_be_open_to_who_may_only_see(role: Role) -> None:
    with pytest.raises(ValueError, match="must be STEER or ADMIN"):
        PageRoute("POST", "/change", Pages().change, role)


def test_role_names_are_those_of_the_docs() -> None:
    assert [role.word for role in Role if role] == ["look", "watch", "steer", "admin"]


ADMIN = PageSession.begin(Visitor(name="eve", role=Role.ADMIN))
PAST = ADMIN.model_copy(update={"ends_at": datetime.now(UTC) - timedelta(seconds=1)})


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "forged",
        sealed(PAST),
        sealed(ADMIN, "x" * 40),
        sealed(ADMIN, purpose=Purpose.CONNECT_SESSION),
        sealed(ADMIN, purpose=Purpose.PAGE_SIGN_IN),
        sealed(ADMIN)[:-4] + "AAA=",
        ADMIN.model_dump_json().replace('"', "'"),
    ],
    ids=["none", "forged", "expired", "old secret", "of connect", "of a sign-in", "changed", "plain"],
)
async def test_only_own_and_young_cookies_are_sessions(client: Client, cookie: str) -> None:
    assert (await client.get("/of/look", cookies={COOKIE: cookie})).status == 401


async def test_the_secret_before_the_last_is_still_taken(pages: Pages, tmp_path: Path) -> None:
    old = "o" * 40
    async with running_pages(pages, tmp_path, bridge_secret_previous=old) as client:
        visitor = SignedIn(Role.STEER, secrets=[old])
        assert (await client.get("/of/look", cookies=visitor.cookies)).status == 200
        fields = {"title": "a", "form_token": visitor.form_token}
        assert (await client.post("/change", data=fields, cookies=visitor.cookies)).status == 200


@pytest.mark.parametrize(
    "case",
    [
        (Role.STEER, "own", OWN, 200),
        (Role.STEER, "own", {}, 200),
        (Role.WATCH, "own", OWN, 403),
        (Role.STEER, "", OWN, 403),
        (Role.STEER, "guess", OWN, 403),
        (Role.STEER, "of another", OWN, 403),
        (Role.STEER, "own", {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        (Role.STEER, "own", {"Sec-Fetch-Site": "same-site"}, 403),
        (Role.STEER, "own", {"Sec-Fetch-Site": "none"}, 403),
        (Role.STEER, "own", {"Origin": "https://evil.example"}, 403),
        (Role.STEER, "own", {"Origin": "null"}, 403),
    ],
)
async def test_a_form_needs_role_token_and_origin(
    client: Client, pages: Pages, case: tuple[Role, str, dict[str, str], int]
) -> None:
    role, token, headers, status = case
    visitor = SignedIn(role)
    tokens = {"own": visitor.form_token, "of another": SignedIn(Role.STEER).form_token}
    fields = {"title": "hello", "form_token": tokens.get(token, token)}
    answer = await client.post("/change", data=fields, headers=headers, cookies=visitor.cookies)
    assert answer.status == status
    assert pages.changed == (["hello"] if status == 200 else [])


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"title": "a"}', "application/json", 415),
        (b"title=a", "text/plain", 415),
        (b"title=%ff", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 600, "application/x-www-form-urlencoded", 400),
        (b"a" * 300_000, "application/x-www-form-urlencoded", 413),
    ],
)
async def test_a_body_that_is_no_form_is_refused(client: Client, content: bytes, kind: str, status: int) -> None:
    visitor = SignedIn(Role.ADMIN)
    answer = await client.post("/change", data=content, headers={"Content-Type": kind}, cookies=visitor.cookies)
    assert answer.status == status


async def test_signing_out_ends_the_session_and_its_stream(client: Client) -> None:
    visitor = SignedIn(Role.LOOK)
    async with client.get("/live", cookies=visitor.cookies) as stream:
        assert await stream.content.readline() == b"data: 1\n"
        answer = await client.post("/sign-out", data={"form_token": visitor.form_token}, cookies=visitor.cookies)
        assert answer.status == 200
        assert re.search(rf"{COOKIE}=\"\"; expires=Thu, 01 Jan 1970", answer.headers["Set-Cookie"])
        with pytest.raises(Exception, match="payload"):
            await stream.content.read()
    assert (await client.get("/of/look", cookies=visitor.cookies)).status == 401, "also who kept the cookie"


async def test_one_visitor_cannot_hold_all_connections(client: Client) -> None:
    cookies = SignedIn(Role.LOOK).cookies
    async with AsyncExitStack() as streams:
        for _ in range(100):
            answer = await streams.enter_async_context(client.get("/live", cookies=cookies))
            assert answer.status == 200
        assert (await client.get("/live", cookies=cookies)).status == 429
        async with client.get("/live", cookies=SignedIn(Role.LOOK, "ben").cookies) as other:
            assert other.status == 200
    assert (await client.get("/of/look", cookies=cookies)).status == 200


async def test_a_stream_ends_with_its_session(client: Client) -> None:
    soon = PageSession.begin(Visitor(name="anna", role=Role.LOOK))
    soon = soon.model_copy(update={"ends_at": datetime.now(UTC) + timedelta(seconds=1)})
    async with client.get("/live", cookies={COOKIE: sealed(soon)}) as stream:
        assert await stream.content.readline() == b"data: 1\n"
        with pytest.raises(Exception, match="payload"):
            await stream.content.read()


async def test_a_visitor_who_asks_too_often_waits_and_others_do_not(client: Client) -> None:
    anna, ben = SignedIn(Role.LOOK).cookies, SignedIn(Role.LOOK, "ben@example.com").cookies
    answers = await asyncio.gather(*(client.get("/of/look", cookies=anna) for _ in range(120)))
    refused = [each for each in answers if each.status == 429]
    assert {each.status for each in answers} == {200, 429}
    assert (refused[0].content_type, refused[0].headers["Retry-After"]) == ("text/html", "1")
    assert "Too many requests" in await refused[0].text()
    assert (await client.get("/of/look", cookies=ben)).status == 200
    assert (await client.get("/static/style.css", cookies=anna)).status == 200


async def test_an_error_page_tells_nothing_of_inside(client: Client) -> None:
    answer = await client.get("/broken", cookies=SignedIn(Role.LOOK).cookies)
    text = await answer.text()
    assert (answer.status, answer.content_type) == (500, "text/html")
    assert not re.search("mk_|place|Traceback|Error", text)


async def test_every_answer_has_the_headers(client: Client) -> None:
    for path in ("/of/look", "/nowhere", "/sign-in", "/static/style.css", "/meetings/a/media/b", "/broken"):
        headers = (await client.get(path, cookies=SignedIn(Role.ADMIN).cookies)).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src"
        )
        assert policy.endswith("form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert ("no-store" in headers["Cache-Control"]) == (not path.startswith("/static"))


@pytest.mark.parametrize("host", ["evil.example:8092", "10.0.0.5", "127.0.0.1.evil.example"])
async def test_without_a_public_address_only_loopback_is_served(client: Client, host: str) -> None:
    answer = await client.get("/of/look", headers={"Host": host}, cookies=SignedIn(Role.ADMIN).cookies)
    assert answer.status == 421
    assert "MINUTEKEEPER_WEB_PUBLIC_URL" in await answer.text()


async def test_a_public_address_of_this_machine_is_served_on_this_machine_alone(
    pages: Pages, tmp_path: Path
) -> None:
    cookies = SignedIn(Role.LOOK).cookies
    async with running_pages(pages, tmp_path, minutekeeper_web_public_url="http://127.0.0.1:8092") as client:
        for host, status in (("evil.example:8092", 421), ("localhost:9000", 200), ("127.0.0.1:8092", 200)):
            assert (await client.get("/of/look", headers={"Host": host}, cookies=cookies)).status == status


async def test_over_https_cookies_are_for_this_host_alone(pages: Pages, tmp_path: Path) -> None:
    async with running_pages(pages, tmp_path, minutekeeper_web_public_url="https://minutes.example.com") as client:
        cookie = (await client.get("/sign-in")).headers["Set-Cookie"]
        assert cookie.startswith("__Host-minutekeeper-form=")
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= {each.strip() for each in cookie.split(";")}
        assert "Domain" not in cookie
        plain = await client.get("/of/look", cookies=SignedIn(Role.LOOK).cookies)
        assert plain.status == 401, "a cookie that a neighbour could have set"
