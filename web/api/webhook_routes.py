"""The part of the table of routes that is about endpoints of outgoing events."""

from minutekeeper.api_keys import ApiScope
from starter.endpoint_models import (
    EndpointChange,
    EndpointDeliveries,
    EndpointDelivery,
    EndpointView,
    EndpointWithSecret,
    NewEndpoint,
    ReplayedDeliveries,
)
from web.api.problems import ProblemCode
from web.api.route import ApiRoute
from web.api.webhooks import WEBHOOKS, DeliveriesQuery, ListedEndpoints, ReplaySpan, WebhookHandlers

_ENDPOINT = f"{WEBHOOKS}/{{endpoint}}"

_DELIVERY = f"{_ENDPOINT}/deliveries/{{delivery}}"

_OF_ALL = (ProblemCode.STORE_UNREACHABLE,)
_OF_ONE = (ProblemCode.NOT_FOUND, *_OF_ALL)
_OF_SENDING = (*_OF_ONE, ProblemCode.TEMPORAL_UNREACHABLE, ProblemCode.DISABLED)
_OF_ADDRESSES = (ProblemCode.UNSAFE_URL, ProblemCode.ENDPOINT_EXISTS)


def webhook_routes(webhooks: WebhookHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "GET",
            WEBHOOKS,
            "listEndpoints",
            "List the endpoints that are told of events.",
            webhooks.list,
            ListedEndpoints,
            ApiScope.ADMIN,
            answers={200: "All endpoints."},
            problems=_OF_ALL,
        ),
        ApiRoute(
            "POST",
            WEBHOOKS,
            "addEndpoint",
            "Have a service told of events. The answer has the secret with which it verifies them.",
            webhooks.add,
            EndpointWithSecret,
            ApiScope.ADMIN,
            body=NewEndpoint,
            answers={201: "The endpoint was added."},
            problems=(*_OF_ALL, *_OF_ADDRESSES, ProblemCode.WEBHOOK_SECRET_MISSING),
            example={"url": "https://example.com/events", "types": ["meeting.completed", "meeting.failed"]},
        ),
        ApiRoute(
            "GET",
            _ENDPOINT,
            "getEndpoint",
            "Show an endpoint.",
            webhooks.show,
            EndpointView,
            ApiScope.ADMIN,
            answers={200: "The endpoint."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "PATCH",
            _ENDPOINT,
            "changeEndpoint",
            "Change an endpoint, or disable and enable it. What is not given stays.",
            webhooks.update,
            EndpointView,
            ApiScope.ADMIN,
            body=EndpointChange,
            answers={200: "The endpoint after the change."},
            problems=(*_OF_ONE, *_OF_ADDRESSES),
            example={"types": ["meeting.completed"], "enabled": True},
        ),
        ApiRoute(
            "DELETE",
            _ENDPOINT,
            "removeEndpoint",
            "Remove an endpoint; what is on its way to it is given up.",
            webhooks.remove,
            EndpointView,
            ApiScope.ADMIN,
            answers={204: "The endpoint was removed."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "POST",
            f"{_ENDPOINT}/rotate",
            "rotateSecret",
            "Give an endpoint a new secret. For 24 hours events are signed with both.",
            webhooks.rotate,
            EndpointWithSecret,
            ApiScope.ADMIN,
            answers={200: "The endpoint with its new secret."},
            problems=(*_OF_ONE, ProblemCode.WEBHOOK_SECRET_MISSING),
        ),
        *_delivery_routes(webhooks),
    )


def _delivery_routes(webhooks: WebhookHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "POST",
            f"{_ENDPOINT}/test",
            "testEndpoint",
            "Send webhook.test to an endpoint, and tell what it answered.",
            webhooks.test,
            EndpointDelivery,
            ApiScope.ADMIN,
            answers={200: "What came of it, also if the endpoint refused it."},
            problems=(*_OF_SENDING, ProblemCode.WORKER_MISSING, ProblemCode.WEBHOOK_SECRET_MISSING),
        ),
        ApiRoute(
            "GET",
            f"{_ENDPOINT}/deliveries",
            "listDeliveries",
            "List what is on its way to an endpoint, and what was delivered, has failed or is held.",
            webhooks.deliveries,
            EndpointDeliveries,
            ApiScope.ADMIN,
            query=DeliveriesQuery,
            answers={200: "Pending deliveries, then ended ones, those of the newest events first."},
            problems=(*_OF_ONE, ProblemCode.TEMPORAL_UNREACHABLE),
        ),
        ApiRoute(
            "GET",
            _DELIVERY,
            "getDelivery",
            "Show the delivery of an event with every try.",
            webhooks.delivery,
            EndpointDelivery,
            ApiScope.ADMIN,
            answers={200: "The delivery."},
            problems=(*_OF_ONE, ProblemCode.TEMPORAL_UNREACHABLE),
        ),
        ApiRoute(
            "POST",
            f"{_DELIVERY}/replay",
            "replayDelivery",
            "Deliver an event once more under the same id.",
            webhooks.replay,
            EndpointDelivery,
            ApiScope.ADMIN,
            answers={200: "It is on its way, or was already."},
            problems=_OF_SENDING,
        ),
        ApiRoute(
            "POST",
            f"{_ENDPOINT}/replay",
            "replayDeliveries",
            "Deliver the events of a span once more, at most 1,000, the oldest first.",
            webhooks.replay_span,
            ReplayedDeliveries,
            ApiScope.ADMIN,
            body=ReplaySpan,
            answers={200: "How many are on their way."},
            problems=_OF_SENDING,
            example={"from": "2027-01-11T10:00:00Z", "outcome": "held"},
        ),
    )
