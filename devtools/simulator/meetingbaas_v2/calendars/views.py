"""The calendars, series and events of the API."""

from aiohttp import web

from devtools.simulator.meetingbaas_v2 import envelope
from devtools.simulator.meetingbaas_v2.calendars import forms
from devtools.simulator.meetingbaas_v2.calendars.models import (
    CalendarQuery,
    EventQuery,
    NewCalendarRequest,
    NewCredentials,
    RawCalendarsRequest,
    SeriesQuery,
    platform_name,
)
from devtools.simulator.meetingbaas_v2.calendars.store import Event, Series, V2Calendar
from devtools.simulator.meetingbaas_v2.envelope import ApiError, read_body, read_query
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT, named
from devtools.simulator.meetingbaas_v2.paging import Place, cut
from devtools.simulator.meetingbaas_v2.payloads import millis
from devtools.simulator.meetingbaas_v2.queries import is_part
from devtools.simulator.state import now


async def list_raw_calendars(request: web.Request) -> web.Response:
    raws = request.app[ACCOUNT].calendars.list_raw(await read_body(request, RawCalendarsRequest))
    return envelope.success(
        [{"id": raw.id, "name": raw.name, "email": raw.account.email, "is_primary": raw.is_primary} for raw in raws]
    )


async def create_calendar(request: web.Request) -> web.Response:
    calendar = request.app[ACCOUNT].calendars.connect(await read_body(request, NewCalendarRequest))
    return envelope.success(forms.calendar(calendar), status=201)


async def list_calendars(request: web.Request) -> web.Response:
    query = read_query(request, CalendarQuery)
    fitting = [
        each
        for each in request.app[ACCOUNT].calendars.connected.values()
        if is_part(query.account_email, each.email)
        and (not query.calendar_platform or platform_name(each.raw.account.platform) in query.calendar_platform)
        and (not query.status or each.status in query.status)
    ]
    taken, following, previous = cut(fitting, _made, query.limit, query.cursor, newest_first=True)
    return envelope.page([forms.calendar_item(each) for each in taken], following, previous)


async def show_calendar(request: web.Request) -> web.Response:
    return envelope.success(forms.calendar_details(find_calendar(request)))


async def update_calendar(request: web.Request) -> web.Response:
    calendar = find_calendar(request)
    request.app[ACCOUNT].calendars.reconnect(calendar, await read_body(request, NewCredentials))
    answer = forms.calendar(calendar) | {"updated_at": millis(calendar.updated_at)}
    del answer["created_at"]
    return envelope.success(answer)


async def delete_calendar(request: web.Request) -> web.Response:
    request.app[ACCOUNT].calendars.disconnect(find_calendar(request))
    return envelope.message("Calendar connection deleted successfully.")


async def sync(request: web.Request) -> web.Response:
    request.app[ACCOUNT].calendars.sync(find_calendar(request), "asked for")
    return envelope.message("Calendar sync completed successfully.")


async def resubscribe(request: web.Request) -> web.Response:
    calendar = find_calendar(request)
    request.app[ACCOUNT].calendars.check(calendar)
    calendar.subscribe()
    return envelope.success({"calendar_id": str(calendar.uuid), "resubscribed_at": millis(now())})


async def list_events(request: web.Request) -> web.Response:
    """Earliest first, which is a guess."""
    calendar, query = find_calendar(request), read_query(request, EventQuery)
    fitting = [event for event in request.app[ACCOUNT].calendars.visible(calendar) if _fits(event, query)]
    taken, following, previous = cut(fitting, _begins, query.limit, query.cursor, newest_first=False)
    return envelope.page([forms.event_item(event) for event in taken], following, previous)


async def show_event(request: web.Request) -> web.Response:
    calendar, event_id = find_calendar(request), named(request, "event")
    for event in request.app[ACCOUNT].calendars.visible(calendar):
        if event.uuid == event_id:
            return envelope.success(forms.event_details(event))
    raise ApiError(404, "CALENDAR_EVENT_NOT_FOUND", f"Event with ID '{event_id}' not found")


async def list_series(request: web.Request) -> web.Response:
    """Those that have events in the window, the newest last."""
    calendar, query = find_calendar(request), read_query(request, SeriesQuery)
    events = [
        event
        for event in request.app[ACCOUNT].calendars.visible(calendar)
        if (query.show_cancelled or event.status != "cancelled")
        and (not query.event_type or event.series.event_type in query.event_type)
    ]
    groups = forms.by_series(events)
    taken, following, previous = cut(
        groups, lambda group: _made(group[0].series), query.limit, query.cursor, newest_first=False
    )
    return envelope.page(
        [forms.series(group[0].series, group, str(calendar.uuid)) for group in taken], following, previous
    )


def find_calendar(request: web.Request) -> V2Calendar:
    """The calendar that the path names. Raises ApiError."""
    identifier = named(request, "calendar")
    calendar = request.app[ACCOUNT].calendars.connected.get(identifier)
    if calendar is None:
        raise ApiError(404, "CALENDAR_NOT_FOUND", f"Calendar with ID '{identifier}' not found")
    return calendar


def _made(one: V2Calendar | Series) -> Place:
    return one.created_at, str(one.uuid)


def _begins(event: Event) -> Place:
    return event.provider_event.start, str(event.uuid)


def _fits(event: Event, query: EventQuery) -> bool:
    start, status = event.provider_event.start, event.status
    return (
        (query.show_cancelled or status != "cancelled")
        and (not query.status or status in query.status)
        and (query.start_date is None or start >= query.start_date)
        and (query.end_date is None or start <= query.end_date)
    )
