"""What people read when Meeting BaaS refuses a call: what it said, and what to do about it."""

from collections.abc import Mapping

import pytest

from minutekeeper.providers.api_connection import HttpResponse, retry_after
from minutekeeper.providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.calendar_base import AccessProblemSource, CalendarAccessError
from minutekeeper.providers.meetingbaas.http import ConflictError, error_for

NO_TOKENS = " The account has no tokens left."
USER_CARE = " The user has to connect the calendar again."
APP_CARE = " The OAuth app needs care: its client secret, or its calendar API that is not switched on."


def error(
    status: int, body: bytes = b"so", call: str = "GET /bots/", headers: Mapping[str, str] | None = None
) -> ProviderError:
    return error_for(call, HttpResponse(status=status, headers=headers or {}, body=body), ["k3y"])


@pytest.mark.parametrize(
    ("status", "body", "kind", "advice"),
    [
        (199, b"so", UnavailableError, ""),
        (399, b"so", UnavailableError, " A redirect to nowhere is not followed; check the base URL."),
        (400, b"so", RequestRejectedError, ""),
        (401, b"so", AccountError, " The API key is missing or wrong."),
        (402, b"so", AccountError, NO_TOKENS),
        (400, b"Insufficient  TOKENS!", AccountError, NO_TOKENS),
        (403, b"so", AccountError, " The account may not do this."),
        (404, b"so", NotFoundError, ""),
        (408, b"so", UnavailableError, ""),
        (409, b"so", ConflictError, ""),
        (422, b"It exists ALREADY", ConflictError, ""),
        (422, b"a Duplicate", ConflictError, ""),
        (425, b"so", UnavailableError, ""),
        (429, b"so", RateLimitedError, ""),
        (499, b"so", UnavailableError, ""),
        (500, b"insufficient tokens", UnavailableError, ""),
    ],
)
def test_an_answer_is_told_with_its_advice(
    status: int, body: bytes, kind: type[ProviderError], advice: str
) -> None:
    told = error(status, body)
    assert type(told) is kind
    said = " ".join(body.decode().split())
    assert str(told) == f"Meeting BaaS answered GET /bots/ with {status}: {said}{advice}"


def test_an_empty_answer_is_told_as_one() -> None:
    assert str(error(400, b"")) == "Meeting BaaS answered GET /bots/ with 400: (no text)"


def test_an_answer_that_is_no_text_is_told_all_the_same() -> None:
    assert str(error(400, b"\xffx")) == "Meeting BaaS answered GET /bots/ with 400: \ufffdx"


def test_a_redirect_tells_its_host_and_no_secret() -> None:
    assert str(error(302, headers={"Location": "https://k3y.example/k3y?x=k3y"})) == (
        "Meeting BaaS answered GET /bots/ with 302: so "
        "A redirect to https://***.example/… is not followed; check the base URL."
    )


@pytest.mark.parametrize(
    ("body", "trouble", "advice"),
    [
        (b"invalid_grant", AccessProblemSource.USER, USER_CARE),
        (b"Token has been expired or revoked.", AccessProblemSource.USER, USER_CARE),
        (b"invalid_client", AccessProblemSource.APP, APP_CARE),
        (b"unauthorized_client: invalid_grant", AccessProblemSource.APP, APP_CARE),
    ],
)
def test_a_grant_that_no_longer_holds_is_told_to_the_one_who_can_act(
    body: bytes, trouble: AccessProblemSource, advice: str
) -> None:
    for status in (400, 401, 500):
        told = error(status, body, "POST /calendars/")
        assert isinstance(told, CalendarAccessError)
        assert told.trouble is trouble
        assert str(told) == f"Meeting BaaS answered POST /calendars/ with {status}: {body.decode()}{advice}"
    assert not isinstance(error(400, body), CalendarAccessError), "a bot has no grant"


def test_a_limit_tells_how_long_to_wait() -> None:
    date = "Tue, 01 Dec 2026 10:00:00 GMT"
    for headers, seconds in (
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Tue, 01 Dec 2026 10:01:00 GMT", "Date": date}, 60.0),
        ({"Date": date}, None),
        ({}, None),
    ):
        told = error(429, headers=headers)
        assert isinstance(told, RateLimitedError)
        assert told.retry_after == seconds


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_success_is_one(status: int) -> None:
    assert HttpResponse(status=status, headers={}, body=b"").is_success


@pytest.mark.parametrize("status", [100, 199, 300, 404])
def test_everything_else_is_none(status: int) -> None:
    assert not HttpResponse(status=status, headers={}, body=b"").is_success


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "", "soon", "Wed, 99 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_makes_no_sense_is_not_told(value: str) -> None:
    assert retry_after(value) is None
    assert retry_after(value, "Tue, 01 Dec 2026 10:00:00 GMT") is None


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_a_date_without_a_zone_is_utc(zone: str) -> None:
    at = "Tue, 01 Dec 2026 10:00:00"
    assert retry_after(f"{at} {zone}".strip(), "Tue, 01 Dec 2026 09:59:00 GMT") == 60
    assert retry_after("Tue, 01 Dec 2026 12:00:00 +0200", f"{at} {zone}".strip()) == 0
    assert retry_after("Tue, 01 Dec 2026 10:00:30 GMT", f"{at} {zone}".strip()) == 30
