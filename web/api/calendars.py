"""Calendars over HTTP: what they have, what their policies decide and why, and changes of both."""

import json
from collections.abc import Awaitable, Callable

from minutekeeper.calendars.decisions import Wanted
from minutekeeper.calendars.policy import Policy, PolicyError, load_policy
from starter.calendars.client import CalendarClient
from starter.calendars.preview import policy_as_written
from web.api.handlers import ApiRequest, ApiResponse
from web.api.models import CalendarEvents, EventOverride, ListedCalendars, PolicyDocument
from web.api.problems import FieldProblem, ProblemCode, ProblemError

CALENDARS = "/api/v1/calendars"

_CHOICES: dict[str, Wanted | None] = {"always": "always", "never": "never", "none": None}


class CalendarHandlers:
    """The operations on calendars."""

    def __init__(self, connected: Callable[[], Awaitable[CalendarClient]]) -> None:
        self._connected = connected

    async def list(self, _: ApiRequest) -> ApiResponse:
        found = await (await self._connected()).list()
        return ApiResponse(ListedCalendars(items=tuple(found)))

    async def show(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await (await self._connected()).show(request.subject))

    async def events(self, request: ApiRequest) -> ApiResponse:
        client = await self._connected()
        found = await client.events(request.subject, also_past=request.query.past)
        return ApiResponse(CalendarEvents(items=found))

    async def explain(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await (await self._connected()).explain(request.subject, request.part))

    async def policy(self, request: ApiRequest) -> ApiResponse:
        found = await (await self._connected()).policy(request.subject)
        return ApiResponse(PolicyDocument(policy_as_written(found)))

    async def plan(self, request: ApiRequest) -> ApiResponse:
        given: PolicyDocument = request.body
        policy = _policy(given) if given.root else None
        return ApiResponse(await (await self._connected()).plan(request.subject, policy))

    async def set_policy(self, request: ApiRequest) -> ApiResponse:
        policy = _policy(request.body)
        return ApiResponse(await (await self._connected()).set_policy(request.subject, policy))

    async def override(self, request: ApiRequest) -> ApiResponse:
        given: EventOverride = request.body
        client = await self._connected()
        wanted = _CHOICES[given.choice]
        return ApiResponse(await client.override(request.subject, request.part, wanted, series=given.series))


def _policy(given: PolicyDocument) -> Policy:
    """The policy of a body. Raises ProblemError with everything that is wrong with it."""
    try:
        return load_policy(json.dumps(given.root))
    except PolicyError as error:
        found = tuple(FieldProblem(field="", message=each) for each in error.problems)
        text = "This is not a valid policy."
        raise ProblemError(ProblemCode.INVALID_REQUEST, text, found) from None
