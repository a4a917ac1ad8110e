"""The client for meetings over HTTP: the methods of MeetingClient, without a Temporal library."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel, Field

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptFormat, TranscriptState
from minutekeeper.meetings.views import MeetingView, Outcome
from starter.client import MeetingClient
from starter.errors import MeetingError, MeetingInputError, MeetingNotFoundError, NoSuchFileError, NoWorkerError
from starter.file_download import FileDownload
from starter.http_calls import HttpCalls
from starter.inputs import check_id
from starter.meeting_models import (
    BookedMeeting,
    KnownFrom,
    MeetingActivity,
    MeetingDetails,
    MeetingFiles,
    MeetingSummary,
    PendingActivity,
)

_MEETINGS = "/api/v1/meetings"
_LARGEST_PAGE = 200
_WAIT_SECONDS = 30
"""How long the API holds back its answer until something happens."""
_SHORT_WAIT_SECONDS = 5
_MOST_WAITS = 20
"""As many as the API takes from a key; further ones take turns."""

_NO_WORKER_PAUSE_SECONDS = 5.0
_TIMEOUT = timedelta(seconds=30)
_PATIENCE = timedelta(seconds=30)
_BOOKED_FIELDS = frozenset({"meeting_url", "start_time", "end_time", "title", "bot", "wanted", "metadata"})
_NO_WORKER = "No worker answers for this meeting, so it is only known as Temporal itself knows it."


_Summaries = list[MeetingSummary]
"""In the class below, `list` is a method."""


class _Detail(MeetingView):
    """A meeting as the API answers it."""

    known_from: KnownFrom = Field(validation_alias="from")
    complete: bool
    pending: tuple[PendingActivity, ...]
    download: DownloadProgress | None


class _Page(BaseModel):
    items: tuple[MeetingSummary, ...]
    next_cursor: str | None


class _Files(BaseModel):
    files: tuple[RecordedFile, ...]
    transcript: TranscriptState
    complete: bool


class _Answer(NamedTuple):
    """A meeting, and what is sent to hear only of what is newer."""

    detail: _Detail
    tag: str

    @property
    def is_incomplete(self) -> bool:
        return not self.detail.complete and not self.detail.status.is_final


class HttpMeetingClient(MeetingClient):
    """Meetings behind an HTTP API, as a context manager or until `aclose`.

    Requests that do no harm twice, bookings among them, are repeated for up to `patience` seconds where the API is
    busy or away. Beside the errors of MeetingClient, methods raise ApiUnreachableError, and KeyRefusedError.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: timedelta = _TIMEOUT,
        patience: timedelta = _PATIENCE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._calls = HttpCalls(url, key, timeout=timeout, patience=patience, transport=transport)
        self._waits = asyncio.Semaphore(_MOST_WAITS)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._calls.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def is_ready(self) -> bool:
        try:
            await self._calls.send("GET", "/readyz", is_repeatable=False)
        except MeetingError:
            return False
        return True

    async def start(self, request: MeetingRequest, workflow_id: str | None = None) -> BookedMeeting:
        given = request.model_dump(mode="json", exclude_defaults=True)
        if unknown := given.keys() - _BOOKED_FIELDS:
            raise MeetingInputError(min(unknown), "cannot be given over HTTP")
        body = given | ({"id": workflow_id} if workflow_id is not None else {})
        response = await self._calls.send("POST", _MEETINGS, body=body)
        return BookedMeeting.model_validate_json(response.content)

    async def details(self, meeting: str) -> MeetingDetails:
        answer = await self._read(meeting)
        if answer.is_incomplete:
            raise NoWorkerError(_NO_WORKER)
        detail = answer.detail
        return MeetingDetails(_view(detail), detail.known_from, detail.pending)

    async def snapshot(self, meeting: str) -> MeetingView:
        return _view((await self._read(meeting)).detail)

    async def files(self, meeting: str) -> MeetingFiles:
        """The stored files with their hashes once the meeting has ended; their `folder` is not told over HTTP."""
        response = await self._calls.send("GET", f"{_path(meeting)}/files")
        found = _Files.model_validate_json(response.content)
        return MeetingFiles("", found.files, found.transcript, is_final=found.complete)

    async def download(self, meeting: str, name: str, to: Path) -> RecordedFile:
        """Stores a file of the meeting at `to`, and compares its hash. A download that breaks is continued.

        Raises FilesNotReadyError while the meeting has not stored it, NoSuchFileError if it never will.
        """
        known = (await self.files(meeting)).named(name)
        if known is None:
            # The API says whether it is still to come.
            await self._calls.send("GET", f"{_path(meeting)}/files/{quote(name)}")
            raise NoSuchFileError(f"Meeting {meeting} has no file {name}.")
        await FileDownload(self._calls, f"{_path(meeting)}/files/{quote(name)}", known, to).run()
        return known

    async def transcript(self, meeting: str, form: TranscriptFormat = TranscriptFormat.JSON) -> bytes:
        """The transcript. Raises FilesNotReadyError while it is being made, NoSuchFileError if there is none."""
        async with self._calls.stream(f"{_path(meeting)}/transcript?format={form.value}", {}) as response:
            return await response.aread()

    async def activity(self, meeting: str) -> MeetingActivity:
        detail, tag = await self._read(meeting)
        run, _, length = tag.strip('"').removesuffix("-incomplete").rpartition("-")
        return MeetingActivity((run, int(length)), detail.status.is_final, detail.download)

    async def pending_activities(self, meeting: str) -> tuple[PendingActivity, ...]:
        return (await self._read(meeting)).detail.pending

    async def list(  # noqa: PLR0913 - one argument for each filter
        self,
        *,
        status: MeetingStatus | None = None,
        title: str = "",
        starts_from: datetime | None = None,
        starts_before: datetime | None = None,
        platform: Platform | None = None,
        metadata: Mapping[str, str] | None = None,
        reason: FailureReason | Collection[FailureReason] | None = None,
        calendar: str = "",
        limit: int = 50,
    ) -> list[MeetingSummary]:
        query = {
            "status": status or "",
            "title": title,
            "from": starts_from.isoformat() if starts_from else "",
            "to": starts_before.isoformat() if starts_before else "",
            "platform": platform or "",
            "calendar": calendar,
            **{f"metadata.{key}": value for key, value in (metadata or {}).items()},
        }
        query = {name: value for name, value in query.items() if value}
        reasons = (reason,) if isinstance(reason, FailureReason) else tuple(reason or ())
        if not reasons:
            return await self._listed(query, limit)
        # The API takes one reason. Meetings that failed are over, so the latest come first.
        lists = [await self._listed(query | {"reason": each}, limit) for each in dict.fromkeys(reasons)]
        found = [each for some in lists for each in some]
        return sorted(found, key=lambda each: each.start_time or each.booked_at, reverse=True)[:limit]

    async def _listed(self, query: Mapping[str, str], limit: int) -> _Summaries:
        found: dict[str, MeetingSummary] = {}
        cursor: dict[str, str] = {}
        while len(found) < limit:
            asked = {**query, **cursor, "limit": str(min(limit - len(found), _LARGEST_PAGE))}
            response = await self._calls.send("GET", _MEETINGS, query=asked)
            page = _Page.model_validate_json(response.content)
            # A meeting that ended meanwhile has moved to a later page.
            found |= {each.workflow_id: each for each in page.items}
            if page.next_cursor is None:
                break
            cursor = {"cursor": page.next_cursor}
        return [*found.values()][:limit]

    async def find_all(self, meetings: Sequence[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        unknown: list[str] = []
        for meeting in dict.fromkeys(meetings):
            try:
                found[await self.workflow_id(meeting)] = None
            except MeetingNotFoundError:
                unknown.append(f"There is no meeting {meeting}.")
        if unknown:
            raise MeetingNotFoundError("\n".join(unknown))
        return tuple(found)

    async def watch(self, meeting: str) -> AsyncIterator[MeetingView]:
        tag = ""
        while True:
            answer = await self._next(meeting, tag)
            if answer is not None and answer.is_incomplete:
                await asyncio.sleep(_NO_WORKER_PAUSE_SECONDS)
            elif answer is not None:
                tag = answer.tag
                yield _view(answer.detail)
                if answer.detail.status.is_final:
                    return

    async def wait(self, meeting: str) -> Outcome:
        async for view in self.watch(meeting):
            if view.status.is_final:
                return Outcome.model_validate(view.model_dump(include=set(Outcome.model_fields)))
        raise MeetingError(f"Meeting {meeting} has no end.")

    async def reschedule(self, meeting: str, change: Reschedule) -> MeetingView:
        body = change.model_dump(mode="json", exclude_none=True)
        response = await self._calls.send("PATCH", _path(meeting), body=body, is_repeatable=False)
        return _view(_Detail.model_validate_json(response.content))

    async def cancel(self, meeting: str, why: str = "") -> MeetingView:
        return await self._changed(meeting, "cancel", {"why": why}, is_repeatable=True)

    async def leave(self, meeting: str, why: str = "") -> MeetingView:
        return await self._changed(meeting, "leave", {"why": why})

    async def collect(self, meeting: str, *, retranscribe: bool = False) -> MeetingView:
        return await self._changed(meeting, "collect", {"retranscribe": retranscribe})

    async def send_bot(self, meeting: str, why: str = "") -> MeetingView:
        return await self._changed(meeting, "send", {"why": why})

    async def workflow_id(self, meeting: str) -> str:
        return (await self._read(meeting)).detail.workflow_id

    async def _changed(
        self, meeting: str, what: str, body: Mapping[str, Any], *, is_repeatable: bool = False
    ) -> MeetingView:
        response = await self._calls.send(
            "POST", f"{_path(meeting)}/{what}", body=body, is_repeatable=is_repeatable
        )
        return _view(_Detail.model_validate_json(response.content))

    async def _read(self, meeting: str) -> _Answer:
        return _answer(await self._calls.send("GET", _path(meeting)))

    async def _next(self, meeting: str, tag: str) -> _Answer | None:
        """The meeting as soon as it differs from what had this tag; None if nothing happens for a while."""
        if not tag:
            return await self._read(meeting)
        seconds = _SHORT_WAIT_SECONDS if self._waits.locked() else _WAIT_SECONDS
        async with self._waits:
            response = await self._calls.send(
                "GET",
                _path(meeting),
                query={"wait": str(seconds)},
                headers={"If-None-Match": tag},
                waits=seconds,
            )
        return None if response.status_code == 304 else _answer(response)


def _answer(response: httpx.Response) -> _Answer:
    return _Answer(_Detail.model_validate_json(response.content), response.headers.get("ETag", ""))


def _path(meeting: str) -> str:
    check_id("ID", meeting)
    return f"{_MEETINGS}/{quote(meeting, safe='')}"


def _view(detail: _Detail) -> MeetingView:
    return MeetingView.model_validate({name: getattr(detail, name) for name in MeetingView.model_fields})
