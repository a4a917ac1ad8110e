"""The addresses of the connect pages: from a signed link to Google or Microsoft, back, and to a kept calendar."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import wraps
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import SecretStr
from yarl import URL

from artifacts.errors import StoreError
from bridge.connect import wording
from bridge.connect.apps import OAuthApp, app_for
from bridge.connect.connecting import NotToldError
from bridge.connect.consent import authorization_url, code_in, redeem
from bridge.connect.journey import Grant, Journey, ticket_for
from bridge.connect.keys import CONNECTING, COOKIES
from bridge.connect.pages import elsewhere
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.translating import as_connect_error
from bridge.keys import BODIES, SETTINGS
from bridge.temporal_calls import CallError
from meetings.calendars.connection import Connection
from meetings.connect_link import ConnectLink, LinkError, LinkFault, read_link
from meetings.text import one_line
from providers.base import ProviderError
from providers.calendars import CalendarCredentials, CalendarPlatform, RawCalendar
from runtime.settings import signing_secrets

logger = logging.getLogger(__name__)

_MOST_FIELDS = 10


def _explained(handler: Handler) -> Handler:
    """A view whose failures lead to the link's `error_url` with a code, or to a page that says what to do."""

    @wraps(handler)
    async def view(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ConnectError, ProviderError, StoreError, CallError) as error:
            problem = as_connect_error(error)
        link = problem.link or request.get(_LINK)
        whose = f"{link.platform} calendar of {link.user}" if link else "a calendar"
        logger.warning("connect %s: %s%s", one_line(whose), problem, f" ({problem.why})" if problem.why else "")
        if link and link.error_url:
            return elsewhere(str(URL(link.error_url).extend_query(error=problem.problem.value)))
        return elsewhere(_ours(request, f"/connect/problem/{problem.problem}"))

    return view


_LINK = web.RequestKey("link", ConnectLink)


@_explained
async def welcome(request: web.Request) -> web.StreamResponse:
    """What opens when somebody follows a link. Nothing happens yet: mail scanners follow links too."""
    link = _link(request)
    app = _app(request, link)
    known = await request.app[CONNECTING].known(link)
    replaced = await _replaced(request, known)
    return wording.welcome(app.platform, replaced, _leads_to(link, app))


@_explained
async def leave(request: web.Request) -> web.StreamResponse:
    """Sends the browser to Google or Microsoft."""
    link = _link(request)
    app = _app(request, link)
    known = await request.app[CONNECTING].known(link)
    journey = Journey.begin(link, told=known.calendar_id)
    response = elsewhere(authorization_url(app, journey.state, journey.verifier))
    request.app[COOKIES].keep_journey(response, journey)
    return response


@_explained
async def come_back(request: web.Request) -> web.StreamResponse:
    """The redirect address. It always leads on, so that no code stays in the address bar."""
    state = request.query.get("state", "")
    journey = request.app[COOKIES].journey(request, ticket_for(state), state)
    link = request[_LINK] = journey.link
    if link.platform != request.match_info["platform"]:
        raise ConnectError(Problem.SESSION_LOST)
    app = _app(request, link)
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
    response = elsewhere(_ours(request, f"/connect/choice/{journey.ticket}"))
    token = credentials.refresh_token.get_secret_value()
    request.app[COOKIES].keep_grant(response, journey.ticket, Grant(refresh_token=token))
    return response


@_explained
async def ask(request: web.Request) -> web.StreamResponse:
    """Which of several calendars, or whether another one may be replaced."""
    journey, app, credentials = _pending(request)
    known = await request.app[CONNECTING].known(journey.link)
    calendars = await _calendars_of(request, credentials)
    replaced = await _replaced(request, known)
    return wording.choosing(app.platform, calendars, replaced, _leads_to(journey.link, app))


@_explained
async def choose(request: web.Request) -> web.StreamResponse:
    journey, _, credentials = _pending(request)
    fields = await _fields(request)
    try:
        await request.app[CONNECTING].connect(
            journey.link, credentials, fields.get("calendar", ""), fields.get("told", "")
        )
    except NotToldError:
        return elsewhere(_ours(request, f"/connect/choice/{journey.ticket}"))
    return _arrived(request, journey)


async def done(request: web.Request) -> web.StreamResponse:
    return wording.done(CalendarPlatform(request.match_info["platform"]))


async def trouble(request: web.Request) -> web.StreamResponse:
    try:
        problem = Problem(request.match_info["problem"])
    except ValueError:
        raise web.HTTPNotFound from None
    return wording.trouble(problem)


def _link(request: web.Request) -> ConnectLink:
    secrets = signing_secrets(request.app[SETTINGS])
    try:
        link = read_link(request.match_info["link"], secrets, datetime.now(UTC))
    except LinkError as error:
        problem = Problem.LINK_EXPIRED if error.fault is LinkFault.EXPIRED else Problem.LINK_FORGED
        raise ConnectError(problem, link=error.link) from None
    request[_LINK] = link
    return link


def _app(request: web.Request, link: ConnectLink) -> OAuthApp:
    app = app_for(request.app[SETTINGS], CalendarPlatform(link.platform))
    if app is None:
        raise ConnectError(Problem.NOT_SET_UP)
    return app


def _pending(request: web.Request) -> tuple[Journey, OAuthApp, CalendarCredentials]:
    """Of somebody who has come back and has to choose."""
    cookies, ticket = request.app[COOKIES], request.match_info["ticket"]
    journey = cookies.journey(request, ticket)
    request[_LINK] = journey.link
    app = _app(request, journey.link)
    credentials = CalendarCredentials(
        platform=app.platform,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=SecretStr(cookies.grant(request, ticket).refresh_token),
    )
    return journey, app, credentials


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
    response = elsewhere(link.success_url or _ours(request, f"/connect/done/{link.platform}"))
    request.app[COOKIES].forget(response, journey.ticket)
    return response


async def _fields(request: web.Request) -> Mapping[str, str]:
    async with request.app[BODIES].of(request) as body:
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise web.HTTPBadRequest(text="this is not what the page's form sends") from None


def _leads_to(link: ConnectLink, app: OAuthApp) -> tuple[str, ...]:
    return (app.authorize_url, link.success_url, link.error_url)


def _ours(request: web.Request, path: str) -> str:
    return request.app[SETTINGS].bridge_public_url + path
