"""The pages of the endpoints of outgoing events: all of them, and one with its newest deliveries."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

from aiohttp import hdrs, web

from minutekeeper.deliveries.delivery import DeliveryRecord
from minutekeeper.meetings.ids import calendar_id_from_workflow_id, meeting_id_from_workflow_id
from minutekeeper.storage.delivery_records import DeliveryKey, DeliveryStore
from minutekeeper.storage.store import ArtifactStore
from starter.endpoint_models import DeliveryState, EndpointDelivery, EndpointView
from starter.endpoint_tables import attempt_sentence
from starter.webhook_endpoints import WebhookClient
from web.access.roles import Role
from web.pages.calendar_pages import calendar_address
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, meeting_path, render_page
from web.pages.words import Tone

OpenWebhooks = Callable[[], WebhookClient]

WEBHOOKS_ADDRESS = "/webhooks"
DELIVERIES_SHOWN = 50
DELIVERIES_COUNTED = 25
"""Deliveries of each endpoint that the list of all tells of."""

_AT_ONCE = 4
_MOST_DIGITS = 6

DELIVERY_WORDS = {
    DeliveryState.PENDING: ("On its way", Tone.ACTIVE),
    DeliveryState.DELIVERED: ("Delivered", Tone.GOOD),
    DeliveryState.FAILED: ("Failed", Tone.BAD),
    DeliveryState.HELD: ("Held", Tone.WARN),
    DeliveryState.REMOVED: ("Given up", Tone.GONE),
}

_CHOICES = (("", "All"), *((each.value, DELIVERY_WORDS[each][0]) for each in DeliveryState))

_DONE = {
    "enabled": "The endpoint is enabled. Events that were held stay so until they are replayed.",
    "disabled": "The endpoint is disabled. Events are held until you enable it and replay them.",
    "replayed": "The event is on its way again.",
    "removed": "The endpoint is removed. What was on its way to it is given up.",
}
"""What was done on the page before, by the word for it in the address."""


class LastDeliveries(NamedTuple):
    """What became of the newest deliveries to an endpoint that have ended; `newest` is None if there are none."""

    newest: DeliveryRecord | None
    counts: Counter[DeliveryState]

    @property
    def held(self) -> str:
        """How many are held."""
        held = self.counts[DeliveryState.HELD]
        return f"{held} or more" if held == DELIVERIES_COUNTED else str(held)


class WebhookPages:
    """The list of endpoints, and the page of one."""

    def __init__(self, client: OpenWebhooks, open_store: Callable[[], Awaitable[ArtifactStore]]) -> None:
        self._client = client
        self._open_store = open_store

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute(hdrs.METH_GET, WEBHOOKS_ADDRESS, self.show_all, Role.ADMIN),
            PageRoute(hdrs.METH_GET, f"{WEBHOOKS_ADDRESS}/{{endpoint}}", self.show, Role.ADMIN),
        ]

    async def show_all(self, request: PageRequest) -> web.StreamResponse:
        endpoints = await self._client().list()
        records = DeliveryStore(await self._open_store())
        slots = asyncio.Semaphore(_AT_ONCE)

        async def last(endpoint: EndpointView) -> LastDeliveries:
            async with slots:
                return await _last_deliveries(records, endpoint.endpoint_id)

        values = {
            "endpoints": list(zip(endpoints, await asyncio.gather(*map(last, endpoints)), strict=True)),
            "words": DELIVERY_WORDS,
            "state": endpoint_state,
            "address": endpoint_address,
            "label": endpoint_label,
            "without_query": without_query,
            "counted": DELIVERIES_COUNTED,
            "done": _DONE.get(request.http.query.get("done", ""), ""),
        }
        return PageResponse(render_page("webhooks.html", webhook_frame(request), values))

    async def show(self, request: PageRequest) -> web.StreamResponse:
        client, query = self._client(), request.http.query
        endpoint = await client.show(request.http.match_info["endpoint"])
        chosen = query.get("outcome", "")
        outcome = DeliveryState(chosen) if chosen in set(DeliveryState) else None
        found = await client.deliveries(endpoint.endpoint_id, outcome=outcome, limit=DELIVERIES_SHOWN)
        values = {
            "endpoint": endpoint,
            "state": endpoint_state(endpoint),
            "label": endpoint_label(endpoint),
            "address": endpoint_address(endpoint.endpoint_id),
            "deliveries": found.items,
            "complete": found.complete,
            "most": DELIVERIES_SHOWN,
            "choices": _CHOICES,
            "chosen": outcome.value if outcome else "",
            "words": DELIVERY_WORDS,
            "told": attempt_sentence,
            "subject": _subject,
            "done": _done(query.get("done", ""), query.get("count", ""), query.get("left", "")),
            "tested": _tested(found.items, query.get("tested", "")),
            "form_token": request.form_token,
        }
        return PageResponse(render_page("webhook.html", webhook_frame(request), values))


def webhook_frame(request: PageRequest) -> PageFrame:
    """The frame of the pages of endpoints."""
    return PageFrame(WEBHOOKS_ADDRESS, request.visitor.name, request.form_token)


def endpoint_address(endpoint_id: str) -> str:
    return f"{WEBHOOKS_ADDRESS}/{quote(endpoint_id, safe='')}"


def endpoint_label(endpoint: EndpointView) -> str:
    """What an endpoint is called: its name, else the host of its address."""
    return endpoint.name or urlsplit(endpoint.url).netloc


def endpoint_state(endpoint: EndpointView) -> tuple[str, Tone]:
    """The state of an endpoint in a word, and its tone."""
    if not endpoint.enabled:
        return "Disabled", Tone.BAD
    return ("Failing", Tone.WARN) if endpoint.failing_since else ("Enabled", Tone.GOOD)


def without_query(url: str) -> str:
    """An address without what stands behind `?`, because that is often a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


async def _last_deliveries(records: DeliveryStore, endpoint_id: str) -> LastDeliveries:
    counts: Counter[DeliveryState] = Counter()
    newest = None
    async for record in records.each_by(DeliveryKey.ENDPOINT, endpoint_id):
        newest = newest or record
        counts[DeliveryState(record.outcome.value)] += 1
        if counts.total() == DELIVERIES_COUNTED:
            break
    return LastDeliveries(newest, counts)


def _subject(delivery: EndpointDelivery) -> tuple[str, str]:
    """The address of the page of the meeting or calendar that an event is about, and its id; empty if of none."""
    if not delivery.workflow_id or delivery.type is None:
        return "", ""
    if delivery.type.startswith("calendar."):
        calendar = calendar_id_from_workflow_id(delivery.workflow_id)
        return calendar_address(calendar), calendar
    meeting = meeting_id_from_workflow_id(delivery.workflow_id)
    return meeting_path(meeting), meeting


def _done(word: str, count: str, left: str) -> str:
    """The sentence on what was done on the page before; empty for words that no page of ours says."""
    if word != "span":
        return _DONE.get(word, "")
    if not all(each.isdecimal() and len(each) <= _MOST_DIGITS for each in (count, left)):
        return ""
    told = "1 event is on its way again." if int(count) == 1 else f"{int(count)} events are on their way again."
    return f"{told} {int(left)} are left: replay them once these have arrived." if int(left) else told


def _tested(deliveries: tuple[EndpointDelivery, ...], event_id: str) -> EndpointDelivery | None:
    """The test that was sent on the page before."""
    return next((each for each in deliveries if event_id and each.event_id == event_id), None)
