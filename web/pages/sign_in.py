"""The pages on which visitors sign in and out."""

from dataclasses import dataclass

from aiohttp import hdrs, web

from minutekeeper.page_links import PAGE_LINK_ROUTE
from web.access.openid import CALLBACK_ROUTE, OpenIdSignIn
from web.access.page_link_use import PageLinks
from web.access.pending_sign_ins import PendingSignIns
from web.access.public_address import SIGN_IN_ROUTE, PublicAddress, own_path
from web.access.roles import Role
from web.access.sessions import PageSessions
from web.access.visitor import Visitor
from web.page_error import PageError
from web.pages.messages import PageButton, message_page
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import PageFrame


@dataclass(frozen=True, kw_only=True)
class SignInPages:
    """`links` are the one-time links of `minutekeeper page-link`; `openid` is None if no provider is set up."""

    address: PublicAddress
    sessions: PageSessions
    links: PageLinks
    openid: OpenIdSignIn | None
    pending: PendingSignIns
    has_proxy: bool

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute(hdrs.METH_GET, SIGN_IN_ROUTE, self.begin, Role.NONE),
            PageRoute(hdrs.METH_GET, CALLBACK_ROUTE, self.finish, Role.NONE),
            PageRoute(hdrs.METH_GET, PAGE_LINK_ROUTE, self.show_link, Role.NONE),
            PageRoute(hdrs.METH_POST, PAGE_LINK_ROUTE, self.use_link, Role.NONE),
            PageRoute(hdrs.METH_POST, "/sign-out", self.sign_out, Role.NONE),
        ]

    async def begin(self, request: PageRequest) -> web.StreamResponse:
        """Leads to the provider, or says how one gets in."""
        next_path = own_path(request.http.query.get("next", "/"))
        if request.visitor.name:
            return see_other(next_path)
        if self.openid is None:
            return PageResponse(message_page("The pages are closed", self._how_to_open()), status=403)
        there, pending = await self.openid.begin(self.address.origin(request.http), next_path)
        response = see_other(there)
        self.pending.keep(response, pending)
        return response

    async def finish(self, request: PageRequest) -> web.StreamResponse:
        """Begins a session for whom the provider names; what the browser kept is used up in any case."""
        pending = self.pending.find(request.http)
        try:
            if self.openid is None:
                raise web.HTTPNotFound
            visitor = await self.openid.finish(self.address.origin(request.http), request.http.query, pending)
        except PageError as error:
            again = PageButton("Sign in", SIGN_IN_ROUTE)
            response: web.StreamResponse = PageResponse(
                message_page(error.title, error.sentences, step=again), status=error.status
            )
        else:
            response = self._signed_in(visitor, request, pending.next_path if pending else "/")
        self.pending.drop(response)
        return response

    async def show_link(self, request: PageRequest) -> web.StreamResponse:
        """Asks before the link is used, because programs that look at links beforehand would use it up."""
        token = request.http.query.get("token", "")
        self.links.check(token)
        step = PageButton("Sign in", PAGE_LINK_ROUTE, sends=True, fields={"token": token})
        frame = PageFrame(here="", form_token=request.form_token)
        return PageResponse(message_page("Sign in as admin", ("This link works once.",), frame, step))

    async def use_link(self, request: PageRequest) -> web.StreamResponse:
        return self._signed_in(await self.links.use(request.form.get("token", "")), request, "/")

    async def sign_out(self, request: PageRequest) -> web.StreamResponse:
        session = self.sessions.find(request.http)
        if session is None and request.visitor.name:
            raise PageError(409, "Your proxy signs you in", "Sign out there.")
        sentence = "Your account may still be signed in at the sign-in service."
        step = PageButton("Sign in", SIGN_IN_ROUTE)
        response = PageResponse(message_page("You are signed out", (sentence,) if self.openid else (), step=step))
        self.sessions.end(response, session)
        return response

    def _signed_in(self, visitor: Visitor, request: PageRequest, next_path: str) -> web.StreamResponse:
        """Leads on with a new session; one that the browser had before ends."""
        response = see_other(next_path)
        self.sessions.end(response, self.sessions.find(request.http))
        self.sessions.begin(response, visitor)
        return response

    def _how_to_open(self) -> tuple[str, ...]:
        link = "`minutekeeper page-link` prints a link that signs in once."
        if self.has_proxy:
            return ("Open them through the proxy, which says who you are.", link)
        set_up = (
            "The people who run this service have to set MINUTEKEEPER_OIDC_ISSUER, or a proxy that says who visits."
        )
        return (
            "No way to sign in is set up.",
            set_up,
            f"Until then, {link} It needs the BRIDGE_SECRET of this process.",
        )
