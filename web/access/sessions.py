"""Sessions of visitors, each in an encrypted cookie of its own, and the tokens of their forms.

The keys are derived from BRIDGE_SECRET, because every installation has it, with the one before for its rotation,
and each purpose has a key of its own. Nothing is stored, so that any process of the pages knows every session; that
a session was ended before its time is known to the process that ended it.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose, signer
from web.access.visitor import Visitor

SESSION_LIFETIME = timedelta(hours=12)

_SESSION = "minutekeeper-session"
_FORM = "minutekeeper-form"
_HOST_PREFIX = "__Host-"
"""Browsers take such a cookie only with Secure, for all paths, and from this host itself."""


class PageSession(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    session_id: str
    visitor: Visitor
    ends_at: AwareDatetime

    @classmethod
    def begin(cls, visitor: Visitor) -> Self:
        """A session with an id of its own, which was in no cookie before."""
        return cls(
            session_id=secrets.token_urlsafe(24), visitor=visitor, ends_at=datetime.now(UTC) + SESSION_LIFETIME
        )


class PageCookies:
    """Sets and reads cookies that no script can read. `is_secure` says whether the pages are reached over https."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure

    def get(self, request: web.Request, name: str) -> str:
        """The value of a cookie; empty without one."""
        return request.cookies.get(self._full(name), "")

    def set(self, response: web.StreamResponse, name: str, value: str, lifetime: timedelta) -> None:
        seconds = int(lifetime.total_seconds())
        response.set_cookie(self._full(name), value, max_age=seconds, **self._attributes())

    def delete(self, response: web.StreamResponse, name: str) -> None:
        response.del_cookie(self._full(name), **self._attributes())

    def _full(self, name: str) -> str:
        return f"{_HOST_PREFIX}{name}" if self._is_secure else name

    def _attributes(self) -> dict[str, Any]:
        return {"path": "/", "secure": self._is_secure, "httponly": True, "samesite": "Lax"}


class PageSessions:
    """Sets, reads and ends sessions."""

    def __init__(self, secrets: Sequence[str], cookies: PageCookies) -> None:
        lifetime = int(SESSION_LIFETIME.total_seconds())
        self._encryption = CookieEncryption(Purpose.PAGE_SESSION, secrets, lifetime)
        self._cookies = cookies
        self._ended: dict[str, datetime] = {}
        self._followers: dict[str, set[asyncio.Event]] = {}

    def find(self, request: web.Request) -> PageSession | None:
        """The session of a request, if it has one that has not ended."""
        session = self._encryption.decrypt(PageSession, self._cookies.get(request, _SESSION))
        if session is None or session.ends_at <= datetime.now(UTC) or session.session_id in self._ended:
            return None
        return session

    def begin(self, response: web.StreamResponse, visitor: Visitor) -> None:
        session = PageSession.begin(visitor)
        self._cookies.set(response, _SESSION, self._encryption.encrypt(session), SESSION_LIFETIME)

    def end(self, response: web.StreamResponse, session: PageSession | None) -> None:
        """Deletes the cookie, and ends what this process sends to the session."""
        self._cookies.delete(response, _SESSION)
        if session is None:
            return
        now = datetime.now(UTC)
        self._ended = {each: end for each, end in self._ended.items() if end > now}
        self._ended[session.session_id] = session.ends_at
        for follower in self._followers.pop(session.session_id, ()):
            follower.set()

    async def wait_ended(self, session_id: str, ends_at: datetime) -> None:
        """Returns when a session has ended, by its time or by signing out."""
        ended = asyncio.Event()
        followers = self._followers.setdefault(session_id, set())
        followers.add(ended)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout((ends_at - datetime.now(UTC)).total_seconds()):
                    await ended.wait()
        finally:
            followers.discard(ended)
            if not followers and self._followers.get(session_id) is followers:
                del self._followers[session_id]

    def form_binding(self, request: web.Request) -> str:
        """What the form tokens of a browser without a session are bound to; empty if it has none yet."""
        return self._cookies.get(request, _FORM)

    def bind_forms(self, response: web.StreamResponse, binding: str) -> None:
        self._cookies.set(response, _FORM, binding, SESSION_LIFETIME)


class FormTokens:
    """Makes and checks the tokens that prove a form to come from a page that we made for the same browser."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._signer = signer(Purpose.PAGE_FORM, secrets)

    def token(self, binding: str) -> str:
        return self._signer.get_signature(binding).decode()

    def is_valid(self, binding: str, token: str) -> bool:
        return bool(binding) and self._signer.verify_signature(binding, token)
