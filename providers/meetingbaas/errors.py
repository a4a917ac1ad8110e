"""What the status codes of the API mean for us. Its bodies vary, so texts are searched, never parsed."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from providers.calendars import GrantError
from providers.meetingbaas.bodies import Body
from providers.meetingbaas.grants import ADVICE, grant_trouble
from providers.meetingbaas.redaction import redact

_CALENDARS = "/calendar"
_NO_TOKENS = "insufficienttokens"
_CONFLICTS = ("duplicate", "already")
_LOST_ON_THE_WAY = frozenset({408, 425, 499})
"""Codes by which servers and proxies say that a request did not get through to its end, whatever it asked for."""


class ConflictError(RequestRejectedError):
    """What was asked for is so already: a second bot for a meeting, or an end for a bot that has ended."""


@dataclass(frozen=True)
class Answer:
    """What came back, whole. The names of `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: Body

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def error_for(call: str, response: Answer, secrets: Iterable[str]) -> ProviderError:
    """The error that an answer outside 2xx stands for; `call` names the request, such as `POST /bots/`."""
    status, answer = response.status, bytes(response.body).decode("utf-8", "replace")
    said = f"Meeting BaaS answered {call} with {status}: {redact(answer, secrets) or '(no text)'}"
    if _CALENDARS in call and (trouble := grant_trouble(answer)):
        return GrantError(f"{said}{ADVICE[trouble]}", trouble)
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


def retry_after(value: str, answered_at: str = "") -> float | None:
    """Seconds to wait from a `Retry-After` header in either of its forms; None if it says nothing usable.

    A date is measured from the answer's own `Date`, if it has one: this machine's clock may be wrong.
    """
    try:
        seconds = float(value)
    except ValueError:
        until = _date(value)
        if until is None:
            return None
        seconds = (until - (_date(answered_at) or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
