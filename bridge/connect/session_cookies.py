"""The session of a user who connects a calendar, in encrypted cookies that expire."""

import hashlib
import hmac
import secrets
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from bridge.connect.errors import ConnectError, ConnectErrorCode
from bridge.connect.oauth import new_verifier
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.calendars.preferences import PolicySource
from minutekeeper.cookie_encryption import CookieEncryption

SESSION_SECONDS = 3600
"""How long a session lasts."""

_PREFIX = "minutekeeper-"

_SESSION = _PREFIX + "connect-{session_id}"

_GRANT = _PREFIX + "grant-{session_id}"

_ACCOUNT = "of"

_MAX_COOKIE_BYTES = 4096
"""The longest cookie that browsers accept, including its name and attributes."""

_MAX_HEADER_BYTES = 6000
"""The longest Cookie header, because servers and proxies refuse headers over 8,190 bytes."""


class OAuthSession(BaseModel):
    """`confirmed_calendar_id` is the calendar that the user knows will be replaced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: ConnectLink
    state: str = Field(repr=False)
    verifier: str = Field(repr=False)
    confirmed_calendar_id: str = ""

    @classmethod
    def begin(cls, link: ConnectLink, confirmed_calendar_id: str) -> Self:
        return cls(
            link=link,
            state=secrets.token_urlsafe(32),
            verifier=new_verifier(),
            confirmed_calendar_id=confirmed_calendar_id,
        )

    @property
    def session_id(self) -> str:
        """Identifies the session among several in one browser; the state cannot be derived from it."""
        return session_id_for(self.state)


class OAuthGrant(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_token: str = Field(repr=False)


class ConnectedAccount(BaseModel):
    """What the success page shows: the user, the account, the calendar, and where its policy comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    account: str
    calendar: str
    policy_source: PolicySource


def session_id_for(state: str) -> str:
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()[:32]


class SessionCookies:
    """Sets and reads the session cookies, and encrypts what the success page shows.

    Cookies are limited to the path of the connect pages and are not readable by scripts.
    """

    def __init__(self, encryption: CookieEncryption, public_url: str) -> None:
        self._encryption = encryption
        parts = urlsplit(public_url)
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path}/connect"

    def connected_account(self, request: web.Request) -> ConnectedAccount | None:
        return self._encryption.decrypt(ConnectedAccount, request.query.get(_ACCOUNT, ""))

    def success_path(self, platform: str, account: ConnectedAccount) -> str:
        return f"/connect/done/{platform}?{_ACCOUNT}={self._encryption.encrypt(account)}"

    def session(self, request: web.Request, session_id: str, state: str | None = None) -> OAuthSession:
        """The session of this id; if `state` is given, it must match. Raises ConnectError."""
        encrypted = request.cookies.get(_SESSION.format(session_id=session_id), "")
        session = self._encryption.decrypt(OAuthSession, encrypted)
        if session is None or not hmac.compare_digest(session.session_id.encode(), session_id.encode()):
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        if state is not None and not hmac.compare_digest(session.state.encode(), state.encode(errors="replace")):
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        return session

    def grant(self, request: web.Request, session_id: str) -> OAuthGrant:
        """Raises ConnectError."""
        grant = self._encryption.decrypt(OAuthGrant, request.cookies.get(_GRANT.format(session_id=session_id), ""))
        if grant is None:
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        return grant

    def set_session(self, request: web.Request, response: web.StreamResponse, session: OAuthSession) -> None:
        self._set(request, response, _SESSION.format(session_id=session.session_id), session)

    def set_grant(
        self, request: web.Request, response: web.StreamResponse, session_id: str, grant: OAuthGrant
    ) -> None:
        """Stores the grant. Raises ConnectError if it is too long for a cookie."""
        self._set(request, response, _GRANT.format(session_id=session_id), grant)

    def delete_session(self, response: web.StreamResponse, session_id: str) -> None:
        for name in (_SESSION, _GRANT):
            response.del_cookie(name.format(session_id=session_id), path=self._path)

    def delete_unreadable(self, request: web.Request, response: web.StreamResponse) -> None:
        """Deletes cookies that cannot be decrypted."""
        for name, encrypted in _own_cookies(request):
            if not self._encryption.encrypted_at(encrypted):
                response.del_cookie(name, path=self._path)

    def _set(self, request: web.Request, response: web.StreamResponse, name: str, content: BaseModel) -> None:
        response.set_cookie(
            name,
            self._encryption.encrypt(content),
            max_age=SESSION_SECONDS,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        cookie = response.cookies[name]
        if (length := len(cookie.OutputString())) > _MAX_COOKIE_BYTES:
            raise ConnectError(ConnectErrorCode.UNAVAILABLE, why=f"a cookie would have {length} bytes")
        self._make_room(request, response, name, len(name) + len(cookie.value))

    def _make_room(self, request: web.Request, response: web.StreamResponse, name: str, used: int) -> None:
        """Deletes the oldest sessions if there are too many in one browser; those have to begin again."""
        session_id = name.rpartition("-")[2]
        used += sum(
            len(other) + len(value) for other, value in request.cookies.items() if not _is_own_cookie(other)
        )
        others = [each for each in _own_cookies(request) if not each[0].endswith(session_id)]
        for other, encrypted in sorted(
            others, key=lambda each: self._encryption.encrypted_at(each[1]), reverse=True
        ):
            used += len(other) + len(encrypted)
            if used > _MAX_HEADER_BYTES or not self._encryption.encrypted_at(encrypted):
                response.del_cookie(other, path=self._path)


def _own_cookies(request: web.Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.cookies.items() if _is_own_cookie(name)]


def _is_own_cookie(name: str) -> bool:
    return name.startswith(_PREFIX)
