"""What a browser keeps between two pages: it fits, it ends, and nothing but our own is believed."""

import asyncio
import base64
import json
import time
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.fernet import Fernet, MultiFernet
from temporalio.client import Client
from yarl import URL

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.signing import Purpose, derived_keys
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.connect.scenario import ANNA, SECRET, Stage, assert_problem, new_stage
from tests.devtools.simulator.support import Sim

LONGEST_HEADER = 8190


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


def fernet_for(purpose: Purpose, secret: str = SECRET) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(*derived_keys(purpose, [secret])))


def ours(stage: Stage) -> list[Morsel[str]]:
    return [each for each in stage.browser.session.cookie_jar if each.key.startswith("minutekeeper")]


async def begin(stage: Stage, link: str) -> tuple[str, Morsel[str]]:
    """Presses the button; gives the address by which Google leads back, and the new cookie."""
    before = {each.key for each in ours(stage)}
    async with stage.browser.session.post(URL(link, encoded=True), allow_redirects=False) as response:
        asked = response.headers["Location"]
    async with stage.browser.session.get(URL(asked, encoded=True), allow_redirects=False) as response:
        back = response.headers["Location"]
    (cookie,) = [each for each in ours(stage) if each.key not in before]
    return back, cookie


def replace(stage: Stage, key: str, value: str) -> None:
    stage.browser.session.cookie_jar.clear()
    stage.browser.session.cookie_jar.update_cookies({key: value}, URL(stage.settings.bridge_public_url))


