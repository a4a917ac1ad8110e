"""The addresses of the connect pages: from a signed link to Google or Microsoft, back, and to a kept calendar."""

import logging

from aiohttp import web

from bridge.connect import wording
from bridge.connect.apps import OAuthApp
from bridge.connect.connecting import NotToldError
from bridge.connect.consent import authorization_url, code_in, redeem
from bridge.connect.explaining import explained, ours
from bridge.connect.journey import Grant, Journey, ticket_for
from bridge.connect.keys import CONNECTING, COOKIES, LINK
from bridge.connect.pages import elsewhere
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.reading import app_of, fields_of, link_of, pending
from meetings.calendars.connection import Connection
from meetings.connect_link import ConnectLink
from meetings.text import one_line
from providers.calendars import CalendarCredentials, CalendarPlatform, RawCalendar

logger = logging.getLogger(__name__)


@explained
async def welcome(request: web.Request) -> web.StreamResponse:
    """What opens when somebody follows a link. Nothing happens yet: mail scanners follow links too."""
    link = link_of(request)
    app = app_of(request, link)
    known = await request.app[CONNECTING].known(link)
    replaced = await _replaced(request, known)
    return wording.welcome(app.platform, replaced, _leads_to(link, app))


@explained
async def leave(request: web.Request) -> web.StreamResponse:
    """Sends the browser to Google or Microsoft."""
    link = link_of(request)
    app = app_of(request, link)
    await request.app[CONNECTING].known(link)
    journey = Journey.begin(link, told=(await fields_of(request)).get("told", ""))
    response = elsewhere(authorization_url(app, journey.state, journey.verifier))
    request.app[COOKIES].keep_journey(response, journey)
    return response


@explained
async def come_back(request: web.Request) -> web.StreamResponse:
    """The redirect address. It always leads on, so that no code stays in the address bar."""
    state = request.query.get("state", "")
    journey = request.app[COOKIES].journey(request, ticket_for(state), state)
    link = request[LINK] = journey.link
    if link.platform != request.match_info["platform"]:
        raise ConnectError(Problem.SESSION_LOST)
    app = app_of(request, link)
    code = code_in(request.query)
    connecting = request.app[CONNECTING]
    await connecting.spend(link, journey.ticket)
    credentials = await redeem(app, code, journey.verifier)
    calendars = await _calendars_of(request, credentials)
    if len(calendars) == 1:
        try:
            await connecting.connect(link, credentials, calendars[0].raw_id, journey.told)
        except NotToldError:
            pass
        else:
            return _arrived(request, journey)
    response = elsewhere(ours(request, f"/connect/choice/{journey.ticket}"))
    token = credentials.refresh_token.get_secret_value()
    request.app[COOKIES].keep_grant(response, journey.ticket, Grant(refresh_token=token))
    return response


@explained
async def ask(request: web.Request) -> web.StreamResponse:
    """Which of several calendars, or whether another one may be replaced."""
    journey, app, credentials = pending(request)
    known = await request.app[CONNECTING].known(journey.link)
    calendars = await _calendars_of(request, credentials)
    replaced = await _replaced(request, known)
    return wording.choosing(app.platform, calendars, replaced, _leads_to(journey.link, app))


@explained
async def choose(request: web.Request) -> web.StreamResponse:
    journey, _, credentials = pending(request)
    fields = await fields_of(request)
    try:
        await request.app[CONNECTING].connect(
            journey.link, credentials, fields.get("calendar", ""), fields.get("told", "")
        )
    except NotToldError:
        return elsewhere(ours(request, f"/connect/choice/{journey.ticket}"))
    return _arrived(request, journey)


async def done(request: web.Request) -> web.StreamResponse:
    return wording.done(CalendarPlatform(request.match_info["platform"]))


async def trouble(request: web.Request) -> web.StreamResponse:
    try:
        problem = Problem(request.match_info["problem"])
    except ValueError:
        raise web.HTTPNotFound from None
    return wording.trouble(problem)


async def _calendars_of(request: web.Request, credentials: CalendarCredentials) -> list[RawCalendar]:
    calendars = await request.app[CONNECTING].choices(credentials)
    if not calendars:
        raise ConnectError(Problem.NO_CALENDAR)
    return calendars


async def _replaced(request: web.Request, known: Connection) -> Connection | None:
    return known if await request.app[CONNECTING].is_kept(known) else None


def _arrived(request: web.Request, journey: Journey) -> web.Response:
    link = journey.link
    logger.info("connect %s calendar of %s: done", link.platform, one_line(link.user))
    response = elsewhere(link.success_url or ours(request, f"/connect/done/{link.platform}"))
    request.app[COOKIES].forget(response, journey.ticket)
    return response


def _leads_to(link: ConnectLink, app: OAuthApp) -> tuple[str, ...]:
    return (app.authorize_url, link.success_url, link.error_url)
