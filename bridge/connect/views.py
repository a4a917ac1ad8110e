"""HTTP handlers of the connect pages, what they read from requests, and how errors become pages."""

import contextlib
import logging
from datetime import UTC, datetime
from functools import wraps
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.app_keys import CONNECT_SERVICE, COOKIES, FORMS, LINK, SESSION_ID, SETTINGS
from bridge.connect import pages
from bridge.connect.error_messages import ERROR_PAGES
from bridge.connect.errors import ConnectError, ConnectErrorCode, to_connect_error
from bridge.connect.oauth import OAuthApp, app_for, authorization_code, authorization_url, exchange_code
from bridge.connect.pages import ServiceInfo, redirect
from bridge.connect.service import ConfirmationRequiredError, FinishedConnection
from bridge.connect.session_cookies import ConnectedAccount, OAuthGrant, OAuthSession, session_id_for
from bridge.temporal_gateway import TemporalCallError
from minutekeeper.calendars.connect_link import (
    CONNECT_ROUTE,
    ConnectLink,
    ConnectLinkError,
    ConnectLinkFault,
    connect_url,
    read_link,
)
from minutekeeper.calendars.user_connection import CalendarPlatform, UserConnection, calendar_title, format_account
from minutekeeper.config import signing_secrets
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_base import CalendarCredentials
from minutekeeper.storage.errors import StoreError
from minutekeeper.text import one_line

logger = logging.getLogger(__name__)


AGAIN = "again"
"""The query parameter of an error page that holds the link for another try."""

_LINK_IS_BAD = {ConnectErrorCode.LINK_FORGED, ConnectErrorCode.LINK_EXPIRED, ConnectErrorCode.LINK_USED}


def errors_as_pages(handler: Handler) -> Handler:
    """Wraps a handler: its errors redirect to the link's `error_url` with a code, or to an error page."""

    @wraps(handler)
    async def view(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ConnectError, ProviderError, StoreError, TemporalCallError) as error:
            problem = to_connect_error(error)
        link = problem.link or request.get(LINK)
        _log(link, problem)
        if link and link.error_url:
            response = redirect(_with_code(link.error_url, problem.problem))
        else:
            response = redirect(own_url(request, _error_path(request, problem.problem, link)))
        cookies = request.app[COOKIES]
        cookies.delete_unreadable(request, response)
        if SESSION_ID in request:
            cookies.delete_session(response, request[SESSION_ID])
        return response

    return view


def _log(link: ConnectLink | None, problem: ConnectError) -> None:
    subject = one_line(f"{link.platform} calendar of {link.user}") if link else "a calendar"
    why = f" ({problem.why})" if problem.why else ""
    advice = " ".join(ERROR_PAGES[problem.problem].owner)
    logger.warning("connect %s: %s%s%s", subject, problem, why, f". {advice}" if advice else "")


def _error_path(request: web.Request, problem: ConnectErrorCode, link: ConnectLink | None) -> str:
    """The path of the error page, with the link if another try makes sense."""
    path = f"/connect/problem/{problem}"
    if link is None or problem in _LINK_IS_BAD:
        return path
    secret, *_ = signing_secrets(request.app[SETTINGS])
    return f"{path}?{AGAIN}={connect_url('', secret, link).rpartition('/')[2]}"


def own_url(request: web.Request, path: str) -> str:
    """The public URL of one of the bridge's own pages."""
    return request.app[SETTINGS].bridge_public_url + path


def _with_code(error_url: str, problem: ConnectErrorCode) -> str:
    """The `error_url` exactly as it was given, with the code added to its query."""
    parts = urlsplit(error_url)
    query = "&".join(part for part in (parts.query, f"error={problem}") if part)
    return parts._replace(query=query).geturl()


_MAX_FIELDS = 10


