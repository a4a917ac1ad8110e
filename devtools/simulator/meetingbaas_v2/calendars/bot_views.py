"""Bots for events, under /v2/calendars/{id}/bots."""

from collections.abc import Sequence

from aiohttp import web

from devtools.simulator.meetingbaas_v2.calendars.event_bots import Refused
from devtools.simulator.meetingbaas_v2.calendars.models import BotTarget, EventBotChange, EventBotRequest
from devtools.simulator.meetingbaas_v2.calendars.store import Event, Series
from devtools.simulator.meetingbaas_v2.calendars.views import find_calendar
from devtools.simulator.meetingbaas_v2.envelope import ApiError, misfit, read_body
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.state import now


async def schedule(request: web.Request) -> web.Response:
    order = await read_body(request, EventBotRequest)
    series, events = _meant(request, order)
    return _answer(*request.app[ACCOUNT].calendars.bots.record(series, events, order), status=201)


async def change(request: web.Request) -> web.Response:
    order = await read_body(request, EventBotChange)
    series, events = _meant(request, order)
    return _answer(*request.app[ACCOUNT].calendars.bots.change(series, events, order))


async def remove(request: web.Request) -> web.Response:
    """The body of this DELETE says which."""
    target = await read_body(request, BotTarget)
    series, events = _meant(request, target)
    return _answer(*request.app[ACCOUNT].calendars.bots.remove(series, events, target))


def _meant(request: web.Request, target: BotTarget) -> tuple[Series, list[Event]]:
    """The event, or all of its series that are to come. Raises ApiError.

    Of a single event only its own id counts, since the vendor's client gives a series that does not exist.
    """
    events = find_calendar(request).events.values()
    if target.all_occurrences:
        at, of_series = now(), [each for each in events if str(each.series.uuid) == target.series_id]
        if not of_series:
            raise ApiError(404, "CALENDAR_SERIES_NOT_FOUND", f"Event series '{target.series_id}' not found")
        to_come = [each for each in of_series if each.provider_event.end > at and each.status != "cancelled"]
        return of_series[0].series, to_come
    if target.event_id is None:
        raise misfit("body: event_id is needed unless all_occurrences is true")
    for each in events:
        if str(each.uuid) == target.event_id:
            return each.series, [each]
    raise ApiError(404, "CALENDAR_EVENT_NOT_FOUND", f"Event with ID '{target.event_id}' not found")


def _answer(done: Sequence[Event], refused: Sequence[Refused], status: int = 200) -> web.Response:
    """A success even if nothing could be done."""
    errors = [
        {"event_id": str(uuid), "code": error.code, "message": error.message, "details": None}
        for uuid, error in refused
    ]
    data = [{"event_id": str(event.uuid)} for event in done]
    return web.json_response({"success": True, "data": data, "errors": errors}, status=status)
