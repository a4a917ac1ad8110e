"""Typed keys of the objects that the connect pages use."""

from aiohttp import web

from bridge.connect.service import ConnectService
from bridge.connect.session_cookies import SessionCookies
from bridge.request_bodies import RequestBodyReader
from minutekeeper.calendars.connect_link import ConnectLink

CONNECT_SERVICE = web.AppKey("connecting", ConnectService)
FORMS = web.AppKey("forms", RequestBodyReader)
COOKIES = web.AppKey("cookies", SessionCookies)

LINK = web.RequestKey("link", ConnectLink)
"""The connect link of a request, once it was read."""

TICKET = web.RequestKey("ticket", str)
"""The session whose cookies are deleted if the request fails."""