def check_origin(request: web.Request) -> None:
    """Raises ConnectError for a form that was submitted from another site (CSRF).

    Browsers send `Sec-Fetch-Site` or `Origin`. Programs that send neither have no session of a user to abuse.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = _origin(request.app[SETTINGS].bridge_public_url)
    is_own = site in {"same-origin", "none"} if site is not None else origin in {None, own}
    if not is_own:
        raise ConnectError(ConnectErrorCode.SESSION_LOST, why="the form was sent by a page of another site")


def link_of(request: web.Request) -> ConnectLink:
    """The connect link in the path. Raises ConnectError if it is not valid."""
    link = request[LINK] = link_in(request, request.match_info["link"])
    return link


def link_in(request: web.Request, text: str) -> ConnectLink:
    """The content of a connect link. Raises ConnectError if it is not valid."""
    try:
        return read_link(text, signing_secrets(request.app[SETTINGS]), datetime.now(UTC))
    except ConnectLinkError as error:
        problem = (
            ConnectErrorCode.LINK_EXPIRED
            if error.fault is ConnectLinkFault.EXPIRED
            else ConnectErrorCode.LINK_FORGED
        )
        raise ConnectError(problem, link=error.link) from None


def app_of(request: web.Request, link: ConnectLink) -> OAuthApp:
    """The OAuth app of the link's platform. Raises ConnectError while it is not set up."""
    with_email = request.app[CONNECT_SERVICE].needs_email(link)
    app = app_for(request.app[SETTINGS], CalendarPlatform(link.platform), with_email=with_email)
    if app is None:
        raise ConnectError(ConnectErrorCode.NOT_SET_UP)
    return app


def pending(request: web.Request) -> tuple[OAuthSession, OAuthApp, CalendarCredentials]:
    """The session after the callback, with its app and credentials. Raises ConnectError."""
    cookies, session_id = request.app[COOKIES], request.match_info["session_id"]
    session = cookies.session(request, session_id)
    request[LINK] = session.link
    app = app_of(request, session.link)
    credentials = CalendarCredentials(
        platform=app.platform,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=SecretStr(cookies.grant(request, session_id).refresh_token),
    )
    return session, app, credentials


class ConnectForm(BaseModel):
    """The fields of the pages' forms.

    `confirmed_calendar_id` is the calendar of which the page said that it would be replaced.
    """

    model_config = ConfigDict(frozen=True)

    calendar: str = Field("", max_length=1000)
    confirmed_calendar_id: str = Field("", max_length=100)


async def form_of(request: web.Request) -> ConnectForm:
    """Reads the form; its memory is limited apart from that of webhooks."""
    async with request.app[FORMS].of(request) as body:
        try:
            return ConnectForm.model_validate(dict(parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS)))
        except ValueError:
            raise web.HTTPBadRequest(text="this is not what the page's form sends") from None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@errors_as_pages
async def start_page(request: web.Request) -> web.StreamResponse:
    """The page of a connect link. It changes nothing, because mail scanners follow links, too."""
    link = link_of(request)
    app = app_of(request, link)
    known = await request.app[CONNECT_SERVICE].load_connection(link)
    replaced = await _replaced(request, known)
    return pages.start(_service(request), link, replaced, _form_targets(link, app))


@errors_as_pages
async def redirect_to_provider(request: web.Request) -> web.StreamResponse:
    """Redirects the browser to the consent screen of Google or Microsoft."""
    check_origin(request)
    link = link_of(request)
    app = app_of(request, link)
    await request.app[CONNECT_SERVICE].load_connection(link)
    session = OAuthSession.begin(link, confirmed_calendar_id=(await form_of(request)).confirmed_calendar_id)
    response = redirect(authorization_url(app, session.state, session.verifier))
    request.app[COOKIES].set_session(request, response, session)
    return response


