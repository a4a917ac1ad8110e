"""Decides who a request comes from, and whether they may do what it asks for."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import hdrs, web

from web.access.public_address import SIGN_IN_ROUTE, PublicAddress
from web.access.roles import Role
from web.access.sessions import FormTokens, PageSession, PageSessions
from web.access.trusted_proxy import TrustedProxy
from web.access.visitor import Visitor
from web.page_error import PageError, SignInNeededError

_BINDING = re.compile(r"[A-Za-z0-9_-]{32}")
_LONGEST_STREAM = timedelta(hours=1)
"""After this a stream ends, so that its browser comes back and is asked again who it is."""


class Visit(NamedTuple):
    """Who makes a request. `binding` is what the form tokens of this browser are bound to, `is_new` while unset."""

    visitor: Visitor
    session: PageSession | None
    binding: str
    is_new: bool = False

    @property
    def form_binding(self) -> str:
        """The binding with the person's name, so that a token of one person is none of another."""
        return f"{self.binding} {self.visitor.name}"


class PageGate:
    """Knows visitors by what a trusted proxy says, and where none does, by their sessions."""

    def __init__(
        self, address: PublicAddress, sessions: PageSessions, forms: FormTokens, proxy: TrustedProxy | None = None
    ) -> None:
        self._address = address
        self._proxy = proxy
        self._sessions = sessions
        self._forms = forms

    def visit(self, request: web.Request) -> Visit:
        """Who a request comes from. Raises PageError for a wrong host, or a proxy that is not trusted."""
        self._address.origin(request)
        named = self._proxy.visitor(request) if self._proxy else None
        if named is None and (session := self._sessions.find(request)) is not None:
            return Visit(session.visitor, session, session.session_id)
        kept = self._sessions.form_binding(request)
        is_kept = _BINDING.fullmatch(kept) is not None
        return Visit(named or Visitor(), None, kept if is_kept else secrets.token_urlsafe(24), not is_kept)

    def admit(self, visit: Visit, role: Role) -> None:
        """Raises PageError for a visitor without the role, SignInNeededError for one who is not known."""
        if visit.visitor.may(role):
            return
        if not visit.visitor.name:
            raise SignInNeededError
        raise PageError(
            403,
            "Your role does not allow this",
            f"This needs the role {role.word}; {visit.visitor.name} has the role {visit.visitor.role.word}.",
            "Ask the people who run this service for it.",
        )

    def form_token(self, visit: Visit) -> str:
        return self._forms.token(visit.form_binding)

    def check_form(self, request: web.Request, visit: Visit, token: str) -> None:
        """Raises PageError for a form that another site sent, or that was made for another session."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get(hdrs.ORIGIN)
        # A browser sends `null` instead of the origin where a page forbids referrers, as ours do.
        ours = {None, self._address.origin(request)} | ({"null"} if site == "same-origin" else set())
        if site not in {None, "same-origin"} or origin not in ours:
            raise PageError(403, "This form came from another site", "Nothing was changed.")
        if visit.is_new or not self._forms.is_valid(visit.form_binding, token):
            raise PageError(
                403,
                "This form is out of date",
                "It was made for another session. Nothing was changed: open the page again and send it from there.",
            )

    def keep_binding(self, response: web.StreamResponse, visit: Visit) -> None:
        """Has the browser keep what its form tokens are bound to, unless it does already."""
        if visit.is_new and not response.prepared:
            self._sessions.bind_forms(response, visit.binding)

    async def wait_ended(self, visit: Visit) -> None:
        """Returns when nothing more may be sent to the visitor without asking again."""
        latest = datetime.now(UTC) + _LONGEST_STREAM
        session = visit.session
        await self._sessions.wait_ended(
            session.session_id if session else "", min(session.ends_at, latest) if session else latest
        )


def sign_in_address(request: web.Request) -> str:
    """The sign-in page, from which the visitor is led back."""
    return f"{SIGN_IN_ROUTE}?next={quote(request.path_qs, safe='/')}"
