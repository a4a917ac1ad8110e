"""The conventions of the API of Recall.ai, with its errors translated into ours."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from minutekeeper.providers.api_connection import ApiConnection, ApiConventions, HttpResponse, retry_after
from minutekeeper.providers.base import (
    AccountError,
    CapacityError,
    NotFoundError,
    ProviderError,
    RateLimitedError,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.json_decoding import decode_json
from minutekeeper.providers.redaction import redact
from minutekeeper.text import one_line

SERVICE = "Recall.ai"

REQUEST_BLOCKED = "request_blocked"

_LOST_ON_THE_WAY = frozenset({408, 425, 499})
"""Codes of servers and proxies for a request that was not completed, whatever its purpose."""

_PAUSES: dict[int, tuple[type[RateLimitedError | CapacityError], str]] = {
    429: (RateLimitedError, ""),
    507: (CapacityError, " No machine is free for a bot that joins at once."),
}
_KINDS: dict[int, tuple[type[ProviderError], str]] = {
    402: (AccountError, " The workspace has no credit left."),
    403: (AccountError, " The workspace may not do this."),
    404: (NotFoundError, ""),
    409: (UnavailableError, " An earlier request of the same kind is still being carried out."),
}
_MARKUP = re.compile(rb"\s*<")
_TAG = re.compile(r"<[^<>]*>")
_MOST_BYTES = 20_000
_NOT_ABOUT_A_FIELD = frozenset({"", "non_field_errors", "errors", "detail", "message"})
_MOST_PROBLEMS = 5


class CodedRejectionError(RequestRejectedError):
    """A refusal with a code of the provider, which says more than its status."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def recall_address(region: str) -> str:
    return f"https://{region}.recall.ai"


def open_recall(
    base_url: str,
    api_key: str,
    *,
    region: str = "",
    secrets: Iterable[str] = (),
    on_call: Callable[[], None] | None = None,
) -> ApiConnection:
    """The API of one workspace. `region` is named where a key is refused; without it, `base_url` is the API's.

    `on_call` is called for each call.
    """
    place = (
        f"the region {region}; RECALL_REGION names that of the workspace"
        if region
        else "what RECALL_BASE_URL leads to"
    )

    def error_for(call: str, response: HttpResponse, known: Sequence[str]) -> ProviderError:
        return _error_for(call, response, known, place)

    api = ApiConventions(service=SERVICE, key_header="Authorization", key_prefix="Token ", error_for=error_for)
    return ApiConnection(api, base_url, api_key, secrets, on_call)


def _error_for(call: str, response: HttpResponse, secrets: Iterable[str], place: str) -> ProviderError:
    """The error for a response outside 2xx; `call` names the request, such as `POST /api/v1/bot/`."""
    status, headers = response.status, response.headers
    document = _document(bytes(response.body))
    code = _code(document)
    said = f"{SERVICE} answered {call} with {status}: {redact(_words(document), secrets) or '(no text)'}"
    if 300 <= status < 400:
        target = redact(headers.get("Location", ""), secrets)
        return UnavailableError(
            f"{said} A redirect to {target or 'nowhere'} is not followed; check RECALL_BASE_URL."
        )
    if status in _PAUSES:
        kind, advice = _PAUSES[status]
        return kind(said + advice, retry_after(headers.get("Retry-After", ""), headers.get("Date", "")))
    if status == 403 and (code == REQUEST_BLOCKED or not isinstance(document, dict)):
        # The edge blocks requests that are malformed, and the workspace is not to blame.
        return CodedRejectionError(said, REQUEST_BLOCKED)
    if status == 401:
        return AccountError(f"{said} The API key is missing or wrong, or it is not for {place}.")
    if status in _KINDS:
        plain, advice = _KINDS[status]
        return plain(said + advice)
    is_rejected = 400 <= status < 500 and status not in _LOST_ON_THE_WAY
    return CodedRejectionError(said, code) if is_rejected else UnavailableError(said)


def _document(body: bytes) -> Any:
    """The JSON of an answer, else its text: of HTML and XML what stands between the tags."""
    try:
        return decode_json(body)
    except ValueError:
        text = body[:_MOST_BYTES].decode("utf-8", "replace")
        return one_line(_TAG.sub(" ", text)) if _MARKUP.match(body) else text


def _code(document: Any) -> str:
    """The code of a refusal; some are numbers, which only repeat the status."""
    code = document.get("code") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""


def _words(document: Any) -> str:
    """What a refusal says, with the field that it is about."""
    if isinstance(document, str):
        return document
    problems = list(dict.fromkeys(_problems(document)))
    code = _code(document)
    if not problems:
        return code or (json.dumps(document, ensure_ascii=False) if document else "")
    text = "; ".join(problems[:_MOST_PROBLEMS])
    return f"{text} ({code})" if code else text


def _problems(value: Any, field: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if name != "code":
                inner = "" if name in _NOT_ABOUT_A_FIELD else name
                yield from _problems(item, ".".join(part for part in (field, inner) if part))
    elif isinstance(value, list):
        for item in value[:_MOST_PROBLEMS]:
            yield from _problems(item, field)
    elif isinstance(value, str) and value.strip():
        yield f"{field}: {value.strip()}" if field else value.strip()
