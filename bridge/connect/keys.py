"""What the connect pages find in the application, with their types."""

from aiohttp import web

from bridge.connect.connecting import Connecting
from bridge.connect.journey import Cookies

CONNECTING = web.AppKey("connecting", Connecting)
COOKIES = web.AppKey("cookies", Cookies)