@errors_as_pages
async def oauth_callback(request: web.Request) -> web.StreamResponse:
    """The OAuth callback. It always redirects, so that no code stays in the address bar."""
    state = request.query.get("state", "")
    session = request.app[COOKIES].session(request, session_id_for(state), state)
    link = request[LINK] = session.link
    if link.platform != request.match_info["platform"]:
        raise ConnectError(ConnectErrorCode.SESSION_LOST)
    app = app_of(request, link)
    try:
        code = authorization_code(request.query)
    except ConnectError:
        request[SESSION_ID] = session.session_id
        raise
    service = request.app[CONNECT_SERVICE]
    await service.use_session(link, session.session_id)
    request[SESSION_ID] = session.session_id
    credentials = await exchange_code(app, code, session.verifier)
    calendars = await service.available_calendars(link, credentials)
    if len(calendars) == 1:
        try:
            done = await service.connect(link, credentials, calendars[0], session.confirmed_calendar_id)
        except ConfirmationRequiredError:
            pass
        else:
            return _success_response(request, session, done)
    response = redirect(own_url(request, f"/connect/choice/{session.session_id}"))
    token = credentials.refresh_token.get_secret_value()
    request.app[COOKIES].set_grant(request, response, session.session_id, OAuthGrant(refresh_token=token))
    return response


@errors_as_pages
async def choose_calendar_page(request: web.Request) -> web.StreamResponse:
    """Asks which of several calendars to connect, or whether another one may be replaced."""
    session, app, credentials = pending(request)
    service = request.app[CONNECT_SERVICE]
    known = await service.load_connection(session.link)
    calendars = await service.available_calendars(session.link, credentials)
    replaced = await _replaced(request, known)
    return pages.calendar_choice(
        _service(request), session.link, calendars, replaced, _form_targets(session.link, app)
    )


@errors_as_pages
async def choose_calendar(request: web.Request) -> web.StreamResponse:
    check_origin(request)
    session, _, credentials = pending(request)
    form = await form_of(request)
    service = request.app[CONNECT_SERVICE]
    chosen = await service.available_calendar(session.link, credentials, form.calendar)
    try:
        done = await service.connect(session.link, credentials, chosen, form.confirmed_calendar_id)
    except ConfirmationRequiredError:
        return redirect(own_url(request, f"/connect/choice/{session.session_id}"))
    return _success_response(request, session, done)


async def success_page(request: web.Request) -> web.StreamResponse:
    platform = CalendarPlatform(request.match_info["platform"])
    return pages.success(_service(request), platform, request.app[COOKIES].connected_account(request))


async def error_page(request: web.Request) -> web.StreamResponse:
    try:
        problem = ConnectErrorCode(request.match_info["problem"])
    except ValueError:
        raise web.HTTPNotFound from None
    again = request.query.get(AGAIN, "")
    with contextlib.suppress(ConnectError):
        link_in(request, again)
        return pages.error(_service(request), problem, own_url(request, CONNECT_ROUTE.format(link=again)))
    return pages.error(_service(request), problem)


async def _replaced(request: web.Request, known: UserConnection) -> UserConnection | None:
    return known if await request.app[CONNECT_SERVICE].has_running_calendar(known) else None


def _success_response(request: web.Request, session: OAuthSession, done: FinishedConnection) -> web.Response:
    link, cookies, calendar = session.link, request.app[COOKIES], done.calendar
    logger.info(
        "connect %s calendar of %s: done; its policy: %s", link.platform, one_line(link.user), done.policy_source
    )
    title, account = calendar_title(calendar.name, "", calendar.raw_id), format_account(calendar.email)
    connected = ConnectedAccount(user=link.user, account=account, calendar=title, policy_source=done.policy_source)
    here = own_url(request, cookies.success_path(link.platform, connected))
    response = redirect(link.success_url or here)
    cookies.delete_session(response, session.session_id)
    return response


def _form_targets(link: ConnectLink, app: OAuthApp) -> tuple[str, ...]:
    return (app.authorize_url, link.success_url, link.error_url)


def _service(request: web.Request) -> ServiceInfo:
    settings = request.app[SETTINGS]
    return ServiceInfo(settings.minutekeeper_service_name, settings.minutekeeper_support_contact)
