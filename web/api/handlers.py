"""What each operation of the API does: it calls the client, and turns its answer into the API's."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.dispatch_timing import DispatchTiming
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.views import MeetingView
from starter import messages
from starter.errors import MeetingError
from starter.inputs import parse_input
from starter.meeting_models import BookedMeeting, KnownFrom
from web.api.cursors import cursor_of, position_of
from web.api.models import (
    BatchItem,
    BatchResult,
    BookedDetail,
    BookMeeting,
    BookMeetings,
    CollectMeeting,
    HealthReport,
    MeetingDetail,
    MeetingExplanation,
    MeetingPage,
    MoveMeeting,
    StopMeeting,
    WaitQuery,
)
from web.api.problems import invalid_fields, problem_for
from web.api.waiting import WaitingRequests
from web.meeting_reads import Connected, MeetingReads
from web.meetings_query import MeetingsQuery

MEETINGS = "/api/v1/meetings"
_LOOK_EVERY_SECONDS = 1.0
_BOOKED_AT_ONCE = 10


class ApiRequest(NamedTuple):
    """A request that was checked.

    `key` is the id of its key; empty where none is needed. `subject` is the meeting or calendar of the address,
    `part` the file or event of it, `known` the revision that the caller has already. `is_admitted` tells later
    whether its key is still valid.
    """

    key: str

    subject: str
    part: str
    query: Any
    body: Any
    known: str
    http: web.Request
    is_admitted: Callable[[], bool]


class ApiResponse(NamedTuple):
    """What is answered; without a body for 304."""

    body: BaseModel | None
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


Handle = Callable[[ApiRequest], Awaitable[ApiResponse | web.StreamResponse]]


class MeetingHandlers:
    """The operations on meetings. `connected` returns the client, or raises TemporalUnreachableError."""

    def __init__(self, connected: Connected, wake_up: DispatchTiming) -> None:
        self._connected = connected
        self._wake_up = wake_up
        self._reads = MeetingReads(connected)
        self._waiting = WaitingRequests()

    async def book(self, request: ApiRequest) -> ApiResponse:
        booked = await self._book(request.body)
        status = 200 if booked.booking not in {"booked", "booked_again"} else 201
        return ApiResponse(booked, status, {hdrs.LOCATION: booked.url})

    async def book_batch(self, request: ApiRequest) -> ApiResponse:
        given: BookMeetings = request.body
        slots = asyncio.Semaphore(_BOOKED_AT_ONCE)

        async def one(fields: object) -> BatchItem:
            async with slots:
                try:
                    return BatchItem(meeting=await self._book(BookMeeting.model_validate(fields)))
                except ValidationError as error:
                    problem = invalid_fields(error)
                except MeetingError as error:
                    problem = problem_for(error)
                return BatchItem(problem=problem.problem)

        return ApiResponse(BatchResult(results=tuple(await asyncio.gather(*map(one, given.meetings)))))

    async def list(self, request: ApiRequest) -> ApiResponse:
        query: MeetingsQuery = request.query
        page = await self._reads.page(query.filters, query.limit, position_of(query.cursor))
        cursor = cursor_of(page.end) if page.end else None
        return ApiResponse(MeetingPage(items=page.meetings, next_cursor=cursor, complete=page.is_complete))

    async def show(self, request: ApiRequest) -> ApiResponse:
        """Answers 304 by what Temporal knows without a query; waits for a change if the caller asks for that."""
        tag, progress = await self._reads.activity(request.subject)
        if request.known and request.known == tag and request.query.wait:
            with self._waiting.one_of(request.key):
                tag, progress = await self._next_activity(request)
        if request.known and request.known == tag:
            return ApiResponse(None, 304, {hdrs.ETAG: f'"{tag}"'})
        (view, known_from, pending), is_complete = await self._reads.details_without_worker(request.subject)
        detail = MeetingDetail(
            **dict(view), known_from=known_from, complete=is_complete, pending=pending, download=progress
        )
        shown = tag if is_complete else f"{tag}-incomplete"
        return ApiResponse(detail, headers={hdrs.ETAG: f'"{shown}"'})

    async def _next_activity(self, request: ApiRequest) -> tuple[str, DownloadProgress | None]:
        """Looks until something happens, the time is over, or the caller has hung up."""
        query: WaitQuery = request.query
        time = asyncio.get_running_loop().time
        until = time() + query.wait
        while True:
            await asyncio.sleep(max(min(until - time(), _LOOK_EVERY_SECONDS), 0))
            tag, progress = await self._reads.activity(request.subject)
            has_gone = request.http.transport is None or request.http.transport.is_closing()
            if tag != request.known or time() >= until or has_gone:
                return tag, progress

    async def why(self, request: ApiRequest) -> ApiResponse:
        view, known_from, pending = await self._reads.details(request.subject)
        sentences = [messages.state_sentence(view), *messages.explanation(view, pending)]
        known = {name: getattr(view, name) for name in ("status", "reason", "evidence", "timeline")}
        return ApiResponse(MeetingExplanation(explanation=" ".join(sentences), known_from=known_from, **known))

    async def move(self, request: ApiRequest) -> ApiResponse:
        given: MoveMeeting = request.body
        client = await self._connected()
        change = parse_input(Reschedule, given.model_dump())
        return _changed(await client.reschedule(request.subject, change))

    async def cancel(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self._connected()).cancel(request.subject, stop.why))

    async def leave(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self._connected()).leave(request.subject, stop.why))

    async def send(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self._connected()).send_bot(request.subject, stop.why))

    async def collect(self, request: ApiRequest) -> ApiResponse:
        given: CollectMeeting = request.body
        client = await self._connected()
        return _changed(await client.collect(request.subject, retranscribe=given.retranscribe))

    async def ready(self, _: ApiRequest) -> ApiResponse:
        try:
            is_ready = await (await self._connected()).is_ready()
        except MeetingError:
            is_ready = False
        return ApiResponse(HealthReport(ok=is_ready, temporal=is_ready), 200 if is_ready else 503)

    async def alive(self, _: ApiRequest) -> ApiResponse:
        return ApiResponse(HealthReport(ok=True))

    async def _book(self, given: BookMeeting) -> BookedDetail:
        fields = given.model_dump(exclude={"id"}) | {"wake_up": self._wake_up}
        client = await self._connected()
        return _booked(await client.start(parse_input(MeetingRequest, fields), given.id))


def _booked(booked: BookedMeeting) -> BookedDetail:
    return BookedDetail(
        meeting_id=booked.meeting_id,
        workflow_id=booked.workflow_id,
        booking=booked.booking,
        url=f"{MEETINGS}/{quote(booked.workflow_id, safe='')}",
        view=booked.view,
    )


def _changed(view: MeetingView) -> ApiResponse:
    return ApiResponse(MeetingDetail(**dict(view), known_from=KnownFrom.TEMPORAL, complete=bool(view.timeline)))
