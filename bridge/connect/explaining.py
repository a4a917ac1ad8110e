"""Failures of the connect pages, as redirects: to the link's own `error_url`, or to a page that says what to do."""

import logging
from functools import wraps
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from artifacts.errors import StoreError
from bridge.connect.explanations import EXPLANATIONS
from bridge.connect.keys import COOKIES, LINK, TICKET
from bridge.connect.pages import elsewhere
from bridge.connect.problems import ConnectError, Problem
from bridge.connect.translating import as_connect_error
from bridge.keys import SETTINGS
from bridge.temporal_calls import CallError
from meetings.connect_link import ConnectLink, connect_url
from meetings.text import one_line
from providers.base import ProviderError
from runtime.settings import signing_secrets

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
