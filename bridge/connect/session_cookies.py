"""The session of a user who connects a calendar, in encrypted cookies that expire."""

import base64
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Sequence
from typing import Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.connect.errors import ConnectError, ConnectErrorCode
from bridge.connect.oauth import new_verifier
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.signing import Purpose, derived_keys

KEPT_SECONDS = 3600
"""How long a session lasts."""

_Model = TypeVar("_Model", bound=BaseModel)


class CookieEncryption:
    """Encrypts with the first of the `secrets`, and decrypts with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = derived_keys(Purpose.CONNECT_SESSION, secrets)
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])

    def encrypt(self, content: BaseModel) -> str:
        """The encrypted content as text for cookies and URLs, slightly longer than its JSON."""
        return self._fernet.encrypt(zlib.compress(content.model_dump_json().encode(), 9)).decode()

    def decrypt(self, model: type[_Model], sealed: str) -> _Model | None:
        """The content; None if it was not encrypted here, or is too old."""
        try:
            content = self._fernet.decrypt(sealed.encode(), ttl=KEPT_SECONDS)
            return model.model_validate_json(zlib.decompress(content))
        except (InvalidToken, ValidationError, UnicodeError, zlib.error):
            return None

    def made_at(self, sealed: str) -> int:
        """When the content was encrypted, as Unix time; 0 if that was not here."""
        try:
            return self._fernet.extract_timestamp(sealed.encode())
        except (InvalidToken, UnicodeError):
            return 0


_PREFIX = "minutekeeper-"

_SESSION = _PREFIX + "connect-{ticket}"

_GRANT = _PREFIX + "grant-{ticket}"

_ACCOUNT = "of"

_LONGEST_COOKIE = 4096
"""The longest cookie that browsers accept, including its name and attributes."""

_MOST_TOGETHER = 6000
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
        return ticket_for(self.state)


class OAuthGrant(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_token: str = Field(repr=False)


class ConnectedAccount(BaseModel):
    """What the success page shows: the user, the account and the calendar."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    account: str
    calendar: str


def ticket_for(state: str) -> str:
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()[:32]


class SessionCookies:
    """Sets and reads the session cookies, and encrypts what the success page shows.

    Cookies are limited to the path of the connect pages and are not readable by scripts.
    """

    def __init__(self, seals: CookieEncryption, public_url: str) -> None:
        self._seals = seals
        parts = urlsplit(public_url)
        self._secure = parts.scheme == "https"
        self._path = f"{parts.path}/connect"

    def connected_account(self, request: web.Request) -> ConnectedAccount | None:
        return self._seals.decrypt(ConnectedAccount, request.query.get(_ACCOUNT, ""))

    def done_path(self, platform: str, arrival: ConnectedAccount) -> str:
        return f"/connect/done/{platform}?{_ACCOUNT}={self._seals.encrypt(arrival)}"

    def session(self, request: web.Request, ticket: str, state: str | None = None) -> OAuthSession:
        """The session of this id; if `state` is given, it must match. Raises ConnectError."""
        sealed = request.cookies.get(_SESSION.format(ticket=ticket), "")
        journey = self._seals.decrypt(OAuthSession, sealed)
        if journey is None or not hmac.compare_digest(journey.session_id.encode(), ticket.encode()):
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        if state is not None and not hmac.compare_digest(journey.state.encode(), state.encode(errors="replace")):
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        return journey

    def grant(self, request: web.Request, ticket: str) -> OAuthGrant:
        """Raises ConnectError."""
        grant = self._seals.decrypt(OAuthGrant, request.cookies.get(_GRANT.format(ticket=ticket), ""))
        if grant is None:
            raise ConnectError(ConnectErrorCode.SESSION_LOST)
        return grant

    def keep_session(self, request: web.Request, response: web.StreamResponse, journey: OAuthSession) -> None:
        self._keep(request, response, _SESSION.format(ticket=journey.session_id), journey)

    def keep_grant(
        self, request: web.Request, response: web.StreamResponse, ticket: str, grant: OAuthGrant
    ) -> None:
        """Stores the grant. Raises ConnectError if it is too long for a cookie."""
        self._keep(request, response, _GRANT.format(ticket=ticket), grant)

    def forget(self, response: web.StreamResponse, ticket: str) -> None:
        for name in (_SESSION, _GRANT):
            response.del_cookie(name.format(ticket=ticket), path=self._path)

    def forget_unreadable(self, request: web.Request, response: web.StreamResponse) -> None:
        """Deletes cookies that cannot be decrypted."""
        for name, sealed in _ours(request):
            if not self._seals.made_at(sealed):
                response.del_cookie(name, path=self._path)

    def _keep(self, request: web.Request, response: web.StreamResponse, name: str, content: BaseModel) -> None:
        response.set_cookie(
            name,
            self._seals.encrypt(content),
            max_age=KEPT_SECONDS,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        cookie = response.cookies[name]
        if (length := len(cookie.OutputString())) > _LONGEST_COOKIE:
            raise ConnectError(ConnectErrorCode.UNAVAILABLE, why=f"a cookie would have {length} bytes")
        self._make_room(request, response, name, len(name) + len(cookie.value))

    def _make_room(self, request: web.Request, response: web.StreamResponse, name: str, used: int) -> None:
        """Deletes the oldest sessions if there are too many in one browser; those have to begin again."""
        ticket = name.rpartition("-")[2]
        used += sum(len(other) + len(value) for other, value in request.cookies.items() if not _is_ours(other))
        others = [each for each in _ours(request) if not each[0].endswith(ticket)]
        for other, sealed in sorted(others, key=lambda each: self._seals.made_at(each[1]), reverse=True):
            used += len(other) + len(sealed)
            if used > _MOST_TOGETHER or not self._seals.made_at(sealed):
                response.del_cookie(other, path=self._path)


def _ours(request: web.Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.cookies.items() if _is_ours(name)]


def _is_ours(name: str) -> bool:
    return name.startswith(_PREFIX)
