"""The pages of calendars: all of them with their health, and one with its events."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from starter.calendars.client import CalendarClient
from starter.calendars.events import DecidedEvent
from starter.calendars.summaries import CalendarSummary, CalendarSummaryState
from starter.calendars.tables import policy_summary
from starter.errors import NoWorkerError
from web.access.roles import Role
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, render_page
from web.pages.words import Tone

Connected = Callable[[], Awaitable[CalendarClient]]

CALENDARS_ADDRESS = "/calendars"
CALENDARS_PER_PAGE = 50
EVENTS_PER_PAGE = 50

_MAX_DIGITS = 5

STATE_WORDS = {
    CalendarSummaryState.SYNCING: ("Being read", Tone.ACTIVE),
    CalendarSummaryState.ACTIVE: ("Fine", Tone.GOOD),
    CalendarSummaryState.ERROR: ("In trouble", Tone.BAD),
    CalendarSummaryState.LEAVING: ("Being disconnected", Tone.ACTIVE),
    CalendarSummaryState.DISCONNECTED: ("Disconnected", Tone.GONE),
    CalendarSummaryState.NO_WORKFLOW: ("Not followed", Tone.WARN),
    CalendarSummaryState.UNKNOWN: ("No worker answers", Tone.WARN),
}

_IN_TROUBLE = {CalendarSummaryState.ERROR, CalendarSummaryState.NO_WORKFLOW, CalendarSummaryState.UNKNOWN}

_DONE = {
    "policy": "The policy is saved. Meetings are updated in a moment.",
    "always": "The event is recorded, whatever the policy says. Its meeting is updated in a moment.",
    "never": "The event is not recorded, whatever the policy says. Its meeting is updated in a moment.",
    "none": "The event is decided by the policy again. Its meeting is updated in a moment.",
    "same": "This is the calendar's policy already; nothing was changed.",
}
"""What was done on the page before, by the word for it in the address."""


class CalendarPages:
    """The list of calendars, and the page of one."""

    def __init__(self, connected: Connected) -> None:
        self._connected = connected

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute(hdrs.METH_GET, CALENDARS_ADDRESS, self.show_all),
            PageRoute(hdrs.METH_GET, f"{CALENDARS_ADDRESS}/{{calendar}}", self.show),
        ]

    async def show_all(self, request: PageRequest) -> web.StreamResponse:
        words = request.http.query.get("q", "").strip()
        found = await (await self._connected()).list()
        matching = [each for each in found if words.casefold() in f"{each.owner} {each.calendar_id}".casefold()]
        matching.sort(
            key=lambda each: (each.state not in _IN_TROUBLE, each.state is CalendarSummaryState.DISCONNECTED)
        )
        page = page_number(request)
        first = (page - 1) * CALENDARS_PER_PAGE
        values = {
            "calendars": matching[first : first + CALENDARS_PER_PAGE],
            "count": len(matching),
            "in_all": len(found),
            "troubled": sum(each.state in _IN_TROUBLE for each in found),
            "words": words,
            "states": STATE_WORDS,
            "address": calendar_address,
            "label": calendar_label,
            "first": _listed(words, 1) if page > 1 else "",
            "next": _listed(words, page + 1) if first + CALENDARS_PER_PAGE < len(matching) else "",
        }
        return PageResponse(render_page("calendars.html", calendar_frame(request), values))

    async def show(self, request: PageRequest) -> web.StreamResponse:
        client, query = await self._connected(), request.http.query
        details = await client.show(request.http.match_info["calendar"])
        summary = details.summary
        also_past = query.get("past") == "yes"
        events, silent = await _events(client, summary, also_past=also_past)
        page = page_number(request)
        first = (page - 1) * EVENTS_PER_PAGE
        address = calendar_address(summary.calendar_id)
        past = "past=yes&" if also_past else ""
        values = {
            "details": details,
            "summary": summary,
            "state": STATE_WORDS[summary.state],
            "policy": policy_summary(details.view.policy) if details.view else "",
            "events": events[first : first + EVENTS_PER_PAGE],
            "count": len(events),
            "silent": silent,
            "also_past": also_past,
            "address": address,
            "event_address": event_address,
            "label": calendar_label(summary),
            "may_change": request.visitor.may(Role.ADMIN) and summary.has_workflow,
            "done": _DONE.get(query.get("done", ""), ""),
            "first": f"{address}?{past}page=1" if page > 1 else "",
            "next": f"{address}?{past}page={page + 1}" if first + EVENTS_PER_PAGE < len(events) else "",
            "today": datetime.now(UTC),
        }
        return PageResponse(render_page("calendar.html", calendar_frame(request), values))


async def _events(
    client: CalendarClient, summary: CalendarSummary, *, also_past: bool
) -> tuple[tuple[DecidedEvent, ...], str]:
    """The events of a calendar, and why there are none to be shown."""
    if not summary.has_workflow:
        return (), "No workflow runs for this calendar, so nothing of it is decided."
    try:
        return await client.events(summary.calendar_id, also_past=also_past), ""
    except NoWorkerError:
        return (), "No worker answers, so the events cannot be shown."


def calendar_frame(request: PageRequest) -> PageFrame:
    """The frame of the pages of calendars."""
    return PageFrame(CALENDARS_ADDRESS, request.visitor.name, request.form_token)


def calendar_address(calendar_id: str) -> str:
    return f"{CALENDARS_ADDRESS}/{quote(calendar_id, safe='')}"


def event_address(event: DecidedEvent) -> str:
    """The address of the page that says why an event is recorded or not."""
    return f"{calendar_address(event.calendar_id)}/events/{quote(event.event_id, safe='')}"


def calendar_label(summary: CalendarSummary) -> str:
    """What a calendar is called."""
    return summary.owner or summary.calendar_id


def page_number(request: PageRequest) -> int:
    """The page that the address names, else the first."""
    given = request.http.query.get("page", "")
    return max(int(given), 1) if given.isdecimal() and len(given) <= _MAX_DIGITS else 1


def _listed(words: str, page: int) -> str:
    return f"{CALENDARS_ADDRESS}?{urlencode({'q': words, 'page': str(page)})}"
