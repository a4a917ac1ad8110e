"""Problem details: what the API answers instead of what was asked for. The list of codes is closed."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, ValidationError

from starter.errors import (
    CalendarNotFoundError,
    DeliveryNotFoundError,
    EndpointDisabledError,
    EndpointExistsError,
    EndpointNotFoundError,
    EventNotFoundError,
    IdTakenError,
    MeetingError,
    MeetingInputError,
    MeetingNotFoundError,
    MeetingOverError,
    MeetingRefusedError,
    NoWorkerError,
    ProviderRefusedError,
    StorageError,
    TemporalUnreachableError,
    UnsafeUrlError,
    WebhookSecretMissingError,
)

PROBLEM_TYPE = "application/problem+json"
_RETRY_SECONDS = 5


class ProblemCode(StrEnum):
    """Why a request was not carried out."""

    INVALID_JSON = "invalid_json"
    INVALID_REQUEST = "invalid_request"
    UNSAFE_URL = "unsafe_url"
    NO_KEY = "no_key"
    KEY_IN_URL = "key_in_url"
    SCOPE_MISSING = "scope_missing"
    NOT_FOUND = "not_found"
    NO_FILE = "no_file"
    NO_TRANSCRIPT = "no_transcript"
    NOT_READY = "not_ready"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_SLOW = "body_too_slow"
    ID_TAKEN = "id_taken"
    ALREADY_OVER = "already_over"
    TOO_LATE = "too_late"
    ENDPOINT_EXISTS = "endpoint_exists"
    DISABLED = "disabled"
    BODY_TOO_LARGE = "body_too_large"
    NOT_JSON = "not_json"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_STREAMS = "too_many_streams"
    INTERNAL_ERROR = "internal_error"
    TEMPORAL_UNREACHABLE = "temporal_unreachable"
    WORKER_MISSING = "worker_missing"
    STORE_UNREACHABLE = "store_unreachable"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    WEBHOOK_SECRET_MISSING = "webhook_secret_missing"  # noqa: S105 - a code


STATUS_OF = {
    ProblemCode.INVALID_JSON: 400,
    ProblemCode.INVALID_REQUEST: 422,
    ProblemCode.UNSAFE_URL: 422,
    ProblemCode.NO_KEY: 401,
    ProblemCode.KEY_IN_URL: 400,
    ProblemCode.SCOPE_MISSING: 403,
    ProblemCode.NOT_FOUND: 404,
    ProblemCode.NO_FILE: 404,
    ProblemCode.NO_TRANSCRIPT: 404,
    ProblemCode.NOT_READY: 409,
    ProblemCode.METHOD_NOT_ALLOWED: 405,
    ProblemCode.BODY_TOO_SLOW: 408,
    ProblemCode.ID_TAKEN: 409,
    ProblemCode.ALREADY_OVER: 409,
    ProblemCode.TOO_LATE: 409,
    ProblemCode.ENDPOINT_EXISTS: 409,
    ProblemCode.DISABLED: 409,
    ProblemCode.BODY_TOO_LARGE: 413,
    ProblemCode.NOT_JSON: 415,
    ProblemCode.TOO_MANY_REQUESTS: 429,
    ProblemCode.TOO_MANY_STREAMS: 429,
    ProblemCode.INTERNAL_ERROR: 500,
    ProblemCode.TEMPORAL_UNREACHABLE: 503,
    ProblemCode.WORKER_MISSING: 503,
    ProblemCode.STORE_UNREACHABLE: 503,
    ProblemCode.PROVIDER_UNREACHABLE: 503,
    ProblemCode.WEBHOOK_SECRET_MISSING: 503,
}

_TITLES = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "The key may not be used for this",
    404: "There is no such thing",
    405: "The address does not take this method",
    408: "The body did not arrive in time",
    409: "This cannot be done now",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request is invalid",
    429: "Too many requests",
    500: "Internal error",
    503: "Something that is needed does not answer",
}


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; `code` says for programs what `detail` says for people."""

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: ProblemCode
    errors: tuple[FieldProblem, ...] = ()


class ProblemError(Exception):
    """Ends a request with a problem. `retry_after` is in seconds."""

    def __init__(
        self, code: ProblemCode, detail: str, errors: tuple[FieldProblem, ...] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        status = STATUS_OF[code]
        self.problem = Problem(title=_TITLES[status], status=status, detail=detail, code=code, errors=errors)
        self.retry_after = retry_after if retry_after is not None or status != 503 else _RETRY_SECONDS


_SENTENCES: tuple[tuple[type[MeetingError], ProblemCode, str], ...] = (
    (CalendarNotFoundError, ProblemCode.NOT_FOUND, "There is no such calendar."),
    (EventNotFoundError, ProblemCode.NOT_FOUND, "The calendar has no such event."),
    (ProviderRefusedError, ProblemCode.PROVIDER_UNREACHABLE, "The provider of the calendars refuses or is away."),
    (MeetingNotFoundError, ProblemCode.NOT_FOUND, "There is no such meeting."),
    (EndpointNotFoundError, ProblemCode.NOT_FOUND, "There is no such endpoint."),
    (DeliveryNotFoundError, ProblemCode.NOT_FOUND, "There is no such delivery."),
    (EndpointExistsError, ProblemCode.ENDPOINT_EXISTS, ""),
    (EndpointDisabledError, ProblemCode.DISABLED, ""),
    (WebhookSecretMissingError, ProblemCode.WEBHOOK_SECRET_MISSING, ""),
    (IdTakenError, ProblemCode.ID_TAKEN, ""),
    (MeetingOverError, ProblemCode.ALREADY_OVER, ""),
    (MeetingRefusedError, ProblemCode.TOO_LATE, ""),
    (TemporalUnreachableError, ProblemCode.TEMPORAL_UNREACHABLE, "Temporal does not answer; try again."),
    (NoWorkerError, ProblemCode.WORKER_MISSING, "No worker answers for this meeting; try again."),
    (StorageError, ProblemCode.STORE_UNREACHABLE, "The artifact store does not answer; try again."),
)
"""The first that fits counts. Without a sentence it is the error's own; others could name places inside."""


def problem_for(error: MeetingError) -> ProblemError:
    """The problem that an error of the client is."""
    if isinstance(error, MeetingInputError):
        message = str(error).removeprefix(f"{error.field}: ")
        code = ProblemCode.UNSAFE_URL if isinstance(error, UnsafeUrlError) else ProblemCode.INVALID_REQUEST
        return ProblemError(code, str(error), (FieldProblem(field=error.field, message=message),))
    for kind, code, sentence in _SENTENCES:
        if isinstance(error, kind):
            return ProblemError(code, sentence or str(error))
    return ProblemError(ProblemCode.INTERNAL_ERROR, "An error that is not the request's.")


def invalid_fields(error: ValidationError) -> ProblemError:
    """The problem that a body or a query is which its model does not take."""
    found = [
        FieldProblem(
            field=".".join(str(part) for part in each["loc"]), message=each["msg"].removeprefix("Value error, ")
        )
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    named = "; ".join(f"{each.field}: {each.message}" if each.field else each.message for each in found[:3])
    return ProblemError(ProblemCode.INVALID_REQUEST, named, tuple(found))
