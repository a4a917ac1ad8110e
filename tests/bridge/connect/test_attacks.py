"""Holders of an ordinary link, and pages of strangers, who mean harm to other users and to the bridge."""

import asyncio
import io
import json
import re
import time
import uuid
from urllib.parse import urlsplit

import pytest
from yarl import URL

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.meetings.webhook_urls import bot_webhook_url
from tests.bridge.connect.scenario import ANNA, BEN, SECRET, Stage, assert_problem
from tests.bridge.support import complete, start_recorder
from tests.bridge.wire import status_of
from tests.devtools.simulator.support import KEY

OWN, FOREIGN = "own@group", "victims@group"


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def victim() -> str:
    return f"victim-{uuid.uuid4().hex[:8]}"


async def test_only_a_calendar_of_the_users_own_grant_can_be_connected(
    stage: Stage, user: str, victim: str
) -> None:
    await stage.account(ANNA)
    await stage.account(BEN, calendars=[{"id": OWN}])
    await stage.consent(email=ANNA)
    await stage.go(stage.link(victim))
    (of_victim,) = await stage.connected()
    await stage.consent(email=BEN)
    choice = (await stage.go(stage.link(user))).url
    for raw_id in (ANNA, f" {OWN}", OWN.upper(), "", "primary", of_victim["uuid"], f"{OWN}\x00", "../x", "ü" * 500):
        # Twice: what an attempt leaves behind is cleared away by the next one.
        for _ in range(2):
            page = await stage.browser.open(choice, {"calendar": raw_id, "confirmed_calendar_id": ""})
            assert_problem(page, ConnectErrorCode.NO_CALENDAR)
            await stage.consent(email=BEN)
            choice = (await stage.go(stage.link(user))).url
    assert await stage.connected() == [of_victim]
    assert await stage.signals_of(of_victim["uuid"]) == []
    page = await stage.browser.open(choice, {"calendar": OWN, "confirmed_calendar_id": of_victim["uuid"]})
    assert page.path == "/connect/done/google"
    assert of_victim in await stage.connected()


async def test_forms_are_small_and_each_field_is_bounded(stage: Stage, user: str) -> None:
    await stage.account(BEN, calendars=[{"id": OWN}])
    link = stage.link(user)
    choice = (await stage.go(stage.link(user))).url
    began = time.monotonic()
    for form, status in (
        ({"confirmed_calendar_id": "x" * 8_000_000}, 413),
        ({"confirmed_calendar_id": "x" * 4_100}, 413),
        ({"confirmed_calendar_id": "x" * 101}, 400),
        ({"confirmed_calendar_id": "\ud800"}, 400),
        ({"calendar": "x" * 1_001}, 400),
        ({f"field{number}": "x" for number in range(50)}, 400),
    ):
        for url in (link, choice):
            body = "&".join(f"{name}={value}" for name, value in form.items()).encode("utf-8", "surrogatepass")
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            async with stage.browser.session.post(
                URL(url, encoded=True), data=io.BytesIO(body), headers=kind, allow_redirects=False
            ) as response:
                assert response.status == status
                assert not response.cookies
    assert time.monotonic() - began < 5
    assert await stage.connected() == []


