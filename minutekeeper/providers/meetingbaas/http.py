"""The conventions of the API of Meeting BaaS, with its errors translated into ours."""

import re
from collections.abc import Iterable

from minutekeeper.providers.api_connection import ApiConventions, HttpResponse, retry_after
from minutekeeper.providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.calendar_base import CalendarAccessError
from minutekeeper.providers.oauth_errors import ADVICE, access_problem_source
from minutekeeper.providers.redaction import redact

API_KEY_HEADER = "x-meeting-baas-api-key"

_CALENDARS = "/calendar"

_NO_TOKENS = "insufficienttokens"

_CONFLICTS = ("duplicate", "already")

_LOST_ON_THE_WAY = frozenset({408, 425, 499})
"""Codes of servers and proxies for a request that was not completed, whatever its purpose."""


class ConflictError(RequestRejectedError):
    """The request is already fulfilled: a second bot for a meeting, or the end of a bot that has ended."""


def error_for(call: str, response: HttpResponse, secrets: Iterable[str]) -> ProviderError:
    """The error for a response outside 2xx; `call` names the request, such as `POST /bots/`."""
    status, answer = response.status, bytes(response.body).decode("utf-8", "replace")
    said = f"Meeting BaaS answered {call} with {status}: {redact(answer, secrets) or '(no text)'}"
    if _CALENDARS in call and (trouble := access_problem_source(answer)):
        return CalendarAccessError(f"{said}{ADVICE[trouble]}", trouble)
    kind, advice = _meaning(status, answer.lower())
    if 300 <= status < 400:
        target = redact(response.headers.get("Location", ""), secrets)
        advice = f" A redirect to {target or 'nowhere'} is not followed; check the base URL."
    message = f"{said}{advice}"
    if kind is RateLimitedError:
        headers = response.headers
        return RateLimitedError(message, retry_after(headers.get("Retry-After", ""), headers.get("Date", "")))
    return kind(message)


def _meaning(status: int, words: str) -> tuple[type[ProviderError], str]:
    """The first rule that applies, with advice for people."""
    rules: tuple[tuple[bool, type[ProviderError], str], ...] = (
        (not 400 <= status < 500 or status in _LOST_ON_THE_WAY, UnavailableError, ""),
        (
            status == 402 or _NO_TOKENS in re.sub(r"[^a-z]", "", words),
            AccountError,
            " The account has no tokens left.",
        ),
        (status == 401, AccountError, " The API key is missing or wrong."),
        (status == 429, RateLimitedError, ""),
        (status == 404, NotFoundError, ""),
        (status == 409 or any(word in words for word in _CONFLICTS), ConflictError, ""),
        (status == 403, AccountError, " The account may not do this."),
    )
    return next(
        ((kind, advice) for applies, kind, advice in rules if applies),
        (RequestRejectedError, ""),
    )


MEETING_BAAS = ApiConventions(service="Meeting BaaS", key_header=API_KEY_HEADER, error_for=error_for)
