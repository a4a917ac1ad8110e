"""The conventions of version 2 of the Meeting BaaS API, with its errors translated into ours."""

import json
from collections.abc import Iterable
from typing import Any

from minutekeeper.providers.api_connection import ApiConventions, HttpResponse, retry_after
from minutekeeper.providers.base import (
    AccountError,
    NotFoundError,
    ProviderError,
    QuotaError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.fields import LenientModel, Number, Text
from minutekeeper.providers.redaction import redact

SERVICE = "Meeting BaaS v2"

_BOT_EXISTS = "BOT_ALREADY_EXISTS"
_QUOTAS = ("CAP_REACHED", "LIMIT_EXCEEDED", "LIMIT_REACHED", "QUOTA")
"""Parts of the codes of a 429 that no waiting of seconds cures: the bots of a day, the calendars of a team."""

_LOST_ON_THE_WAY = frozenset({408, 425, 499})
"""Codes of servers and proxies for a request that was not completed, whatever its purpose."""


_MEANINGS: dict[int, tuple[type[ProviderError], str]] = {
    401: (AccountError, " The API key is missing or wrong."),
    402: (AccountError, " The account has no tokens left."),
    403: (AccountError, " The API key is wrong, or may not do this: a full one is needed."),
    404: (NotFoundError, ""),
}
"""The kinds of errors, with advice for people."""


class RefusedByStateError(RequestRejectedError):
    """The state of what the request is about does not allow it (409). `code` is the provider's own."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_duplicate(self) -> bool:
        return _BOT_EXISTS in self.code


class _ErrorAnswer(LenientModel):
    error: Text = ""
    code: Text = ""
    retry_after: Number = None


def error_from_response(call: str, response: HttpResponse, secrets: Iterable[str]) -> ProviderError:
    """The error for a response outside 2xx; `call` names the request, such as `POST /v2/bots`."""
    status, body = response.status, bytes(response.body)
    words = redact(body.decode("utf-8", "replace"), secrets)
    said = f"{SERVICE} answered {call} with {status}: {words or '(no text)'}"
    if 300 <= status < 400:
        target = redact(response.headers.get("Location", ""), secrets)
        said = f"{said} A redirect to {target or 'nowhere'} is not followed; check the base URL."
    if not 400 <= status < 500 or status in _LOST_ON_THE_WAY:
        return UnavailableError(said)
    if status == 409:
        return RefusedByStateError(said, _error_answer(body).code)
    if status == 429:
        return _too_many(said, _error_answer(body), response)
    kind, advice = _MEANINGS.get(status, (RequestRejectedError, ""))
    return kind(said + advice)


def _too_many(said: str, answer: _ErrorAnswer, response: HttpResponse) -> ProviderError:
    """One status for three things; only the rate limit is over in seconds."""
    if any(part in answer.code.upper() for part in _QUOTAS):
        return QuotaError(f"{said} A quota of the account is used up.")
    headers = response.headers
    seconds = retry_after(headers.get("Retry-After", ""), headers.get("Date", ""))
    return RateLimitedError(said, answer.retry_after if seconds is None else seconds)


def _error_answer(body: bytes) -> _ErrorAnswer:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return _ErrorAnswer()
    return _ErrorAnswer.model_validate(document if isinstance(document, dict) else {})


MEETING_BAAS_V2 = ApiConventions(
    service=SERVICE, key_header="x-meeting-baas-api-key", error_for=error_from_response
)
