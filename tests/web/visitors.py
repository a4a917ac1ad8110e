"""Visitors of the pages: the cookies by which a process with the tests' secret knows them."""

from collections.abc import Sequence

from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose
from tests.starter.support import SECRET
from web.access.roles import Role
from web.access.sessions import SESSION_LIFETIME, FormTokens, PageSession
from web.access.visitor import Visitor

COOKIE = "minutekeeper-session"


class SignedIn:
    """A visitor with a session: `cookies` for each request, and the `form_token` of their forms."""

    def __init__(self, role: Role, name: str = "anna@example.com", secrets: Sequence[str] = (SECRET,)) -> None:
        session = PageSession.begin(Visitor(name=name, role=role))
        encryption = CookieEncryption(Purpose.PAGE_SESSION, secrets, int(SESSION_LIFETIME.total_seconds()))
        self.cookies = {COOKIE: encryption.encrypt(session)}
        self.form_token = FormTokens(secrets).token(f"{session.session_id} {name}")
