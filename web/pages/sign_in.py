"""The pages on which visitors sign in and out."""

from aiohttp import hdrs, web

from minutekeeper.page_links import PAGE_LINK_ROUTE
from web.access.page_link_use import PageLinks
from web.access.roles import Role
from web.access.sessions import PageSessions
from web.pages.messages import PageButton, message_page
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import PageFrame


class SignInPages:
    """`links` are the one-time links that `minutekeeper page-link` makes."""

    def __init__(self, sessions: PageSessions, links: PageLinks) -> None:
        self._sessions = sessions
        self._links = links

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute(hdrs.METH_GET, "/sign-in", self.show, Role.NONE),
            PageRoute(hdrs.METH_GET, PAGE_LINK_ROUTE, self.show_link, Role.NONE),
            PageRoute(hdrs.METH_POST, PAGE_LINK_ROUTE, self.use_link, Role.NONE),
            PageRoute(hdrs.METH_POST, "/sign-out", self.sign_out, Role.NONE),
        ]

    async def show(self, _: PageRequest) -> web.StreamResponse:
        """How one signs in."""
        sentences = (
            "No way to sign in is set up yet.",
            "`minutekeeper page-link`, run where BRIDGE_SECRET is set, prints a link that signs in once.",
        )
        return PageResponse(message_page("The pages are closed", sentences), status=403)

    async def show_link(self, request: PageRequest) -> web.StreamResponse:
        """Asks before the link is used, because programs that look at links beforehand would use it up."""
        token = request.http.query.get("token", "")
        self._links.check(token)
        step = PageButton("Sign in", PAGE_LINK_ROUTE, sends=True, fields={"token": token})
        frame = PageFrame(here="", form_token=request.form_token)
        return PageResponse(message_page("Sign in as admin", ("This link works once.",), frame, step))

    async def use_link(self, request: PageRequest) -> web.StreamResponse:
        visitor = await self._links.use(request.form.get("token", ""))
        response = see_other("/")
        self._sessions.begin(response, visitor)
        return response

    async def sign_out(self, request: PageRequest) -> web.StreamResponse:
        response = PageResponse(message_page("You are signed out", ()))
        self._sessions.end(response, self._sessions.find(request.http))
        return response
