"""Signing in with accounts of an OpenID provider, and every token and answer that is not accepted."""

import re
import time
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from yarl import URL

from tests.web.access.conftest import Browser
from tests.web.access.openid_double import OpenIdDouble, shared_secret_key
from tests.web.visitors import COOKIE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_signs_in_is_led_back_and_signs_out(browser: Browser, provider: OpenIdDouble) -> None:
    first, _ = await browser.get("/sign-in?next=/nowhere%3Fa%3D1")
    assert first.status == 303
    assert first.headers["Location"].startswith(f"{provider.url}/authorize?")
    assert {"state", "nonce", "code_challenge"} <= first.headers.keys() | set(
        re.findall(r"[?&](\w+)=", first.headers["Location"])
    )
    back, _ = await browser.get(first.headers["Location"])
    done, _ = await browser.get(back.headers["Location"])
    assert (done.status, done.headers["Location"]) == (303, "/nowhere?a=1")
    again, _ = await browser.get("/sign-in?next=/there")
    assert again.headers["Location"] == "/there", "known by the session"
    out, _ = await browser.ask("GET", "/sign-out")
    assert out.status == 405, "a link cannot sign out"
    assert browser.cookie(COOKIE)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"iss": "https://another.example.com"},
        {"aud": "another-client"},
        {"aud": ["minutes", "another-client"]},
        {"azp": "another-client"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"sub": None},
        {"nbf": int(time.time()) + 3600},
        {"at_hash": "b2YgYW5vdGhlciB0b2tlbg"},
    ],
    ids=" ".join,
)
async def test_a_wrong_claim_signs_nobody_in(
    browser: Browser, provider: OpenIdDouble, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    await refused(browser, 403)


@pytest.mark.parametrize("how", ["none", "a secret", "another key"])
async def test_a_wrong_signature_signs_nobody_in(browser: Browser, provider: OpenIdDouble, how: str) -> None:
    if how == "none":
        provider.algorithm = "none"
    elif how == "a secret":
        provider.algorithm, provider.signing = "HS256", shared_secret_key()
    else:
        provider.signing = RSAKey.generate_key(2048, {"kid": "one"})
    await refused(browser, 403)


async def test_a_code_and_a_state_are_good_once(browser: Browser) -> None:
    callback = await browser.to_callback()
    kept = browser.cookie("minutekeeper-sign-in")
    assert (await browser.get(callback))[0].status == 303
    browser.http.cookie_jar.clear()
    answer, page = await browser.get(callback)
    assert answer.status == 400
    assert "out of date" in page
    answer, _ = await browser.get(callback, cookies={"minutekeeper-sign-in": kept})
    assert answer.status == 403, "the provider takes a code once"
    assert not browser.cookie(COOKIE)


async def test_the_state_of_another_browser_is_refused(browser: Browser) -> None:
    callback = await browser.to_callback()
    await browser.get("/sign-in")
    assert (await browser.get(callback))[0].status == 400
    assert not browser.cookie(COOKIE)


async def test_a_refusal_of_the_provider_is_told(browser: Browser) -> None:
    callback = await browser.to_callback()
    answer, page = await browser.get(re.sub(r"code=\w+", "error=access_denied", callback))
    assert answer.status == 403
    assert "did not let you in" in page


@pytest.mark.parametrize("roles", [None, [], ["user"], "guest", {"admin": True}, ["Admin"]], ids=str)
async def test_without_a_role_one_is_told_whom_to_ask(browser: Browser, provider: OpenIdDouble, roles: Any) -> None:
    provider.claims = {"roles": roles}
    page = await refused(browser, 403)
    assert "anna@example.com is signed in, and has none of the roles look, watch, steer, admin" in page
    assert "in the claim roles" in page


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email_verified": False, "preferred_username": "anna"}, "anna"),
        ({"email_verified": None}, "u-1"),
        ({"email": "\u202e anna\n@example.com"}, "anna@example.com"),
    ],
)
async def test_people_have_a_name_that_is_vouched_for(
    browser: Browser, provider: OpenIdDouble, claims: dict[str, Any], name: str
) -> None:
    provider.claims = claims | {"roles": None}
    assert f"<p>{name} is signed in, and has none" in await refused(browser, 403)


async def test_roles_may_come_from_the_address_of_the_user(browser: Browser, provider: OpenIdDouble) -> None:
    provider.claims, provider.told = {"roles": None}, {"sub": "another", "roles": "admin"}
    await refused(browser, 403)
    provider.told = {"sub": "u-1", "roles": "minutekeeper-look"}
    assert (await browser.sign_in())[0].status == 303


async def test_a_new_key_of_the_provider_is_read(browser: Browser, provider: OpenIdDouble) -> None:
    assert (await browser.sign_in())[0].status == 303
    assert provider.asked.count("/keys") <= 1, "kept"
    assert "/.well-known/openid-configuration" not in provider.asked


@pytest.mark.parametrize(
    "there",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/sign-in?next=/",
        "/%0d%0aX:y",
        "/%ff",
        "/%e2%80%ae",
    ],
)
async def test_one_is_never_led_elsewhere(browser: Browser, there: str) -> None:
    answer, _ = await browser.get(await browser.to_callback(f"/sign-in?next={there}"))
    assert answer.headers["Location"] == "/"


async def test_a_sign_in_gives_a_session_that_was_not_there_before(browser: Browser) -> None:
    await browser.sign_in()
    first = browser.cookie(COOKIE)
    browser.http.cookie_jar.clear()
    browser.http.cookie_jar.update_cookies({COOKIE: "planted"}, URL(browser.site))
    await browser.sign_in()
    assert browser.cookie(COOKIE) not in {first, "planted", ""}


async def refused(browser: Browser, status: int) -> str:
    """Tries to sign in, and gets no session and nothing of the token."""
    answer, page = await browser.sign_in()
    assert answer.status == status
    assert not browser.cookie(COOKIE)
    assert "Traceback" not in page
    assert "eyJ" not in page
    return page
