"""Endpoints of outgoing events over HTTP."""

from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from aiohttp import hdrs
from pydantic import BaseModel, ConfigDict, Field

from starter.endpoint_models import DeliveryState, EndpointChange, EndpointView, NewEndpoint
from starter.webhook_endpoints import WebhookClient
from web.api.handlers import ApiRequest, ApiResponse
from web.meetings_query import Instant

WEBHOOKS = "/api/v1/webhooks"


class ListedEndpoints(BaseModel):
    """All endpoints, the oldest first."""

    items: tuple[EndpointView, ...]


class DeliveriesQuery(BaseModel):
    """Conditions that listed deliveries meet. `from` is inclusive, `to` exclusive; both are about ended ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: DeliveryState | None = None
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = Field(None, alias="to")
    limit: int = Field(50, ge=1, le=200)


class ReplaySpan(BaseModel):
    """Which events are delivered once more; without an `outcome` those that were not delivered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: Instant | None = Field(None, alias="from")
    until: Instant | None = Field(None, alias="to")
    outcome: DeliveryState | None = None


class WebhookHandlers:
    """The operations on endpoints. `open_client` opens the client when it is first needed."""

    def __init__(self, open_client: Callable[[], WebhookClient]) -> None:
        self._client = cache(open_client)

    async def list(self, _: ApiRequest) -> ApiResponse:
        return ApiResponse(ListedEndpoints(items=tuple(await self._client().list())))

    async def add(self, request: ApiRequest) -> ApiResponse:
        given: NewEndpoint = request.body
        added = await self._client().add(given)
        return ApiResponse(added, 201, {hdrs.LOCATION: f"{WEBHOOKS}/{quote(added.endpoint_id, safe='')}"})

    async def show(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await self._client().show(request.subject))

    async def update(self, request: ApiRequest) -> ApiResponse:
        change: EndpointChange = request.body
        return ApiResponse(await self._client().update(request.subject, change))

    async def remove(self, request: ApiRequest) -> ApiResponse:
        await self._client().remove(request.subject)
        return ApiResponse(None, 204)

    async def rotate(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await self._client().rotate(request.subject))

    async def test(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await self._client().test(request.subject))

    async def deliveries(self, request: ApiRequest) -> ApiResponse:
        query: DeliveriesQuery = request.query
        found = await self._client().deliveries(
            request.subject, outcome=query.outcome, since=query.since, until=query.until, limit=query.limit
        )
        return ApiResponse(found)

    async def delivery(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await self._client().delivery(request.subject, request.part))

    async def replay(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(await self._client().replay(request.subject, request.part))

    async def replay_span(self, request: ApiRequest) -> ApiResponse:
        span: ReplaySpan = request.body
        replayed = await self._client().replay_span(
            request.subject, outcome=span.outcome, since=span.since, until=span.until
        )
        return ApiResponse(replayed)