async def test_slow_forms_hold_up_no_webhook(stage: Stage, user: str) -> None:
    workflow_id = f"meeting-{uuid.uuid4().hex[:12]}"
    await start_recorder(stage.client, workflow_id)
    host, port = urlsplit(stage.settings.bridge_public_url).netloc.split(":")
    path = URL(stage.link(user), encoded=True).raw_path
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(40)]
    for number, (_, writer) in enumerate(slow):
        length = b"Content-Length: 4000" if number % 2 else b"Transfer-Encoding: chunked"
        piece = b"told=" if number % 2 else b"5\r\ntold=\r\n"
        writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (path.encode(), length, piece))
    huge = [await asyncio.open_connection(host, int(port)) for _ in range(8)]
    for reader, writer in huge:
        writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n" % path.encode())
        assert await status_of(reader) == 413
    url = bot_webhook_url(stage.settings.bridge_public_url, SECRET, "meetingbaas", workflow_id, 0)
    body = json.dumps(complete(words=20_000)).encode()
    began = time.monotonic()
    async with stage.browser.session.post(
        url, data=io.BytesIO(body), headers={"x-meeting-baas-api-key": KEY}
    ) as response:
        assert response.status == 200, await response.text()
    assert time.monotonic() - began < 5, "it waited for forms"
    for _, writer in (*slow, *huge):
        writer.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_forms_of_other_sites_are_refused(stage: Stage, user: str, headers: dict[str, str]) -> None:
    await stage.account(calendars=[{"id": OWN}])
    link = stage.link(user)
    choice = (await stage.go(stage.link(user))).url
    for url, form in ((link, {}), (choice, {"calendar": OWN})):
        async with stage.browser.session.post(
            URL(url, encoded=True), data=form, headers=headers, allow_redirects=False
        ) as response:
            assert (
                urlsplit(response.headers["Location"]).path == f"/connect/problem/{ConnectErrorCode.SESSION_LOST}"
            )
    assert await stage.connected() == []
    own: dict[str, str]
    for own in ({"Origin": stage.settings.bridge_public_url}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}):
        async with stage.browser.session.post(
            URL(link, encoded=True), headers=own, allow_redirects=False
        ) as response:
            assert "/oauth/" in response.headers["Location"]


async def test_names_from_outside_are_text_and_short(stage: Stage, user: str) -> None:
    evil = '"><script>alert(1)</script>\r\nSet-Cookie: x=y'
    await stage.account(name=f"{evil}{'x' * 100_000}", calendars=[{"id": OWN}, {"id": f"c_{'1a' * 20}@group"}])
    user = f"{user}'\"><b>&amp;"
    page = await stage.browser.open(stage.link(user))
    assert user in page.words
    page = await stage.go(stage.link(user))
    assert "<b>" not in page.text
    assert "1a1a1a1a1a1a" not in page.words, "people cannot read an id"
    assert "whose id ends in 1a1a1a1a" in page.words
    page = await stage.browser.open(page.url, {"calendar": ANNA, "confirmed_calendar_id": ""})
    assert page.path == "/connect/done/google"
    assert '"><script>alert(1)</script>' in page.words
    assert "<script>" not in page.text
    assert "Set-Cookie" not in page.headers
    for text in (page.text, (await stage.browser.open(stage.link(user))).text):
        assert len(text) < 10_000
        assert "<script>" not in text


async def test_pages_tell_nothing_that_was_not_sealed_here(stage: Stage) -> None:
    public = stage.settings.bridge_public_url
    for told in ("x", "gAAAAA", "%FF%FE", "%ED%A0%80", "%00", "a" * 5000):
        page = await stage.browser.open(f"{public}/connect/done/google?of={told}")
        assert (page.status, "Connected for" in page.words) == (200, False)
        page = await stage.browser.open(f"{public}/connect/problem/unavailable?again={told}")
        assert (page.status, "Try again" in page.words) == (503, False)
    for again in ("https://evil.example", "//evil.example", "javascript:alert(1)", '"><script>'):
        page = await stage.browser.open(str(URL(f"{public}/connect/problem/unavailable").with_query(again=again)))
        assert "evil" not in page.text
        assert "script" not in page.text.partition("</style>")[2]
    async with stage.browser.session.get(f"{public}/connect/problem/constructor") as response:
        assert response.status == 404


async def test_a_page_leads_back_to_the_link_that_failed(stage: Stage, user: str) -> None:
    await stage.account()
    link = stage.link(user)
    await stage.consent(answer="refuse")
    page = await stage.go(link)
    assert_problem(page, ConnectErrorCode.CONSENT_REFUSED)
    (again,) = re.findall(r'class="button" href="([^"]*)"', page.text)
    assert urlsplit(again).netloc == urlsplit(link).netloc
    assert (await stage.go(again)).path == "/connect/done/google"
    # Used up, it still says so.
    assert_problem(await stage.browser.open(again), ConnectErrorCode.LINK_USED)
