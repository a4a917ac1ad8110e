"""Which path of the calendars leads to which view."""

from aiohttp import web

from devtools.simulator.calendars.world_routes import world_routes
from devtools.simulator.meetingbaas_v2.calendars import bot_views, control, views
from devtools.simulator.routing import both

_ONE = "/v2/calendars/{calendar}"


def calendar_routes() -> list[web.RouteDef]:
    """The calendar half of the API, its control, and OAuth."""
    return [
        web.post("/v2/calendars/list-raw", views.list_raw_calendars),
        web.post("/v2/calendars", views.create_calendar),
        web.get("/v2/calendars", views.list_calendars),
        web.get(_ONE, views.show_calendar),
        web.patch(_ONE, views.update_calendar),
        web.delete(_ONE, views.delete_calendar),
        web.post(f"{_ONE}/sync", views.sync),
        web.post(f"{_ONE}/resubscribe", views.resubscribe),
        web.get(f"{_ONE}/events", views.list_events),
        web.get(f"{_ONE}/events/{{event}}", views.show_event),
        web.get(f"{_ONE}/series", views.list_series),
        web.post(f"{_ONE}/bots", bot_views.schedule),
        web.patch(f"{_ONE}/bots", bot_views.change),
        web.delete(f"{_ONE}/bots", bot_views.remove),
        *world_routes(),
        *both("GET", "/_sim/calendars", control.show),
        *both("POST", "/_sim/calendars/{calendar}/sync", control.sync),
        *both("POST", "/_sim/calendars/{calendar}/emit", control.emit),
    ]
