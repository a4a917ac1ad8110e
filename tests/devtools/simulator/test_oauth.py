"""Consent and tokens as Google and Microsoft give them."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from tests.devtools.simulator.calendar_support import ANNA, OTTO, account, connect
from tests.devtools.simulator.faults_support import order
from tests.devtools.simulator.support import Sim

BACK = "https://app.example.com/back?from=oauth"
SCOPES = {
    "google": "https://www.googleapis.com/auth/calendar.readonly",
    "microsoft": "offline_access Calendars.Read",
}
APPS = {
    "google": {"client_id": "google-app", "client_secret": "google-app-secret"},
    "microsoft": {"client_id": "microsoft-app", "client_secret": "microsoft-app-secret"},
}
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PLATFORMS = ["google", "microsoft"]


async def ask(sim: Sim, platform: str = "google", **changes: str) -> dict[str, str]:
    """What the user brings back to the app."""
    query = {
        "client_id": APPS[platform]["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPES[platform],
        "state": "s-1",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    async with aiohttp.request(
        "GET", f"{sim.url}/oauth/{platform}/authorize", params=query, allow_redirects=False
    ) as response:
        assert response.status == 302, await response.text()
        location = urlsplit(response.headers["Location"])
    assert location._replace(query="").geturl() == "https://app.example.com/back"
    brought = {name: values[0] for name, values in parse_qs(location.query).items()}
    assert (brought.pop("from"), brought.pop("state")) == ("oauth", "s-1")
    return brought


async def redeem(sim: Sim, platform: str = "google", **changes: str) -> tuple[int, dict[str, Any]]:
    form = APPS[platform] | {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    async with aiohttp.request("POST", f"{sim.url}/oauth/{platform}/token", data=form | changes) as response:
        answer: dict[str, Any] = await response.json()
        return response.status, answer


async def people(sim: Sim) -> None:
    await sim.ok("POST", "/_sim/calendars/accounts", json={"email": ANNA, "client_id": None})
    await sim.ok("POST", "/_sim/calendars/accounts", json={"email": OTTO, "platform": "Microsoft"})


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_users_consent_connects_a_calendar(sim: Sim, platform: str) -> None:
    await people(sim)
    brought = await ask(sim, platform)
    status, tokens = await redeem(sim, platform, code=brought["code"])
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", 3599)
    assert set(tokens["scope"].split()) == set(SCOPES[platform].split())
    credentials = {
        "platform": platform.title(),
        "oauth_client_id": APPS[platform]["client_id"],
        "oauth_client_secret": APPS[platform]["client_secret"],
        "oauth_refresh_token": tokens["refresh_token"],
    }
    calendar = await connect(sim, credentials)
    email = ANNA if platform == "google" else OTTO
    assert (await sim.ok("GET", f"/calendars/{calendar}"))["email"] == email
    fresh = await redeem(sim, platform, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert fresh[0] == 200
    assert ("refresh_token" in fresh[1]) == (platform == "microsoft")


async def test_a_code_is_good_once(sim: Sim) -> None:
    await people(sim)
    code = (await ask(sim))["code"]
    assert (await redeem(sim, code=code))[0] == 200
    status, answer = await redeem(sim, code=code)
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, 400, "invalid_grant"),
        ({"redirect_uri": "https://app.example.com/other"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
async def test_codes_that_are_refused(sim: Sim, changes: dict[str, str], status: int, error: str) -> None:
    await people(sim)
    code = (await ask(sim))["code"]
    answer = await redeem(sim, **({"code": code} | changes))
    assert (answer[0], answer[1]["error"]) == (status, error)


async def test_a_code_without_a_challenge_needs_no_verifier(sim: Sim) -> None:
    await people(sim)
    code = (await ask(sim, code_challenge=""))["code"]
    assert (await redeem(sim, code=code, code_verifier=""))[0] == 200


async def test_credentials_as_basic_authentication(sim: Sim) -> None:
    await people(sim)
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "code": (await ask(sim))["code"],
    }
    basic = {"Authorization": f"Basic {base64.b64encode(b'google-app:google-app-secret').decode()}"}
    async with aiohttp.request("POST", f"{sim.url}/oauth/google/token", data=form, headers=basic) as response:
        assert response.status == 200


@pytest.mark.parametrize(
    ("platform", "changes", "offline"),
    [
        ("google", {}, True),
        ("google", {"prompt": "select_account consent"}, True),
        ("google", {"access_type": "online"}, False),
        ("google", {"access_type": ""}, False),
        ("google", {"prompt": ""}, False),
        ("microsoft", {"access_type": "", "prompt": ""}, True),
        ("microsoft", {"scope": "Calendars.Read"}, False),
    ],
)
async def test_when_there_is_a_refresh_token(
    sim: Sim, platform: str, changes: dict[str, str], offline: bool
) -> None:
    await people(sim)
    code = (await ask(sim, platform, **changes))["code"]
    _, tokens = await redeem(sim, platform, code=code)
    assert ("refresh_token" in tokens) == offline


async def test_google_gives_one_without_a_prompt_to_whom_it_never_gave_one(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
    given = []
    for _ in range(2):
        code = (await ask(sim, prompt=""))["code"]
        given.append("refresh_token" in (await redeem(sim, code=code))[1])
    assert given == [True, False]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_user_refuses_once(sim: Sim, platform: str) -> None:
    await people(sim)
    consent = {"platform": platform.title(), "answer": "refuse"}
    await sim.ok("POST", "/_sim/oauth/consents", json=consent)
    assert await ask(sim, platform) == {"error": "access_denied"}
    assert "code" in await ask(sim, platform)


async def test_a_user_lets_the_app_do_less_than_it_wants(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/oauth/consents", json={"scopes": ["openid"]})
    brought = await ask(sim, scope=f"openid {SCOPES['google']}")
    assert brought["scope"] == "openid"
    _, tokens = await redeem(sim, code=brought["code"])
    credentials = await account(sim) | {"oauth_refresh_token": tokens["refresh_token"]}
    status, answer = await sim.call("POST", "/calendars/", json=credentials)
    assert (status, "insufficient" in answer["error"]) == (400, True)


async def test_who_consents(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/calendars/accounts", json={"email": "zoe@example.com"})

    async def email(code: str) -> str:
        _, tokens = await redeem(sim, code=code)
        credentials = await account(sim) | {"oauth_refresh_token": tokens["refresh_token"]}
        raws = await sim.ok("POST", "/calendars/raw", json=credentials)
        return str(raws["calendars"][0]["email"])

    assert await email((await ask(sim, login_hint="zoe@example.com"))["code"]) == "zoe@example.com"
    await sim.ok("POST", "/_sim/oauth/consents", json={"email": "zoe@example.com"})
    assert await email((await ask(sim, login_hint=ANNA))["code"]) == "zoe@example.com"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": ""}, "redirect_uri_mismatch"),
        ({"client_id": "strict"}, "redirect_uri_mismatch"),
        ({"login_hint": "stranger@example.com"}, "stranger@example.com"),
    ],
)
async def test_mistakes_are_shown_and_never_redirected(sim: Sim, changes: dict[str, str], named: str) -> None:
    await people(sim)
    strict = {"platform": "Google", "client_id": "strict", "client_secret": "s", "redirect_uris": ["https://a/b"]}
    await sim.ok("POST", "/_sim/calendars/apps", json=strict)
    query = {"client_id": "google-app", "redirect_uri": BACK, "response_type": "code", "scope": "openid"}
    status, text = await sim.call("GET", "/oauth/google/authorize", params=query | changes)
    assert (status, named in text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"response_type": "token"}, "unsupported_response_type"), ({"scope": ""}, "invalid_request")],
)
async def test_mistakes_that_go_back_to_the_app(sim: Sim, changes: dict[str, str], error: str) -> None:
    await people(sim)
    assert (await ask(sim, **changes))["error"] == error


async def test_oauth_suffers_only_faults_that_name_it(sim: Sim) -> None:
    await people(sim)
    await order(sim, "key_revoked")
    await order(sim, "server_error", times=1)
    code = (await ask(sim))["code"]
    await sim.ok("DELETE", "/_sim/faults")
    await order(sim, "server_error", times=1, match={"path": "/oauth/google/token"})
    async with aiohttp.request("POST", f"{sim.url}/oauth/google/token", data=APPS["google"]) as response:
        assert response.status == 500
    assert (await redeem(sim, code=code))[0] == 200


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_consent_that_does_not_last(sim: Sim, platform: str) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/oauth/consents", json={"platform": platform.title(), "refresh_token": ""})
    code = (await ask(sim, platform))["code"]
    status, tokens = await redeem(sim, platform, code=code)
    assert (status, "refresh_token" in tokens) == (200, False)


async def test_a_consent_that_gives_a_certain_token(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/oauth/consents", json={"refresh_token": "1//of-the-test"})
    _, tokens = await redeem(sim, code=(await ask(sim))["code"])
    assert tokens["refresh_token"] == "1//of-the-test"


async def test_a_consent_that_comes_back_as_an_error(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/oauth/consents", json={"error": "server_error"})
    assert await ask(sim) == {"error": "server_error"}


async def test_a_code_that_took_too_long(sim: Sim) -> None:
    await people(sim)
    await sim.ok("POST", "/_sim/oauth/consents", json={"stale": True})
    status, answer = await redeem(sim, code=(await ask(sim))["code"])
    assert (status, answer["error"]) == (400, "invalid_grant")
