"""The list of meetings, with its conditions in the address."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, NamedTuple

from aiohttp import hdrs

from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import Outcome
from starter.client import MeetingClient
from starter.errors import MeetingError
from starter.meeting_models import MeetingSummary
from web.access.roles import Role
from web.page_error import PageError
from web.pages.meeting_query import (
    PLATFORMS,
    ListQueryError,
    MeetingListQuery,
    read_list_query,
)
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, render_page
from web.pages.words import REASON_WORDS, STATUS_WORDS

PAGE_SIZE = 50
_AT_ONCE = 10
_SCANS_AT_ONCE = 2
"""Lists with conditions that are made at a time."""
_SCAN_PATIENCE_SECONDS = 10.0
_SHOWN_STATUSES = (
    MeetingStatus.SCHEDULED,
    MeetingStatus.WAITING_ROOM,
    MeetingStatus.RECORDING,
    MeetingStatus.COLLECTING,
    MeetingStatus.COMPLETED,
    MeetingStatus.FAILED,
    MeetingStatus.CANCELLED,
)
_PLATFORM_NAMES = {"google_meet": "Google Meet", "microsoft_teams": "Microsoft Teams", "zoom": "Zoom"}


class MeetingRow(NamedTuple):
    """One line: the meeting, and why it failed if it did."""

    meeting: MeetingSummary
    reason: FailureReason | None


class MeetingListPage:
    """`connected` returns the client. Raises MeetingError."""

    def __init__(self, connected: Callable[[], Awaitable[MeetingClient]]) -> None:
        self._connected = connected
        self._scans = asyncio.Semaphore(_SCANS_AT_ONCE)

    def routes(self) -> list[PageRoute]:
        return [PageRoute(hdrs.METH_GET, "/meetings", self.show, Role.LOOK)]

    async def show(self, request: PageRequest) -> PageResponse:
        try:
            query = read_list_query(request.http.query)
        except ListQueryError as error:
            return _page(request, error.given, errors=error.errors, status=422)
        # Conditions that few meetings meet have all records read, which would slow down everyone else.
        async with self._scan() if query.given else nullcontext():
            rows, has_more = await self._rows(query)
        following = query.address(page=str(query.page + 1)) if has_more else ""
        first = query.address(page="") if query.page > 1 else ""
        return _page(request, query.given, query=query, rows=rows, following=following, first=first)

    @asynccontextmanager
    async def _scan(self) -> AsyncIterator[None]:
        """Waits for its turn. Raises PageError if that does not come."""
        try:
            async with asyncio.timeout(_SCAN_PATIENCE_SECONDS):
                await self._scans.acquire()
        except TimeoutError:
            text = "Other lists with conditions are being made. Try again in a moment."
            raise PageError(503, "This list has to wait", text) from None
        try:
            yield
        finally:
            self._scans.release()

    async def _rows(self, query: MeetingListQuery) -> tuple[list[MeetingRow], bool]:
        """The meetings of the page, and whether there are more."""
        client = await self._connected()
        conditions = query.conditions
        begin, end = PAGE_SIZE * (query.page - 1), PAGE_SIZE * query.page
        found = await client.list(
            status=conditions.status,
            title=conditions.title,
            starts_from=conditions.starts_from,
            starts_before=conditions.starts_before,
            platform=conditions.platform,
            metadata=conditions.metadata,
            reason=query.reasons,
            calendar=conditions.calendar,
            limit=end + 1,
        )
        return await _with_reasons(client, found[begin:end]), len(found) > end


async def _with_reasons(client: MeetingClient, meetings: Sequence[MeetingSummary]) -> list[MeetingRow]:
    """The results of failed meetings say why; none of them is asked for by a query."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(meeting: MeetingSummary) -> MeetingRow:
        # One that failed may still run, to fetch what there is, and has no result until it ends.
        if meeting.status is not MeetingStatus.FAILED or meeting.closed_at is None:
            return MeetingRow(meeting, None)
        async with slots:
            try:
                outcome: Outcome = await client.wait(meeting.workflow_id)
            except MeetingError:
                return MeetingRow(meeting, None)
        return MeetingRow(meeting, outcome.reason)

    return list(await asyncio.gather(*map(one, meetings)))


def _page(  # noqa: PLR0913 - what the template needs
    request: PageRequest,
    given: Mapping[str, str],
    *,
    query: MeetingListQuery | None = None,
    rows: Sequence[MeetingRow] = (),
    errors: Mapping[str, str] | None = None,
    first: str = "",
    following: str = "",
    status: int = 200,
) -> PageResponse:
    values: dict[str, Any] = {
        "given": given,
        "query": query,
        "rows": rows,
        "errors": errors or {},
        "first": first,
        "following": following,
        "statuses": [("", "Any state"), *((each.value, STATUS_WORDS[each]) for each in _SHOWN_STATUSES)],
        "reasons": [("", "Any reason"), *((each.value, REASON_WORDS[each]) for each in FailureReason)],
        "platforms": [
            ("", "All"),
            *((each.value, _PLATFORM_NAMES.get(each.value, each.value)) for each in PLATFORMS),
        ],
        "may_book": request.visitor.may(Role.STEER),
    }
    frame = PageFrame("/meetings", request.visitor.name, request.form_token)
    return PageResponse(render_page("meetings.html", frame, values), status=status)
