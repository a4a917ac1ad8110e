"""What is wrong with the settings of access is said at the start, or on a plain page while it lasts."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError
from yarl import URL

from minutekeeper.config import Settings
from tests.starter.support import SECRET
from tests.web.access.openid_double import CLIENT_SECRET, running_openid_double
from tests.web.access.support import Pages, running_pages
from web.access.startup import access_problems
from web.pages.headers import content_policy

PROVIDER = {
    "minutekeeper_oidc_issuer": "https://login.example.com/realm",
    "minutekeeper_oidc_client_id": "minutes",
    "minutekeeper_oidc_client_secret": "s",
}
PROXY = {
    "minutekeeper_proxy_user_header": "X-User",
    "minutekeeper_proxy_roles_header": "X-Roles",
    "minutekeeper_trusted_proxies": "10.0.0.5,fd00::/8",
}


def problems(**fields: Any) -> str:
    return "\n".join(access_problems(Settings(_env_file=None, **fields)))


def test_nothing_and_everything_are_well() -> None:
    assert problems() == ""
    assert problems(bridge_secret=SECRET, **PROVIDER, **PROXY) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (PROVIDER, "MINUTEKEEPER_OIDC_ISSUER is set, and BRIDGE_SECRET is not"),
        (PROVIDER | {"minutekeeper_oidc_client_secret": ""}, "MINUTEKEEPER_OIDC_CLIENT_SECRET is not"),
        (
            {"minutekeeper_oidc_client_id": "a"},
            "MINUTEKEEPER_OIDC_CLIENT_ID is set, and MINUTEKEEPER_OIDC",
        ),
        ({"bridge_secret": "short"}, "BRIDGE_SECRET has 5 characters"),
        (PROXY | {"minutekeeper_trusted_proxies": ""}, "not set: MINUTEKEEPER_TRUSTED_PROXIES"),
        (PROXY | {"minutekeeper_proxy_roles_header": ""}, "not set: MINUTEKEEPER_PROXY_ROLES_HEADER"),
        (PROXY | {"minutekeeper_proxy_user_header": "Cookie"}, "MINUTEKEEPER_PROXY_USER_HEADER is Cookie"),
    ],
)
def test_half_of_a_way_in_is_a_problem(fields: dict[str, Any], said: str) -> None:
    assert said in problems(**fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minutekeeper_web_public_url", "http://minutes.example.com"),
        ("minutekeeper_web_public_url", "https://minutes.example.com/here"),
        ("minutekeeper_web_public_url", "https://anna@minutes.example.com"),
        ("minutekeeper_oidc_issuer", "http://login.example.com"),
        ("minutekeeper_trusted_proxies", "10.0.0.5/8"),
        ("minutekeeper_trusted_proxies", "proxy.example.com"),
        ("minutekeeper_proxy_user_header", "X User"),
    ],
)
def test_what_cannot_be_safe_is_refused(name: str, value: str) -> None:
    fields: dict[str, Any] = {name: value}
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **fields)


@pytest.mark.parametrize("is_away", [True, False])
async def test_a_provider_that_is_away_or_another_one_is_a_plain_page(tmp_path: Path, *, is_away: bool) -> None:
    async with running_openid_double() as double:
        double.is_away = is_away
        if not is_away:
            double.issuer = "https://another.example.com"
        configured = PROVIDER | {"minutekeeper_oidc_issuer": double.url, "bridge_secret": SECRET}
        async with running_pages(Pages(), tmp_path, **configured) as client:
            for _ in range(3):
                await told(client, 503)
        assert len(double.asked) == 1, "it is left alone for a while"


async def test_what_was_read_of_a_provider_is_kept(tmp_path: Path) -> None:
    async with running_openid_double() as double:
        configured = PROVIDER | {"minutekeeper_oidc_issuer": double.url, "bridge_secret": SECRET}
        async with running_pages(Pages(), tmp_path, **configured) as client:
            await told(client, 303)
            double.is_away = True
            await told(client, 303)


@pytest.mark.parametrize("claim", ["realm_access.roles", "https://minutes.example.com/roles"])
async def test_the_claim_with_the_roles_may_be_named_or_lie_in_objects(tmp_path: Path, claim: str) -> None:
    async with running_openid_double() as double:
        kept = {"realm_access": {"roles": ["offline_access", "steer"]}} if "realm" in claim else {claim: "steer"}
        double.user = {"sub": "u-1", **kept}
        configured = PROVIDER | {
            "minutekeeper_oidc_issuer": double.url,
            "minutekeeper_oidc_client_secret": CLIENT_SECRET,
            "minutekeeper_oidc_roles_claim": claim,
            "bridge_secret": SECRET,
        }
        async with running_pages(Pages(), tmp_path, **configured) as client, aiohttp.ClientSession() as http:
            began = await client.get("/sign-in", allow_redirects=False)
            async with http.get(began.headers["Location"], allow_redirects=False) as at_provider:
                back = URL(at_provider.headers["Location"]).path_qs
            done = await client.get(back, cookies=_kept(began), allow_redirects=False)
            for role, status in (("steer", 200), ("admin", 403)):
                assert (await client.get(f"/of/{role}", cookies=_kept(done))).status == status


def _kept(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: each.value for name, each in answer.cookies.items() if each.value}


async def told(client: Any, status: int) -> None:
    async with client.get("/sign-in", allow_redirects=False) as answer:
        assert answer.status == status
        if status == 503:
            assert "The sign-in service does not answer" in await answer.text()
            assert answer.headers["Retry-After"]


def test_media_may_come_from_the_bucket_and_nothing_else_may() -> None:
    policy = content_policy("https://minutes.s3.example.com")
    assert "; media-src 'self' https://minutes.s3.example.com;" in policy
    assert policy.count("https://") == 1
