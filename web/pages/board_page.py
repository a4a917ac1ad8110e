"""The board: the page that visitors see first."""

from aiohttp import hdrs
from markupsafe import Markup

from web.access.roles import Role
from web.pages.board_reader import BoardReader, BoardReading
from web.pages.live import LivePage, live_elements
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, render_fragment, render_page

_FRAGMENTS = ("state", "chores", "running", "coming", "done", "reasons")

BOARD = "board"
"""The kind of page, as its stream is asked for."""


class BoardPage:
    def __init__(self, reader: BoardReader) -> None:
        self._reader = reader
        self._rendered: tuple[BoardReading, dict[str, Markup]] | None = None

    def routes(self) -> list[PageRoute]:
        return [PageRoute(hdrs.METH_GET, "/", self.show, Role.LOOK)]

    async def show(self, request: PageRequest) -> PageResponse:
        frame = PageFrame("/", request.visitor.name, request.form_token, BOARD)
        values = {"fragments": live_elements(await self._fragments()), "may_book": request.visitor.may(Role.STEER)}
        return PageResponse(render_page("board.html", frame, values))

    def live(self, _: PageRequest, __: str) -> LivePage:
        """What is kept up to date: all of it, whichever meeting changes."""
        return LivePage(self._fragments, lambda _: True, is_timed=True)

    async def _fragments(self) -> dict[str, Markup]:
        """Rendered once for all who look at the same reading."""
        reading = await self._reader.read()
        if self._rendered is None or self._rendered[0] is not reading:
            made = {name: render_fragment("board_parts.html", name, reading=reading) for name in _FRAGMENTS}
            self._rendered = reading, made
        return self._rendered[1]
