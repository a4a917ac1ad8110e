"""The doctor's check of endpoints of outgoing events."""

from datetime import UTC, datetime, timedelta

from minutekeeper.config import Settings
from starter.endpoint_models import DeliveryState, EndpointView
from starter.errors import MeetingError
from starter.health_checks import CheckFailedError
from starter.output import amount
from starter.times import format_local
from starter.webhook_endpoints import WebhookClient

_HELD_SINCE = timedelta(days=30)
_MOST_COUNTED = 100


async def check_endpoints(settings: Settings) -> str:
    """Whether an endpoint is disabled, fails, or has events that are held; and whether events can be signed."""
    try:
        client = WebhookClient.from_settings(settings)
        endpoints = await client.list()
        held = {each.endpoint_id: await _held(client, each) for each in endpoints}
    except MeetingError as error:
        raise CheckFailedError(str(error), "correct that; what cannot be read is not delivered") from error
    if not endpoints:
        return "none"
    if not settings.minutekeeper_webhook_secret.get_secret_value():
        count = amount(len(endpoints), "endpoint")
        raise CheckFailedError(
            f"MINUTEKEEPER_WEBHOOK_SECRET is not set, and {count} cannot be told of events",
            "set it to what it was when they were added, or rotate their secrets afterwards, for workers, API and "
            "command line",
        )
    problems = [(each, problem) for each in endpoints if (problem := _problem(each, held[each.endpoint_id]))]
    if problems:
        raise CheckFailedError(
            "; ".join(problem for _, problem in problems), " ".join(_remedy(each) for each, _ in problems)
        )
    return f"{amount(len(endpoints), 'endpoint')}, none fails"


async def _held(client: WebhookClient, endpoint: EndpointView) -> int:
    """How many events are held for an endpoint, as far as they are counted."""
    found = await client.deliveries(
        endpoint.endpoint_id,
        outcome=DeliveryState.HELD,
        since=datetime.now(UTC) - _HELD_SINCE,
        limit=_MOST_COUNTED,
    )
    return len(found.items)


def _problem(endpoint: EndpointView, held: int) -> str:
    parts = []
    if not endpoint.enabled:
        parts.append(f"is disabled: {endpoint.disabled_why}")
    elif endpoint.failing_since is not None:
        parts.append(f"has failed since {format_local(endpoint.failing_since)}")
    if held:
        more = " and more" if held >= _MOST_COUNTED else ""
        parts.append(f"{amount(held, 'event')}{more} held")
    return f"{endpoint.name or endpoint.endpoint_id} {', '.join(parts)}" if parts else ""


def _remedy(endpoint: EndpointView) -> str:
    name = endpoint.endpoint_id
    if not endpoint.enabled:
        return (
            f"Correct the receiver, then `minutekeeper webhook enable {name}` and `minutekeeper webhook replay "
            f"{name} --outcome held`, or remove it with `minutekeeper webhook remove {name}`."
        )
    if endpoint.failing_since is not None:
        return f"`minutekeeper webhook test {name}` says what it answers."
    return f"`minutekeeper webhook replay {name} --outcome held` sends them."
