"""What the connect pages find in the application, with their types."""

from aiohttp import web

from bridge.bodies import Bodies
from bridge.connect.connecting import Connecting
from bridge.connect.journey import Cookies
from meetings.connect_link import ConnectLink

CONNECTING = web.AppKey("connecting", Connecting)
FORMS = web.AppKey("forms", Bodies)
COOKIES = web.AppKey("cookies", Cookies)

LINK = web.RequestKey("link", ConnectLink)
"""The link of the user who makes a request, once it is known."""

TICKET = web.RequestKey("ticket", str)
"""The try whose cookies serve for nothing any more if the request fails."""
