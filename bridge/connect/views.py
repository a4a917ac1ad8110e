"""The handlers of the connect pages: what they read from requests, and how errors become pages."""

import contextlib
import logging
from datetime import UTC, datetime
from functools import wraps
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.app_keys import SETTINGS
from bridge.connect import pages
from bridge.connect.app_keys import CONNECTING, COOKIES, FORMS, LINK, TICKET
from bridge.connect.error_messages import EXPLANATIONS
from bridge.connect.errors import ConnectError, Problem, as_connect_error
from bridge.connect.oauth import OAuthApp, app_for, authorization_url, code_in, redeem
from bridge.connect.pages import Service, elsewhere
from bridge.connect.service import NotToldError
from bridge.connect.session_cookies import Arrival, Grant, Journey, ticket_for
from bridge.temporal_gateway import CallError
from minutekeeper.calendars.connect_link import (
    CONNECT_ROUTE,
    ConnectLink,
    LinkError,
    LinkFault,
    connect_url,
    read_link,
)
from minutekeeper.calendars.user_connection import CalendarPlatform, UserConnection, calendar_title, for_people
from minutekeeper.config import signing_secrets
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_base import CalendarCredentials, ConnectedCalendar
from minutekeeper.storage.errors import StoreError
from minutekeeper.text import one_line

logger = logging.getLogger(__name__)


AGAIN = "again"
"""In the query of a problem's page: the link that the user may open once more."""

_LINK_IS_BAD = {Problem.LINK_FORGED, Problem.LINK_EXPIRED, Problem.LINK_USED}


def explained(handler: Handler) -> Handler:
    """A view whose failures lead to the link's `error_url` with a code, or to a page that says what to do."""

    @wraps(handler)
    async def view(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ConnectError, ProviderError, StoreError, CallError) as error:
            problem = as_connect_error(error)
        link = problem.link or request.get(LINK)
        _log(link, problem)
        if link and link.error_url:
            response = elsewhere(_with_code(link.error_url, problem.problem))
        else:
            response = elsewhere(ours(request, _page_of(request, problem.problem, link)))
        cookies = request.app[COOKIES]
        cookies.forget_unreadable(request, response)
        if TICKET in request:
            cookies.forget(response, request[TICKET])
        return response

    return view


def _log(link: ConnectLink | None, problem: ConnectError) -> None:
    whose = one_line(f"{link.platform} calendar of {link.user}") if link else "a calendar"
    why = f" ({problem.why})" if problem.why else ""
    advice = " ".join(EXPLANATIONS[problem.problem].owner)
    logger.warning("connect %s: %s%s%s", whose, problem, why, f". {advice}" if advice else "")


def _page_of(request: web.Request, problem: Problem, link: ConnectLink | None) -> str:
    """The page of the problem, which leads back to the link if that is worth another try."""
    path = f"/connect/problem/{problem}"
    if link is None or problem in _LINK_IS_BAD:
        return path
    secret, *_ = signing_secrets(request.app[SETTINGS])
    return f"{path}?{AGAIN}={connect_url('', secret, link).rpartition('/')[2]}"


def ours(request: web.Request, path: str) -> str:
    """The address of a page of ours, as browsers know it."""
    return request.app[SETTINGS].bridge_public_url + path


def _with_code(error_url: str, problem: Problem) -> str:
    """The address as it was given, to the letter, and the code behind its query."""
    parts = urlsplit(error_url)
    query = "&".join(part for part in (parts.query, f"error={problem}") if part)
    return parts._replace(query=query).geturl()


_MOST_FIELDS = 10


def check_origin(request: web.Request) -> None:
    """Raises ConnectError for a form that a page of another site sends in the user's name.

    Browsers tell by `Sec-Fetch-Site`, older ones by `Origin`. Programs that say neither act in nobody's name.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = _origin(request.app[SETTINGS].bridge_public_url)
    is_own = site in {"same-origin", "none"} if site is not None else origin in {None, own}
    if not is_own:
        raise ConnectError(Problem.SESSION_LOST, why="the form was sent by a page of another site")


def link_of(request: web.Request) -> ConnectLink:
    """The link in the address. Raises ConnectError for one that opens nothing."""
    link = request[LINK] = link_in(request, request.match_info["link"])
    return link


def link_in(request: web.Request, text: str) -> ConnectLink:
    """What the last part of a link says. Raises ConnectError likewise."""
    try:
        return read_link(text, signing_secrets(request.app[SETTINGS]), datetime.now(UTC))
    except LinkError as error:
        problem = Problem.LINK_EXPIRED if error.fault is LinkFault.EXPIRED else Problem.LINK_FORGED
        raise ConnectError(problem, link=error.link) from None


def app_of(request: web.Request, link: ConnectLink) -> OAuthApp:
    """Raises ConnectError while the platform is not set up."""
    app = app_for(request.app[SETTINGS], CalendarPlatform(link.platform))
    if app is None:
        raise ConnectError(Problem.NOT_SET_UP)
    return app


def pending(request: web.Request) -> tuple[Journey, OAuthApp, CalendarCredentials]:
    """Of somebody who has come back and has to choose. Raises ConnectError."""
    cookies, ticket = request.app[COOKIES], request.match_info["ticket"]
    journey = cookies.journey(request, ticket)
    request[LINK] = journey.link
    app = app_of(request, journey.link)
    credentials = CalendarCredentials(
        platform=app.platform,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=SecretStr(cookies.grant(request, ticket).refresh_token),
    )
    return journey, app, credentials


class Form(BaseModel):
    """What the forms of the pages send; `told` is the calendar of which the page said that it would be replaced."""

    model_config = ConfigDict(frozen=True)

    calendar: str = Field("", max_length=1000)
    told: str = Field("", max_length=100)


async def form_of(request: web.Request) -> Form:
    """The form that was sent. It takes no part in the memory that is kept for webhooks."""
    async with request.app[FORMS].of(request) as body:
        try:
            return Form.model_validate(dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS)))
        except ValueError:
            raise web.HTTPBadRequest(text="this is not what the page's form sends") from None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@explained
async def welcome(request: web.Request) -> web.StreamResponse:
    """What opens when somebody follows a link. Nothing happens yet: mail scanners follow links too."""
    link = link_of(request)
    app = app_of(request, link)
    known = await request.app[CONNECTING].known(link)
    replaced = await _replaced(request, known)
    return pages.welcome(_service(request), link, replaced, _leads_to(link, app))


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
    return pages.choosing(_service(request), journey.link, calendars, replaced, _leads_to(journey.link, app))


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
    return pages.done(_service(request), platform, request.app[COOKIES].arrival(request))


async def trouble(request: web.Request) -> web.StreamResponse:
    try:
        problem = Problem(request.match_info["problem"])
    except ValueError:
        raise web.HTTPNotFound from None
    again = request.query.get(AGAIN, "")
    with contextlib.suppress(ConnectError):
        link_in(request, again)
        return pages.trouble(_service(request), problem, ours(request, CONNECT_ROUTE.format(link=again)))
    return pages.trouble(_service(request), problem)


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
