"""Failures of the connect pages, as redirects: to the link's own `error_url`, or to a page that says what to do."""

import logging
from functools import wraps
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from artifacts.errors import StoreError
from bridge.connect.keys import LINK
from bridge.connect.pages import elsewhere
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.translating import as_connect_error
from bridge.keys import SETTINGS
from bridge.temporal_calls import CallError
from meetings.text import one_line
from providers.base import ProviderError

logger = logging.getLogger(__name__)


def explained(handler: Handler) -> Handler:
    """A view whose failures lead to the link's `error_url` with a code, or to a page that says what to do."""

    @wraps(handler)
    async def view(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ConnectError, ProviderError, StoreError, CallError) as error:
            problem = as_connect_error(error)
        link = problem.link or request.get(LINK)
        whose = f"{link.platform} calendar of {link.user}" if link else "a calendar"
        logger.warning("connect %s: %s%s", one_line(whose), problem, f" ({problem.why})" if problem.why else "")
        if link and link.error_url:
            return elsewhere(_with_code(link.error_url, problem.problem))
        return elsewhere(ours(request, f"/connect/problem/{problem.problem}"))

    return view


def ours(request: web.Request, path: str) -> str:
    """The address of a page of ours, as browsers know it."""
    return request.app[SETTINGS].bridge_public_url + path


def _with_code(error_url: str, problem: Problem) -> str:
    """The address as it was given, to the letter, and the code behind its query."""
    parts = urlsplit(error_url)
    query = "&".join(part for part in (parts.query, f"error={problem}") if part)
    return parts._replace(query=query).geturl()
