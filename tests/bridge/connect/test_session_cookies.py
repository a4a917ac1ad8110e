"""The cookies of a session: under which names and limits they are set, read and deleted."""

import secrets
import time
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bridge.connect.errors import ConnectError, ConnectErrorCode
from bridge.connect.session_cookies import (
    SESSION_SECONDS,
    ConnectedAccount,
    OAuthGrant,
    OAuthSession,
    SessionCookies,
    session_id_for,
)
from minutekeeper.calendars.connect_link import new_link
from minutekeeper.calendars.preferences import PolicySource
from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose

ENCRYPTION = CookieEncryption(Purpose.CONNECT_SESSION, ["s" * 32], SESSION_SECONDS)
COOKIES = SessionCookies(ENCRYPTION, "https://bridge.example/base")
LINK = new_link("anna", "google", datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=36500))
GRANT = OAuthGrant(refresh_token="1//token")


def session() -> OAuthSession:
    return OAuthSession.begin(LINK, "c1")


def asked(cookies: dict[str, str] | None = None, path: str = "/connect/x") -> web.Request:
    header = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    return make_mocked_request("GET", path, headers={"Cookie": header} if header else {})


def set_by(current: OAuthSession, cookies: dict[str, str] | None = None) -> dict[str, Morsel[str]]:
    response = web.Response()
    COOKIES.set_session(asked(cookies), response, current)
    return dict(response.cookies)


def of(current: OAuthSession) -> dict[str, str]:
    """The cookie of a session as a browser sends it."""
    return {name: morsel.value for name, morsel in set_by(current).items()}


def test_a_session_is_named_by_its_state_and_comes_back_with_it() -> None:
    current = session()
    assert current.session_id == session_id_for(current.state)
    assert len(current.session_id) == 32
    assert len(current.state) == 43, "32 random bytes"
    assert set(of(current)) == {f"minutekeeper-connect-{current.session_id}"}
    assert COOKIES.session(asked(of(current)), current.session_id) == current
    assert COOKIES.session(asked(of(current)), current.session_id, current.state) == current


def test_a_cookie_lasts_as_long_as_the_session_and_goes_to_the_connect_pages_alone() -> None:
    (cookie,) = set_by(session()).values()
    assert cookie["max-age"] == str(SESSION_SECONDS)
    assert cookie["path"] == "/base/connect"
    assert cookie["samesite"] == "Lax"
    assert cookie["secure"] is True
    assert cookie["httponly"] is True
    response = web.Response()
    SessionCookies(ENCRYPTION, "http://127.0.0.1:8090").set_session(asked(), response, session())
    (cookie,) = response.cookies.values()
    assert not cookie["secure"]
    assert cookie["path"] == "/connect"


def test_another_state_or_another_session_is_a_lost_one() -> None:
    current, other = session(), session()
    named_otherwise = {f"minutekeeper-connect-{other.session_id}": next(iter(of(current).values()))}
    for cookies, session_id, state in (
        ({}, current.session_id, None),
        (of(current), other.session_id, None),
        (named_otherwise, other.session_id, None),
        (of(current), current.session_id, other.state),
        (of(current), current.session_id, ""),
        (of(current), current.session_id, "\ud800"),
    ):
        with pytest.raises(ConnectError) as lost:
            COOKIES.session(asked(cookies), session_id, state)
        assert lost.value.problem is ConnectErrorCode.SESSION_LOST


def test_a_grant_comes_back_under_its_session_and_nowhere_else() -> None:
    current, response = session(), web.Response()
    COOKIES.set_grant(asked(), response, current.session_id, GRANT)
    kept = {name: morsel.value for name, morsel in response.cookies.items()}
    assert set(kept) == {f"minutekeeper-grant-{current.session_id}"}
    assert COOKIES.grant(asked(kept), current.session_id) == GRANT
    for cookies, session_id in (({}, current.session_id), (kept, session().session_id)):
        with pytest.raises(ConnectError) as lost:
            COOKIES.grant(asked(cookies), session_id)
        assert lost.value.problem is ConnectErrorCode.SESSION_LOST


