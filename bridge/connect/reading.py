"""What a request says of the user who makes it: his link, his app, where he stands."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bridge.connect.apps import OAuthApp, app_for
from bridge.connect.journey import Journey
from bridge.connect.keys import COOKIES, FORMS, LINK
from bridge.connect.problems import ConnectError, Problem
from bridge.keys import SETTINGS
from meetings.calendars.connection import CalendarPlatform
from meetings.connect_link import ConnectLink, LinkError, LinkFault, read_link
from providers.calendars import CalendarCredentials
from runtime.settings import signing_secrets

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
