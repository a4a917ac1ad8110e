"""What each operation of the API does: it calls the client, and turns its answer into the API's."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import quote

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.views import MeetingView
from starter import messages
from starter.client import MeetingClient
from starter.errors import MeetingError, NoWorkerError
from starter.inputs import parse_input
from starter.meeting_models import BookedMeeting, KnownFrom, MeetingSummary
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
    MeetingsQuery,
    MoveMeeting,
    StopMeeting,
    WaitQuery,
)
from web.api.problems import ProblemCode, ProblemError, invalid_fields, problem_for

MEETINGS = "/api/v1/meetings"
_LOOK_EVERY_SECONDS = 1.0
_BOOKED_AT_ONCE = 10
_DEEPEST_PAGE = 10_000


class ApiRequest(NamedTuple):
    """A request that was checked.

    `subject` is the meeting or calendar of the address, `part` the file or event of it, `known` the revision that
    the caller has already.
    """

    subject: str
    part: str
    query: Any
    body: Any
    known: str


class ApiResponse(NamedTuple):
    """What is answered; without a body for 304."""

    body: BaseModel | None
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


Handle = Callable[[ApiRequest], Awaitable[ApiResponse | web.StreamResponse]]


@dataclass(frozen=True)
class MeetingHandlers:
    """The operations on meetings. `connected` returns the client, or raises a ProblemError."""

    connected: Callable[[], Awaitable[MeetingClient]]
    wake_up: Any

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
        offset, last = _position(query.cursor)
        client = await self.connected()
        found = await client.list(
            status=query.status,
            title=query.title,
            starts_from=query.starts_from,
            starts_before=query.starts_before,
            platform=query.platform,
            metadata=query.metadata,
            reason=query.reason,
            calendar=query.calendar,
            limit=offset + query.limit + 1,
        )
        begin = _after(found, offset, last)
        page, rest = found[begin : begin + query.limit], found[begin + query.limit :]
        cursor = _cursor(begin + len(page), page[-1].workflow_id) if rest and page else None
        return ApiResponse(MeetingPage(items=tuple(page), next_cursor=cursor))

    async def show(self, request: ApiRequest) -> ApiResponse:
        """Answers 304 by what Temporal knows without a query; waits for a change if the caller asks for that."""
        client = await self.connected()
        query: WaitQuery = request.query
        until = asyncio.get_running_loop().time() + query.wait
        tag, progress = await _tag(client, request.subject)
        while request.known and request.known == tag:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return ApiResponse(None, 304, {hdrs.ETAG: f'"{tag}"'})
            await asyncio.sleep(min(left, _LOOK_EVERY_SECONDS))
            tag, progress = await _tag(client, request.subject)
        detail = await _detail(client, request.subject, progress)
        shown = tag if detail.complete else f"{tag}-incomplete"
        return ApiResponse(detail, headers={hdrs.ETAG: f'"{shown}"'})

    async def why(self, request: ApiRequest) -> ApiResponse:
        client = await self.connected()
        view, known_from, pending = await client.details(request.subject)
        sentences = [messages.state_sentence(view), *messages.explanation(view, pending)]
        known = {name: getattr(view, name) for name in ("status", "reason", "evidence", "timeline")}
        return ApiResponse(MeetingExplanation(explanation=" ".join(sentences), known_from=known_from, **known))

    async def move(self, request: ApiRequest) -> ApiResponse:
        given: MoveMeeting = request.body
        client = await self.connected()
        change = parse_input(Reschedule, given.model_dump())
        return _changed(await client.reschedule(request.subject, change))

    async def cancel(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self.connected()).cancel(request.subject, stop.why))

    async def leave(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self.connected()).leave(request.subject, stop.why))

    async def send(self, request: ApiRequest) -> ApiResponse:
        stop: StopMeeting = request.body
        return _changed(await (await self.connected()).send_bot(request.subject, stop.why))

    async def collect(self, request: ApiRequest) -> ApiResponse:
        given: CollectMeeting = request.body
        client = await self.connected()
        return _changed(await client.collect(request.subject, retranscribe=given.retranscribe))

    async def ready(self, _: ApiRequest) -> ApiResponse:
        try:
            is_ready = await (await self.connected()).is_ready()
        except MeetingError:
            is_ready = False
        return ApiResponse(HealthReport(ok=is_ready, temporal=is_ready), 200 if is_ready else 503)

    async def alive(self, _: ApiRequest) -> ApiResponse:
        return ApiResponse(HealthReport(ok=True))

    async def _book(self, given: BookMeeting) -> BookedDetail:
        fields = given.model_dump(exclude={"id"}) | {"wake_up": self.wake_up}
        client = await self.connected()
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


async def _tag(client: MeetingClient, meeting: str) -> tuple[str, DownloadProgress | None]:
    """What differs after every event, and the progress of a download."""
    activity = await client.activity(meeting)
    run, length = activity.revision
    return f"{run}-{length}", activity.progress


async def _detail(client: MeetingClient, meeting: str, progress: DownloadProgress | None) -> MeetingDetail:
    try:
        view, known_from, pending = await client.details(meeting)
    except NoWorkerError:
        view = await client.snapshot(meeting)
        return MeetingDetail(**dict(view), known_from=KnownFrom.TEMPORAL, complete=False)
    return MeetingDetail(
        **dict(view), known_from=known_from, complete=bool(view.timeline), pending=pending, download=progress
    )


def _cursor(offset: int, last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([offset, last]).encode()).decode().rstrip("=")


def _position(cursor: str) -> tuple[int, str]:
    """How many meetings a cursor has behind it, and the last of them. Raises ProblemError."""
    if not cursor:
        return 0, ""
    try:
        offset, last = json.loads(base64.urlsafe_b64decode(f"{cursor}{'=' * (-len(cursor) % 4)}"))
    except (ValueError, TypeError, binascii.Error):
        offset, last = None, None
    if not isinstance(offset, int) or not isinstance(last, str) or not 0 < offset <= _DEEPEST_PAGE:
        raise ProblemError(ProblemCode.INVALID_REQUEST, "cursor: it is none that this API has given out")
    return offset, last


def _after(found: list[MeetingSummary], offset: int, last: str) -> int:
    """Where the page begins: after the last meeting of the one before, wherever that has moved meanwhile."""
    place = next((number for number, each in enumerate(found) if each.workflow_id == last), offset - 1)
    return place + 1 if offset else 0
