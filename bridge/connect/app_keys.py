"""What the connect pages find in the application, with their types."""

from aiohttp import web

from bridge.connect.service import ConnectService
from bridge.connect.session_cookies import SessionCookies
from bridge.request_bodies import RequestBodyReader
from minutekeeper.calendars.connect_link import ConnectLink

CONNECT_SERVICE = web.AppKey("connecting", ConnectService)
FORMS = web.AppKey("forms", RequestBodyReader)
COOKIES = web.AppKey("cookies", SessionCookies)

LINK = web.RequestKey("link", ConnectLink)
"""The link of the user who makes a request, once it is known."""

TICKET = web.RequestKey("ticket", str)
"""The try whose cookies serve for nothing any more if the request fails."""