def test_a_grant_that_is_too_long_for_a_cookie_is_refused() -> None:
    noise = secrets.token_urlsafe(4000)
    with pytest.raises(ConnectError) as refused:
        COOKIES.set_grant(asked(), web.Response(), "x", OAuthGrant(refresh_token=noise))
    assert refused.value.problem is ConnectErrorCode.UNAVAILABLE
    assert refused.value.why.startswith("a cookie would have ")
    assert refused.value.why.endswith(" bytes")


def deleted(response: web.Response) -> set[str]:
    return {name for name, morsel in response.cookies.items() if morsel["max-age"] == "0" or not morsel.value}


def test_a_session_that_is_over_loses_both_cookies() -> None:
    response = web.Response()
    COOKIES.delete_session(response, "abc")
    assert deleted(response) == {"minutekeeper-connect-abc", "minutekeeper-grant-abc"}
    assert {morsel["path"] for morsel in response.cookies.values()} == {"/base/connect"}


def test_cookies_of_ours_that_cannot_be_read_are_deleted_and_no_others() -> None:
    response = web.Response()
    kept = of(session())
    COOKIES.delete_unreadable(asked(kept | {"minutekeeper-grant-x": "forged", "theirs": "forged"}), response)
    assert deleted(response) == {"minutekeeper-grant-x"}
    assert response.cookies["minutekeeper-grant-x"]["path"] == "/base/connect"


def aged(number: int, seconds: int, size: int = 1500) -> dict[str, str]:
    """A session that began so long ago."""
    fernet = ENCRYPTION._fernet
    value = fernet.encrypt_at_time(b"x" * size, int(time.time()) - seconds).decode()
    return {f"minutekeeper-connect-{number:032x}": value}


def test_of_too_many_sessions_in_one_browser_the_oldest_go() -> None:
    jar = aged(1, 50) | aged(2, 500) | aged(3, 5) | aged(4, 5000)
    response = web.Response()
    COOKIES.set_session(asked(jar), response, session())
    assert deleted(response) == {f"minutekeeper-connect-{number:032x}" for number in (2, 4)}
    few = web.Response()
    COOKIES.set_session(asked(aged(1, 50) | aged(3, 5)), few, session())
    assert deleted(few) == set()
    crowded = web.Response()
    COOKIES.set_session(asked(aged(1, 50) | aged(3, 5) | {"theirs": "x" * 3000}), crowded, session())
    assert f"minutekeeper-connect-{1:032x}" in deleted(crowded)


def test_the_new_session_counts_among_the_others() -> None:
    current = session()
    own = sum(len(name) + len(value) for name, value in of(current).items())
    jar = aged(1, 50, 1300) | aged(2, 500, 1300) | aged(3, 5, 1300)
    others = sum(len(name) + len(value) for name, value in jar.items())
    assert others - own < others < 6000 < others + own
    response = web.Response()
    COOKIES.set_session(asked(jar), response, current)
    assert deleted(response) == {f"minutekeeper-connect-{2:032x}"}


def test_the_success_page_is_told_whose_calendar_it_is() -> None:
    account = ConnectedAccount(
        user="anna", account="anna@a.example", calendar="Team", policy_source=PolicySource.BUILT_IN
    )
    path = COOKIES.success_path("google", account)
    assert path.startswith("/connect/done/google?of=")
    assert COOKIES.connected_account(asked(path=path)) == account
    for other in ("/connect/done/google", "/connect/done/google?of=forged"):
        assert COOKIES.connected_account(asked(path=other)) is None


def test_secrets_are_not_shown_in_logs() -> None:
    current = session()
    assert current.state not in repr(current)
    assert current.verifier not in repr(current)
    assert GRANT.refresh_token not in repr(GRANT)
