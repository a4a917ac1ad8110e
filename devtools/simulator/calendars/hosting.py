"""What the control of Google and Microsoft needs of a simulated provider that reads calendars."""

from typing import Protocol

from aiohttp import web

from devtools.simulator.calendars.accounts import World
from devtools.simulator.calendars.oauth import Authorizations


class CalendarHost(Protocol):
    """The calendar half of a provider."""

    world: World
    authorizations: Authorizations

    def push(self, raw_ids: set[str]) -> None:
        """What Google and Microsoft do when something has changed in these calendars."""
        ...


class HasCalendars(Protocol):
    @property
    def calendars(self) -> CalendarHost: ...


HAS_CALENDARS = web.AppKey("HAS_CALENDARS", HasCalendars)


def host_of(request: web.Request) -> CalendarHost:
    return request.app[HAS_CALENDARS].calendars
