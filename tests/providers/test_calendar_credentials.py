"""Grants that no longer hold are told from all else, and nothing ever tells what calendars are read by."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from minutekeeper.providers.base import ProviderError, UnavailableError
from minutekeeper.providers.calendar_base import (
    AccessProblemSource,
    CalendarAccessError,
    CalendarCredentials,
)
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.providers.oauth_errors import ADVICE, access_problem_source
from tests.providers.calendar_support import CREDENTIALS, SECRETS
from tests.providers.response_server import Answer, ToldServer


@pytest.mark.parametrize("status", [400, 401, 403, 422, 500])
@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("invalid_grant: Token has been expired or revoked.", AccessProblemSource.USER),
        ('{"error": "invalid_client"}', AccessProblemSource.APP),
    ],
)
async def test_refused_grants_are_told_from_all_else(
    calendars: MeetingBaasCalendars, server: ToldServer, status: int, text: str, trouble: AccessProblemSource
) -> None:
    server.always = Answer(text.encode(), status=status)
    calls = (
        calendars.list_available_calendars(CREDENTIALS),
        calendars.create_calendar(CREDENTIALS),
        calendars.update_credentials("c-1", CREDENTIALS),
    )
    for call in calls:
        with pytest.raises(CalendarAccessError) as caught:
            await call
        assert caught.value.trouble is trouble
        assert str(caught.value).endswith(ADVICE[trouble])


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("invalid_grant", AccessProblemSource.USER),
        ("Error: InvalidGrant { description: None }", AccessProblemSource.USER),
        ("AADSTS700082: The refresh token has expired due to inactivity.", AccessProblemSource.USER),
        ("AADSTS50173: The provided grant has expired due to it being revoked", AccessProblemSource.USER),
        ("403: Request had insufficient authentication scopes.", AccessProblemSource.USER),
        ("invalid_client: The OAuth client was not found.", AccessProblemSource.APP),
        ("unauthorized_client", AccessProblemSource.APP),
        ("AADSTS7000215: Invalid client secret provided.", AccessProblemSource.APP),
        (
            "Google Calendar API has not been used in project 12345 before or it is disabled.",
            AccessProblemSource.APP,
        ),
        ('{"reason": "accessNotConfigured"}', AccessProblemSource.APP),
        ("Unauthorized client", None),
        ("InvalidApiKey", None),
        ("quotaExceeded", None),
        ("", None),
    ],
)
def test_what_is_said_of_grants(text: str, trouble: AccessProblemSource | None) -> None:
    assert access_problem_source(text) is trouble


async def test_a_plain_server_error_on_creation_comes_with_a_hint(
    calendars: MeetingBaasCalendars, server: ToldServer
) -> None:
    server.tell(Answer(b"Internal Server Error", status=500))
    with pytest.raises(UnavailableError, match="calendar API switched on"):
        await calendars.create_calendar(CREDENTIALS)


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 429, 500])
async def test_credentials_are_never_told(
    calendars: MeetingBaasCalendars, server: ToldServer, api_key: str, status: int
) -> None:
    quoted = f'{{"error": "cannot use {SECRETS[0]} and {SECRETS[1]} of {api_key}"}}'.encode()
    server.always = Answer(quoted, status=status)
    calls = (
        calendars.list_available_calendars(CREDENTIALS),
        calendars.create_calendar(CREDENTIALS),
        calendars.update_credentials("c-1", CREDENTIALS),
    )
    for call in calls:
        with pytest.raises(ProviderError) as caught:
            await call
        assert not re.search("|".join(map(re.escape, (*SECRETS, api_key))), str(caught.value))


async def test_the_key_is_never_told_of_a_sync(
    calendars: MeetingBaasCalendars, server: ToldServer, api_key: str
) -> None:
    answer = {"synced_calendars": [], "errors": [["c-1", f"refused {api_key}, token=abc123"]]}
    server.tell(Answer(answer))
    _, [failure] = await calendars.check_access()
    assert failure.text == "refused ***, token=…"


def test_credentials_show_nothing() -> None:
    for text in (repr(CREDENTIALS), str(CREDENTIALS), CREDENTIALS.model_dump_json(), f"{CREDENTIALS}"):
        assert not any(secret in text for secret in SECRETS)
    wrong: Any = {"platform": "yahoo", "client_id": "x", "client_secret": [SECRETS[0]], "refresh_token": SECRETS[1]}
    with pytest.raises(ValidationError) as caught:
        CalendarCredentials(**wrong)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    with pytest.raises(ValidationError):
        CREDENTIALS.client_id = "another"  # type: ignore[misc]  # that it cannot be done is the test
