"""Recall.ai's Calendar V1: users, their two calendars, and what Recall.ai itself decides to record of them.

Every call for a user needs a token of theirs, which is made for the call and kept nowhere.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import BaseModel

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.answers import parse_answer, path_part
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.base import NotFoundError, ProviderError, RequestRejectedError, UnavailableError
from minutekeeper.providers.calendar_users import (
    CalendarUser,
    ScheduledMeeting,
    UserMeetingPage,
    causes_of_failure,
    meetings_between,
)
from minutekeeper.providers.fields import LenientModel, SecretText
from minutekeeper.providers.recall.http import SERVICE


class TokenAnswer(LenientModel):
    token: SecretText = ""


_Model = TypeVar("_Model", bound=BaseModel)

TOKEN_HEADER = "x-recallcalendarauthtoken"  # noqa: S105 - a name
_USER = "/api/v1/calendar/user/"
_MEETINGS = "/api/v1/calendar/meetings/"

_CONSENT = {
    CalendarPlatform.GOOGLE: (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "google_oauth_callback",
        "google_oauth_redirect_url",
        "https://www.googleapis.com/auth/calendar.events.readonly https://www.googleapis.com/auth/userinfo.email",
        {"access_type": "offline", "prompt": "consent"},
    ),
    CalendarPlatform.MICROSOFT: (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "ms_oauth_callback",
        "ms_oauth_redirect_url",
        "offline_access openid email https://graph.microsoft.com/Calendars.Read",
        {},
    ),
}
"""Per platform: the consent screen, the callback at Recall.ai, its name in `state`, the scopes, and the rest."""


class CalendarTokenError(RequestRejectedError):
    """A user's token was refused. The message says whether it has expired or cannot be decoded, if told."""


class RecallCalendarV1:
    """The users of one workspace. Every coroutine method may raise any ProviderError, and CalendarTokenError."""

    def __init__(self, connection: ApiConnection, base_url: str) -> None:
        self._connection = connection
        self._base_url = base_url.rstrip("/")

    async def token(self, user: str) -> str:
        """A token of the user, valid for 24 hours; the user is created if there was none of this name."""
        body = {"user_id": user}
        answer = await self._connection.call("POST", "/api/v1/calendar/authenticate/", body=body)
        token = self._parsed(TokenAnswer, answer).token
        if not token:
            raise UnavailableError(f"{SERVICE} gave no token for the user.")
        return token

    async def user(self, user: str) -> CalendarUser:
        return self._parsed(CalendarUser, await self._call("GET", _USER, user))

    async def set_preferences(self, user: str, changes: Mapping[str, bool | str]) -> CalendarUser:
        """Changes some preferences. Bots that are scheduled and that they do not cover any more are removed."""
        known = (await self.user(user)).preferences.model_dump()
        answer = await self._call("PUT", _USER, user, body={"preferences": {**known, **changes}})
        return self._parsed(CalendarUser, answer)

    async def disconnect(self, user: str, platform: CalendarPlatform | None = None) -> None:
        """Disconnects one calendar of the user, or without a platform all, and the user with them. Idempotent."""
        try:
            if platform is None:
                await self._call("DELETE", _USER, user)
            else:
                await self._call("POST", f"{_USER}disconnect/", user, body={"platform": platform.value})
        except NotFoundError:
            return

    async def meetings(
        self, user: str, after: datetime | None = None, before: datetime | None = None
    ) -> AsyncIterator[ScheduledMeeting]:
        """The meetings of all pages. The links between them may name other hosts, which are never asked."""
        params, seen = meetings_between(after, before), {""}
        token = await self.token(user)
        while True:
            answer = await self._called("GET", _MEETINGS, token, params=params)
            page = parse_answer(SERVICE, _meeting_page, answer)
            for item in page.results:
                yield ScheduledMeeting.model_validate(item)
            cursor = parse_qs(urlsplit(page.next).query).get("cursor", [""])[0]
            if not page.next:
                return
            if cursor in seen:
                raise UnavailableError(f"{SERVICE} gave a list of meetings that goes on without an end.")
            seen.add(cursor)
            params = {**params, "cursor": cursor}

    async def meeting(self, user: str, meeting_id: str) -> ScheduledMeeting:
        return self._parsed(ScheduledMeeting, await self._call("GET", _meeting_path(meeting_id), user))

    async def override(self, user: str, meeting_id: str, *, record: bool | None) -> ScheduledMeeting:
        """Decides about one meeting before all preferences; None leaves it to them again."""
        body = {"override_should_record": record}
        return self._parsed(ScheduledMeeting, await self._call("PUT", _meeting_path(meeting_id), user, body=body))

    async def event(self, user: str, meeting_id: str, calendar_id: str) -> CalendarEvent:
        """A meeting as the event of a calendar of ours."""
        return (await self.meeting(user, meeting_id)).to_event(calendar_id)

    async def consent_url(  # noqa: PLR0913 - one argument for each part of the link
        self,
        user: str,
        platform: CalendarPlatform,
        client_id: str,
        *,
        redirect_url: str = "",
        success_url: str = "",
        error_url: str = "",
    ) -> str:
        """The link by which a user connects a calendar, made when it is used, because its token lasts for a day.

        It contains that token. Recall.ai gets the answer, and sends the browser to `success_url` or `error_url`.
        """
        screen, callback, name, scopes, more = _CONSENT[platform]
        redirect = redirect_url or f"{self._base_url}/api/v1/calendar/{callback}/"
        state = {"recall_calendar_auth_token": await self.token(user), name: redirect}
        state |= {key: url for key, url in (("success_url", success_url), ("error_url", error_url)) if url}
        query = {"client_id": client_id, "redirect_uri": redirect, "response_type": "code", "scope": scopes}
        return f"{screen}?{urlencode(query | more | {'state': json.dumps(state)})}"

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _call(self, method: str, path: str, user: str, *, body: Mapping[str, Any] | None = None) -> bytes:
        return await self._called(method, path, await self.token(user), body=body)

    async def _called(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> bytes:
        try:
            return await self._connection.call(
                method, path, params=params, body=body, headers={TOKEN_HEADER: token}
            )
        except NotFoundError:
            raise
        except ProviderError as error:
            if causes := causes_of_failure(str(error)):
                raise CalendarTokenError(f"{error} {' '.join(causes)}".replace(token, "***")) from None
            raise

    def _parsed(self, model: type[_Model], answer: bytes) -> _Model:
        return parse_answer(SERVICE, partial(model.model_validate, context=self._connection.secrets), answer)


def _meeting_page(document: Any) -> UserMeetingPage:
    return UserMeetingPage.model_validate({"results": document} if isinstance(document, list) else document)


def _meeting_path(meeting_id: str) -> str:
    return f"{_MEETINGS}{path_part(meeting_id, 'a meeting')}/"
