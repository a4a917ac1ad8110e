"""The page that searches the transcripts of all meetings."""

from urllib.parse import urlencode

from aiohttp import hdrs, web

from minutekeeper.transcripts.search_query import MAX_QUERY_CHARACTERS
from starter.errors import MeetingInputError
from starter.transcript_search import MeetingHits, TranscriptHit, TranscriptMatches, TranscriptSearch
from web.access.roles import Role
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, meeting_path, render_page

_ADDRESS = "/search"
_MAX_DIGITS = 5


class SearchPages:
    """The search page. Who may not watch recordings may not search what was said in them either."""

    def __init__(self, search: TranscriptSearch) -> None:
        self._search = search

    def routes(self) -> list[PageRoute]:
        return [PageRoute(hdrs.METH_GET, _ADDRESS, self.show, Role.WATCH)]

    async def show(self, request: PageRequest) -> web.StreamResponse:
        query = request.http.query
        words, meeting = query.get("q", ""), query.get("meeting", "")
        page = int(given) if (given := query.get("page", "")).isdecimal() and len(given) <= _MAX_DIGITS else 1
        matches, error = None, ""
        if words.strip():
            try:
                matches = await self._search.find(words, meeting=meeting, page=page)
            except MeetingInputError as problem:
                error = str(problem)
        values = {
            "words": words,
            "meeting": meeting,
            "error": error,
            "matches": matches,
            "most": MAX_QUERY_CHARACTERS,
            "moment": moment_address,
            "all_of": lambda found: search_address(words, found.meeting_id),
            "everywhere": search_address(words),
            "first": search_address(words, meeting) if matches and page > 1 else "",
            "next": _next_address(words, meeting, matches),
        }
        frame = PageFrame(_ADDRESS, request.visitor.name, request.form_token)
        return PageResponse(render_page("search.html", frame, values), status=422 if error else 200)


def search_address(words: str, meeting: str = "", page: int = 1) -> str:
    """The address of a search."""
    fields = {"q": words} | ({"meeting": meeting} if meeting else {}) | ({"page": str(page)} if page > 1 else {})
    return f"{_ADDRESS}?{urlencode(fields)}"


def moment_address(meeting: MeetingHits, hit: TranscriptHit) -> str:
    """Where the recording opens at what was said."""
    fields = {"t": str(int(hit.start))} | ({"session": hit.recording} if hit.recording else {})
    return f"{meeting_path(meeting.meeting_id)}?{urlencode(fields)}"


def _next_address(words: str, meeting: str, matches: TranscriptMatches | None) -> str:
    if matches is None or matches.page >= matches.pages:
        return ""
    return search_address(words, meeting, matches.page + 1)
