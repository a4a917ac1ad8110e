"""What the connect pages find in the application, with their types."""

from aiohttp import web

from bridge.connect.service import Connecting
from bridge.connect.session_cookies import Cookies
from bridge.request_bodies import Bodies
from minutekeeper.calendars.connect_link import ConnectLink

CONNECTING = web.AppKey("connecting", Connecting)
FORMS = web.AppKey("forms", Bodies)
COOKIES = web.AppKey("cookies", Cookies)

LINK = web.RequestKey("link", ConnectLink)
"""The link of the user who makes a request, once it is known."""

TICKET = web.RequestKey("ticket", str)
"""The try whose cookies serve for nothing any more if the request fails."""
