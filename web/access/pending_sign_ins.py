"""What a browser keeps in a cookie while its user is at the OpenID provider."""

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose
from web.access.openid import PendingSignIn
from web.access.sessions import PageCookies

_NAME = "minutekeeper-sign-in"
_LIFETIME = timedelta(minutes=10)


class PendingSignIns:
    """One for each browser: the last sign-in that was begun is the one that can be finished."""

    def __init__(self, secrets: Sequence[str], cookies: PageCookies) -> None:
        self._encryption = CookieEncryption(Purpose.PAGE_SIGN_IN, secrets, int(_LIFETIME.total_seconds()))
        self._cookies = cookies

    def keep(self, response: web.StreamResponse, pending: PendingSignIn) -> None:
        self._cookies.set(response, _NAME, self._encryption.encrypt(pending), _LIFETIME)

    def find(self, request: web.Request) -> PendingSignIn | None:
        return self._encryption.decrypt(PendingSignIn, self._cookies.get(request, _NAME))

    def drop(self, response: web.StreamResponse) -> None:
        self._cookies.delete(response, _NAME)
