"""The addresses of the connect pages: from a signed link to Google or Microsoft, back, and to a kept calendar."""

import contextlib
import logging

from aiohttp import web

from bridge.connect import wording
from bridge.connect.apps import OAuthApp
from bridge.connect.connecting import NotToldError
from bridge.connect.consent import authorization_url, code_in, redeem
from bridge.connect.explaining import AGAIN, explained, ours
from bridge.connect.journey import Arrival, Grant, Journey, ticket_for
from bridge.connect.keys import CONNECTING, COOKIES, LINK, TICKET
from bridge.connect.pages import Service, elsewhere
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.reading import app_of, check_origin, form_of, link_in, link_of, pending
from bridge.keys import SETTINGS
from meetings.calendars.connection import CalendarPlatform, UserConnection, calendar_title, for_people
from meetings.connect_link import CONNECT_ROUTE, ConnectLink
from meetings.text import one_line
from providers.calendars import ConnectedCalendar

logger = logging.getLogger(__name__)


@explained
async def welcome(request: web.Request) -> web.StreamResponse:
    """What opens when somebody follows a link. Nothing happens yet: mail scanners follow links too."""
    link = link_of(request)
    app = app_of(request, link)
    known = await request.app[CONNECTING].known(link)
    replaced = await _replaced(request, known)
    return wording.welcome(_service(request), link, replaced, _leads_to(link, app))


@explained
async def leave(request: web.Request) -> web.StreamResponse:
    """Sends the browser to Google or Microsoft."""
    check_origin(request)
    link = link_of(request)
    app = app_of(request, link)
    await request.app[CONNECTING].known(link)
    journey = Journey.begin(link, told=(await form_of(request)).told)
    response = elsewhere(authorization_url(app, journey.state, journey.verifier))
    request.app[COOKIES].keep_journey(request, response, journey)
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
    try:
        code = code_in(request.query)
    except ConnectError:
        request[TICKET] = journey.ticket
        raise
    connecting = request.app[CONNECTING]
    await connecting.spend(link, journey.ticket)
    request[TICKET] = journey.ticket
    credentials = await redeem(app, code, journey.verifier)
    calendars = await connecting.choices(credentials)
    if len(calendars) == 1:
        try:
            calendar = await connecting.connect(link, credentials, calendars[0], journey.told)
        except NotToldError:
            pass
        else:
            return _arrived(request, journey, calendar)
    response = elsewhere(ours(request, f"/connect/choice/{journey.ticket}"))
    token = credentials.refresh_token.get_secret_value()
    request.app[COOKIES].keep_grant(request, response, journey.ticket, Grant(refresh_token=token))
    return response


@explained
async def ask(request: web.Request) -> web.StreamResponse:
    """Which of several calendars, or whether another one may be replaced."""
    journey, app, credentials = pending(request)
    connecting = request.app[CONNECTING]
    known = await connecting.known(journey.link)
    calendars = await connecting.choices(credentials)
    replaced = await _replaced(request, known)
    return wording.choosing(_service(request), journey.link, calendars, replaced, _leads_to(journey.link, app))


@explained
async def choose(request: web.Request) -> web.StreamResponse:
    check_origin(request)
    journey, _, credentials = pending(request)
    form = await form_of(request)
    connecting = request.app[CONNECTING]
    chosen = await connecting.choice(credentials, form.calendar)
    try:
        calendar = await connecting.connect(journey.link, credentials, chosen, form.told)
    except NotToldError:
        return elsewhere(ours(request, f"/connect/choice/{journey.ticket}"))
    return _arrived(request, journey, calendar)


async def done(request: web.Request) -> web.StreamResponse:
    platform = CalendarPlatform(request.match_info["platform"])
    return wording.done(_service(request), platform, request.app[COOKIES].arrival(request))


async def trouble(request: web.Request) -> web.StreamResponse:
    try:
        problem = Problem(request.match_info["problem"])
    except ValueError:
        raise web.HTTPNotFound from None
    again = request.query.get(AGAIN, "")
    with contextlib.suppress(ConnectError):
        link_in(request, again)
        return wording.trouble(_service(request), problem, ours(request, CONNECT_ROUTE.format(link=again)))
    return wording.trouble(_service(request), problem)


async def _replaced(request: web.Request, known: UserConnection) -> UserConnection | None:
    return known if await request.app[CONNECTING].is_kept(known) else None


def _arrived(request: web.Request, journey: Journey, calendar: ConnectedCalendar) -> web.Response:
    link, cookies = journey.link, request.app[COOKIES]
    logger.info("connect %s calendar of %s: done", link.platform, one_line(link.user))
    title, account = calendar_title(calendar.name, "", calendar.raw_id), for_people(calendar.email)
    arrival = Arrival(user=link.user, account=account, calendar=title)
    here = ours(request, cookies.done_path(link.platform, arrival))
    response = elsewhere(link.success_url or here)
    cookies.forget(response, journey.ticket)
    return response


def _leads_to(link: ConnectLink, app: OAuthApp) -> tuple[str, ...]:
    return (app.authorize_url, link.success_url, link.error_url)


def _service(request: web.Request) -> Service:
    settings = request.app[SETTINGS]
    return Service(settings.minutekeeper_service_name, settings.minutekeeper_support_contact)
