"""The page of one event: why it is recorded or not, and the form that decides otherwise."""

from aiohttp import hdrs, web

from minutekeeper.calendars.decisions import Override, Wanted
from minutekeeper.calendars.objections import Wish
from minutekeeper.meetings.status import MeetingStatus
from starter.calendars.client import CalendarClient
from starter.calendars.explain import EventExplanation
from starter.errors import MeetingInputError, MeetingRefusedError
from web.access.roles import Role
from web.pages.calendar_pages import Connected, calendar_address, calendar_frame
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import render_page

_CHOICES: dict[str, Wanted | None] = {"always": "always", "never": "never", "none": None}

_OPTIONS = (
    ("none", "As the policy says"),
    ("always", "Record it, whatever the policy says"),
    ("never", "Do not record it, whatever the policy says"),
)

_WISHES = {
    Wish.NEVER: "its user chose “never”",
    Wish.OPTED_OUT: "it shows a person who has opted out of recordings",
    Wish.RECORD: "wants it recorded",
}

_BOT_IS_THERE = frozenset(
    {
        MeetingStatus.DISPATCHING,
        MeetingStatus.JOINING,
        MeetingStatus.WAITING_ROOM,
        MeetingStatus.IN_CALL,
        MeetingStatus.RECORDING,
        MeetingStatus.PAUSED,
    }
)


class CalendarEventPages:
    """What decides about an event. Only admins may override it."""

    def __init__(self, connected: Connected) -> None:
        self._connected = connected

    def routes(self) -> list[PageRoute]:
        address = "/calendars/{calendar}/events/{event}"
        return [
            PageRoute(hdrs.METH_GET, address, self.show),
            PageRoute(hdrs.METH_POST, address, self.override, Role.ADMIN),
        ]

    async def show(self, request: PageRequest) -> web.StreamResponse:
        calendar, event = _named(request)
        client = await self._connected()
        return await _page(request, client, await client.explain(calendar, event))

    async def override(self, request: PageRequest) -> web.StreamResponse:
        calendar, event = _named(request)
        choice, series = request.form.get("choice", ""), "series" in request.form
        client = await self._connected()
        explained = await client.explain(calendar, event)
        if choice not in _CHOICES:
            return await _page(request, client, explained, error="Choose one of these.")
        if choice == "never" and explained.meeting.status in _BOT_IS_THERE and "sure" not in request.form:
            values = {
                "event": explained,
                "series": series,
                "back": request.http.path,
                "form_token": request.form_token,
            }
            return PageResponse(render_page("calendar_sure.html", calendar_frame(request), values))
        try:
            await client.override(calendar, event, _CHOICES[choice], series=series)
        except (MeetingInputError, MeetingRefusedError) as problem:
            words = str(problem).removeprefix("--series: ")
            return await _page(
                request, client, explained, error=f"{words[:1].upper()}{words[1:]}.".replace("..", ".")
            )
        return see_other(f"{calendar_address(explained.calendar_id)}?done={choice}")


async def _page(
    request: PageRequest, client: CalendarClient, event: EventExplanation, error: str = ""
) -> web.StreamResponse:
    override = await client.override_of(event.calendar_id, event.event_id)
    values = {
        "event": event,
        "override": override,
        "chosen": request.form.get("choice", "") if error else _chosen(override),
        "series": "series" in request.form if error else override is not None and override.scope == "series",
        "options": _OPTIONS,
        "wishes": _WISHES,
        "error": error,
        "calendar": calendar_address(event.calendar_id),
        "here": request.http.path,
        "form_token": request.form_token,
        "may_change": request.visitor.may(Role.ADMIN),
    }
    return PageResponse(
        render_page("calendar_event.html", calendar_frame(request), values), status=422 if error else 200
    )


def _named(request: PageRequest) -> tuple[str, str]:
    return request.http.match_info["calendar"], request.http.match_info["event"]


def _chosen(override: Override | None) -> str:
    return override.wanted if override else "none"