async def test_a_cookie_serves_for_an_hour(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    fernet = fernet_for(Purpose.CONNECT_SESSION)
    for age, path in ((3_590, "/connect/choice/"), (3_601, f"/connect/problem/{ConnectErrorCode.SESSION_LOST}")):
        back, cookie = await begin(stage, stage.link(user))
        content = fernet.decrypt(cookie.value.encode())
        replace(stage, cookie.key, fernet.encrypt_at_time(content, int(time.time()) - age).decode())
        assert (await stage.browser.open(back)).path.startswith(path)


async def test_cookies_that_were_copied_serve_once_although_their_link_has_ended(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    fernet = fernet_for(Purpose.CONNECT_SESSION)
    # They began in time, and their link ended half an hour ago.
    back, cookie = await begin(stage, stage.link(user))
    journey = json.loads(zlib.decompress(fernet.decrypt(cookie.value.encode())))
    journey["link"]["expires_at"] = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    replace(stage, cookie.key, fernet.encrypt(zlib.compress(json.dumps(journey).encode())).decode())
    choice = (await stage.browser.open(back)).url
    copied = {each.key: each.value for each in ours(stage)}
    assert (await stage.browser.open(choice, {"calendar": "team@group"})).path == "/connect/done/google"
    page = await stage.go(stage.link(user))
    own = {"calendar": ANNA, "confirmed_calendar_id": page.hidden["confirmed_calendar_id"]}
    assert (await stage.browser.open(page.url, own)).path == "/connect/done/google"
    stage.browser.session.cookie_jar.update_cookies(copied, URL(stage.settings.bridge_public_url))
    told = (await stage.known(user)).calendar_id
    page = await stage.browser.open(choice, {"calendar": "team@group", "confirmed_calendar_id": told})
    assert_problem(page, ConnectErrorCode.LINK_USED)
    assert (await stage.known(user)).raw_id == ANNA


async def test_a_cookie_that_was_not_made_for_this_is_a_lost_session(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    right = fernet_for(Purpose.CONNECT_SESSION)
    back, cookie = await begin(stage, stage.link(user))
    content = right.decrypt(cookie.value.encode())
    wrong = [fernet_for(each).encrypt(content) for each in Purpose if each is not Purpose.CONNECT_SESSION]
    wrong += [
        Fernet(base64.urlsafe_b64encode(SECRET[:32].encode())).encrypt(content),
        fernet_for(Purpose.CONNECT_SESSION, "another-secret-of-more-than-32-characters").encrypt(content),
        right.encrypt(zlib.compress(b"{}")),
        right.encrypt(zlib.compress(b'{"refresh_token": "x"}')),
        right.encrypt(zlib.compress(b"\xff")),
        right.encrypt(b"not compressed"),
        b"gAAAAA==",
        b"",
    ]
    for value in wrong:
        replace(stage, cookie.key, value.decode())
        assert_problem(await stage.browser.open(back), ConnectErrorCode.SESSION_LOST)
    replace(stage, cookie.key, cookie.value)
    assert (await stage.browser.open(back)).path.startswith("/connect/choice/")


@pytest.mark.parametrize("value", [b"\xff\xfe\x80", "ä\U0001f600".encode(), b'"\\377"', b"=;=,", b"a" * 15000])
async def test_odd_bytes_in_a_cookie_are_a_lost_session(stage: Stage, user: str, value: bytes) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    back, cookie = await begin(stage, stage.link(user))
    ticket = cookie.key.rpartition("-")[2]
    host, port = urlsplit(stage.settings.bridge_public_url).netloc.split(":")
    for path in (back.removeprefix(stage.settings.bridge_public_url), f"/connect/choice/{ticket}"):
        names = f"minutekeeper-grant-{ticket}", f"minutekeeper-connect-{ticket}"
        jar = b"; ".join(b"%s=%s" % (name.encode(), value) for name in names[: 1 if len(value) > 1000 else 2])
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET %s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n" % (path.encode(), jar))
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.close()
        assert answer.startswith("HTTP/1.1 303"), answer
        assert f"/connect/problem/{ConnectErrorCode.SESSION_LOST}" in answer


async def test_cookies_of_failed_tries_go_and_those_of_abandoned_ones_never_are_too_many(
    stage: Stage, user: str
) -> None:
    await stage.account()
    link = stage.link(user, error_url=f"https://app.example.com/{'x' * 500}")
    for order in ({"answer": "refuse"}, {"refresh_token": ""}, {"stale": True}, {"scopes": ["openid"]}) * 3:
        await stage.consent(**order)
        await stage.go(link)
        assert ours(stage) == []
    # Nobody comes back from these: the tab was closed.
    for number in range(25):
        _, cookie = await begin(stage, stage.link(f"{user}{number}"))
    assert sum(len(f"{each.key}={each.value}; ") for each in ours(stage)) < LONGEST_HEADER
    assert len(ours(stage)) > 2, "several tabs are no fault"
    assert cookie.key in {each.key for each in ours(stage)}
    forged = SimpleCookie({f"minutekeeper-connect-{number:032x}": "forged" for number in range(20)})
    for each in forged.values():
        each["path"] = "/connect"
    stage.browser.session.cookie_jar.update_cookies(forged, URL(stage.settings.bridge_public_url))
    assert (await stage.go(stage.link(user))).path == "/connect/done/google"
    assert not [each for each in ours(stage) if each.value == "forged"]


async def test_the_longest_link_and_a_long_token_fit_into_cookies(
    sim: Sim, client: Client, store: ArtifactStore
) -> None:
    noise = base64.urlsafe_b64encode(MultiFernet([Fernet(Fernet.generate_key())]).encrypt(b"x" * 3000)).decode()
    urls: dict[str, Any] = {
        "success_url": f"https://a.example/{noise[:982]}",
        "error_url": f"https://b.example/{noise[1500:2482]}",
    }
    user = "".join(
        chr(0x10000 + 257 * number) for number in range(2000) if chr(0x10000 + 257 * number).isprintable()
    )
    async with new_stage(sim, client, store) as stage:
        await stage.account(calendars=[{"id": "team@group"}])
        await stage.consent(refresh_token=f"1//{noise[:2000]}")
        link = stage.link(user[:200], **urls)
        assert len(link) < LONGEST_HEADER - 100
        page = await stage.go(link)
        assert page.path.startswith("/connect/choice/")
        for each in ours(stage):
            assert len(each.OutputString()) <= 4096
        assert sum(len(f"{each.key}={each.value}; ") for each in ours(stage)) < LONGEST_HEADER
        page = await stage.browser.open(page.url, {"calendar": "team@group", "confirmed_calendar_id": ""})
        assert page.url == urls["success_url"]
        await stage.consent(refresh_token=f"1//{noise}{noise[::-1]}")
        assert_problem(await stage.go(stage.link("user-2")), ConnectErrorCode.UNAVAILABLE)
        assert not [each for each in ours(stage) if len(each.OutputString()) > 4096]
