"""The forms with which meetings are booked, moved, cancelled, and sent bots. Each works without a script."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web

from minutekeeper.meetings.dispatch_timing import DispatchTiming
from minutekeeper.meetings.fields import RecordingMode
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from starter.client import MeetingClient
from starter.errors import MeetingError, MeetingInputError, MeetingNotFoundError, MeetingRefusedError
from starter.inputs import check_id, parse_input
from starter.times import parse_when
from web.access.roles import Role
from web.pages.meeting_view import ACT_WORDS, MeetingAct
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import PageFrame, meeting_path, render_page

Connected = Callable[[], Awaitable[MeetingClient]]

_FIELDS = {
    "meeting_url": "url",
    "start_time": "start",
    "end_time": "end",
    "bot.name": "bot_name",
    "bot.transcription_language": "language",
    "bot.leave_at_end": "leave_at_end",
}
"""The fields of the forms by those of a request, so that each problem stands beside its field."""


class MeetingActPages:
    """The forms; `wake_up` is when the meetings that are booked here wake up before their bot goes."""

    def __init__(self, connected: Connected, wake_up: DispatchTiming) -> None:
        self._connected = connected
        self._wake_up = wake_up

    def routes(self) -> list[PageRoute]:
        """The routes; that of a new meeting comes before those of meetings, one of which could have this name."""
        act = f"/meetings/{{id}}/{{act:{'|'.join(MeetingAct)}}}"
        return [
            PageRoute(hdrs.METH_GET, "/meetings/new", self.show_booking, Role.STEER),
            PageRoute(hdrs.METH_POST, "/meetings/new", self.book, Role.STEER),
            PageRoute(hdrs.METH_GET, act, self.show_act, Role.STEER),
            PageRoute(hdrs.METH_POST, act, self.act, Role.STEER),
        ]

    async def show_booking(self, request: PageRequest) -> web.StreamResponse:
        return _booking_page(request, {"transcript": "yes"} | dict(request.http.query))

    async def book(self, request: PageRequest) -> web.StreamResponse:
        given = {name: value.strip() for name, value in request.form.items()}
        try:
            booking = _request(given, self._wake_up)
            workflow_id = given.get("id") or None
            if workflow_id is not None:
                check_id("id", workflow_id)
            booked = await (await self._connected()).start(booking, workflow_id)
        except (MeetingInputError, MeetingRefusedError) as error:
            return _booking_page(request, given, error)
        return see_other(f"{meeting_path(booked.meeting_id)}?booked={booked.booking.value}")

    async def show_act(self, request: PageRequest) -> web.StreamResponse:
        return await self._act_page(request, {})

    async def act(self, request: PageRequest) -> web.StreamResponse:
        given = {name: value.strip() for name, value in request.form.items()}
        meeting, act = _named(request)
        try:
            view = await self._done(await self._connected(), meeting, act, given)
        except MeetingNotFoundError:
            raise
        except (MeetingInputError, MeetingRefusedError) as error:
            return await self._act_page(request, given, error)
        return see_other(f"{meeting_path(view.meeting_id)}?done={act.value}")

    async def _done(self, client: MeetingClient, meeting: str, act: MeetingAct, given: Mapping[str, str]) -> Any:
        why = given.get("why", "")
        match act:
            case MeetingAct.MOVE:
                start, end = _times(given)
                change: dict[str, object] = {"start_time": start, "end_time": end}
                for name, field in (("meeting_url", "url"), ("title", "title")):
                    change |= {name: given[field]} if given.get(field) else {}
                return await client.reschedule(meeting, parse_input(Reschedule, change, _FIELDS))
            case MeetingAct.CANCEL:
                return await client.cancel(meeting, why)
            case MeetingAct.LEAVE:
                return await client.leave(meeting, why)
            case MeetingAct.SEND:
                return await client.send_bot(meeting, why)
            case MeetingAct.COLLECT:
                return await client.collect(meeting, retranscribe="retranscribe" in given)

    async def _act_page(
        self, request: PageRequest, given: Mapping[str, str], error: MeetingError | None = None
    ) -> web.StreamResponse:
        meeting, act = _named(request)
        view = await (await self._connected()).snapshot(meeting)
        usual = {"start": f"{view.start_time:%Y-%m-%dT%H:%MZ}"}
        if view.end_time:
            usual["end"] = f"{view.end_time:%Y-%m-%dT%H:%MZ}"
        values = {
            "view": view,
            "path": meeting_path(view.meeting_id),
            "act": act.value,
            "words": ACT_WORDS[act],
            "given": given if request.http.method == hdrs.METH_POST else usual,
        }
        return _form_page(request, "meeting_act.html", values, error)


def _named(request: PageRequest) -> tuple[str, MeetingAct]:
    named = request.http.match_info
    return named["id"], MeetingAct(named["act"])


def _request(given: Mapping[str, str], wake_up: DispatchTiming) -> MeetingRequest:
    """The request of a form. Raises MeetingInputError that names the field of the form."""
    start, end = _times(given)
    bot: dict[str, object] = {
        name: given[field]
        for name, field in (
            ("name", "bot_name"),
            ("transcription_language", "language"),
            ("leave_at_end", "leave_at_end"),
        )
        if given.get(field)
    }
    if "audio_only" in given:
        bot["recording_mode"] = RecordingMode.AUDIO_ONLY
    fields = {
        "meeting_url": given.get("url", ""),
        "start_time": start,
        "end_time": end,
        "title": given.get("title", ""),
        "bot": bot,
        "wanted": {"transcript": "transcript" in given},
        "wake_up": wake_up,
    }
    return parse_input(MeetingRequest, fields, _FIELDS)


def _times(given: Mapping[str, str]) -> tuple[datetime, datetime | None]:
    now = datetime.now(UTC)
    start = parse_when(given.get("start", ""), "start", now).instant
    if not given.get("end"):
        return start, None
    end = parse_when(given["end"], "end", now).instant
    if end <= start:
        raise MeetingInputError("end", "it is not after the start; relative times of both count from now")
    return start, end


def _booking_page(
    request: PageRequest, given: Mapping[str, str], error: MeetingError | None = None
) -> web.StreamResponse:
    return _form_page(request, "meeting_new.html", {"given": given}, error)


def _form_page(
    request: PageRequest, template: str, values: Mapping[str, Any], error: MeetingError | None
) -> web.StreamResponse:
    """The form again, with what was given in it and what is wrong beside its field."""
    field = error.field if isinstance(error, MeetingInputError) else ""
    text = str(error).removeprefix(f"{field}: ") if error else ""
    errors = {field: text} if field and text else {}
    frame = PageFrame("/meetings", request.visitor.name, request.form_token)
    told = dict(values) | {"errors": errors, "problem": "" if errors else text, "form_token": request.form_token}
    status = 200 if error is None else 422 if isinstance(error, MeetingInputError) else 409
    return PageResponse(render_page(template, frame, told), status=status)
