"""What a request says of the user who makes it: his link, his app, where he stands."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import SecretStr

from bridge.connect.apps import OAuthApp, app_for
from bridge.connect.journey import Journey
from bridge.connect.keys import COOKIES, LINK
from bridge.connect.problems import ConnectError, Problem
from bridge.keys import BODIES, SETTINGS
from meetings.connect_link import ConnectLink, LinkError, LinkFault, read_link
from providers.calendars import CalendarCredentials, CalendarPlatform
from runtime.settings import signing_secrets

_MOST_FIELDS = 10


def link_of(request: web.Request) -> ConnectLink:
    """The link in the address. Raises ConnectError for one that opens nothing."""
    secrets = signing_secrets(request.app[SETTINGS])
    try:
        link = read_link(request.match_info["link"], secrets, datetime.now(UTC))
    except LinkError as error:
        problem = Problem.LINK_EXPIRED if error.fault is LinkFault.EXPIRED else Problem.LINK_FORGED
        raise ConnectError(problem, link=error.link) from None
    request[LINK] = link
    return link


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


async def fields_of(request: web.Request) -> Mapping[str, str]:
    """Of the form that was sent."""
    async with request.app[BODIES].of(request) as body:
        try:
            return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        except ValueError:
            raise web.HTTPBadRequest(text="this is not what the page's form sends") from None
