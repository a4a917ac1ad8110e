"""Paths of what happens at Google and Microsoft: the same with every provider that reads their calendars."""

from aiohttp import web

from devtools.simulator.calendars import control, oauth_views
from devtools.simulator.routing import both


def world_routes() -> list[web.RouteDef]:
    """OAuth as apps see it, and the control of accounts, apps and events."""
    return [
        *both("GET", "/oauth/{platform:google|microsoft}/authorize", oauth_views.authorize),
        *both("POST", "/oauth/{platform:google|microsoft}/token", oauth_views.give_tokens),
        *both("POST", "/_sim/oauth/consents", oauth_views.order_consent),
        *both("POST", "/_sim/calendars/apps", control.add_app),
        *both("POST", "/_sim/calendars/apps/{client_id}/expire", control.expire_app),
        *both("POST", "/_sim/calendars/accounts", control.add_account),
        *both("POST", "/_sim/calendars/accounts/{email}/expire", control.expire_account),
        *both("POST", "/_sim/calendars/accounts/{email}/deny", control.deny_account),
        *both("POST", "/_sim/calendars/events", control.add_events),
        *both("PATCH", "/_sim/calendars/events/{id}", control.change_event),
        *both("POST", "/_sim/calendars/events/{id}/cancel", control.cancel_event),
        *both("POST", "/_sim/calendars/events/{id}/respond", control.respond),
        *both("POST", "/_sim/calendars/events/{id}/recur", control.recur),
    ]
