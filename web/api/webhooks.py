"""Endpoints of outgoing events over HTTP."""

from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from aiohttp import hdrs
from pydantic import BaseModel

from starter.endpoint_models import EndpointChange, EndpointView, NewEndpoint
from starter.webhook_endpoints import WebhookClient
from web.api.handlers import ApiRequest, ApiResponse

WEBHOOKS = "/api/v1/webhooks"


class ListedEndpoints(BaseModel):
    """All endpoints, the oldest first."""

    items: tuple[EndpointView, ...]


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
