"""Which path leads to which view."""

from collections.abc import Iterator

from aiohttp import web

from devtools.simulator.calendars import seed_views, service_control, views
from devtools.simulator.calendars.finding import asks_provider
from devtools.simulator.calendars.world_routes import world_routes
from devtools.simulator.routing import both


def calendar_routes(*, with_seeds: bool) -> list[web.RouteDef]:
    """The calendar half of the API, its control and OAuth; of two routes for one path the first counts."""
    return [
        *(_seeds() if with_seeds else ()),
        *both("POST", "/calendars/raw", views.list_raw_calendars),
        *both("POST", "/calendars/resync_all", views.resync_all),
        *both("POST", "/calendars", views.create_calendar),
        *both("GET", "/calendars", views.list_calendars),
        *both("GET", "/calendars/{uuid}", views.show_calendar),
        *both("PATCH", "/calendars/{uuid}", views.update_calendar),
        *both("DELETE", "/calendars/{uuid}", views.delete_calendar),
        *both("GET", "/calendar_events", views.list_events),
        *both("GET", "/calendar_events/{uuid}", views.show_event),
        *both("POST", "/calendar_events/{uuid}/bot", views.schedule_bot),
        *both("PATCH", "/calendar_events/{uuid}/bot", views.change_bot),
        *both("DELETE", "/calendar_events/{uuid}/bot", views.remove_bot),
        *world_routes(),
        *both("GET", "/_sim/calendars", service_control.show),
        *both("POST", "/_sim/calendars/{uuid}/sync", service_control.sync),
        *both("POST", "/_sim/calendars/{uuid}/emit", service_control.emit),
    ]


def _seeds() -> Iterator[web.RouteDef]:
    """Any of them may connect the pages' calendar, and so ask its provider."""
    calendar = "/calendars/{calendar:cal_[^/]+}"
    events = "/calendars/{calendar}/events"
    for method, path, view in (
        ("GET", "/calendars/raw", seed_views.list_raw_calendars),
        ("POST", "/calendars", seed_views.create_calendar),
        ("GET", calendar, seed_views.show_calendar),
        ("PATCH", calendar, seed_views.update_calendar),
        ("DELETE", calendar, seed_views.delete_calendar),
        ("GET", events, seed_views.list_events),
        ("GET", f"{events}/{{event}}", seed_views.show_event),
        ("POST", f"{events}/{{event}}/record", seed_views.schedule_bot),
        ("DELETE", f"{events}/{{event}}/record", seed_views.remove_bot),
    ):
        yield from both(method, path, asks_provider(view))
