"""Tables of endpoints and deliveries for people."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from rich.text import Text

from minutekeeper.deliveries.delivery import DeliveryAttempt
from starter.endpoint_models import DeliveryState, EndpointDelivery, EndpointView
from starter.layout import Facts, Table
from starter.output import sanitize
from starter.times import format_local


def endpoints_table(endpoints: Sequence[EndpointView]) -> Table:
    """One row for each; of its address only the host, because the rest may be a secret."""
    table = Table("ID", "State", "Host", "Name")
    for each in endpoints:
        host = urlsplit(each.url).netloc
        table.add_row(each.endpoint_id, _state(each), sanitize(host), sanitize(each.name))
    return table


def deliveries_table(deliveries: Sequence[EndpointDelivery]) -> Table:
    table = Table("Event", "Outcome", "Tries", "Time", "About")
    for each in deliveries:
        time = format_local(each.timestamp) if each.timestamp else ""
        about = " ".join(filter(None, (each.type.value if each.type else "", each.workflow_id)))
        table.add_row(each.event_id, outcome_text(each.outcome), str(len(each.attempts)), time, sanitize(about))
    return table


def delivery_facts(delivery: EndpointDelivery) -> Facts:
    facts = Facts()
    facts.add("Event", delivery.event_id)
    facts.add("Outcome", outcome_text(delivery.outcome))
    if delivery.why:
        facts.add("Because", sanitize(delivery.why))
    if delivery.type:
        facts.add("Type", delivery.type.value)
    if delivery.workflow_id:
        facts.add("About", sanitize(delivery.workflow_id))
    if delivery.next_attempt_at:
        facts.add("Next try", format_local(delivery.next_attempt_at))
    for attempt in delivery.attempts:
        facts.add("Try", f"{format_local(attempt.at)}: {attempt_sentence(attempt)}")
    return facts


def attempt_sentence(attempt: DeliveryAttempt) -> str:
    """What a try came to, such as `answered 500 in 12 ms: try later`."""
    if attempt.status_code is None:
        return sanitize(attempt.error or "no answer")
    answer = f": {sanitize(attempt.answer)}" if attempt.answer else ""
    return f"answered {attempt.status_code} in {attempt.milliseconds} ms{answer}"


def outcome_text(outcome: DeliveryState) -> Text:
    styles = {DeliveryState.DELIVERED: "green", DeliveryState.PENDING: "yellow"}
    return Text(outcome.value, style=styles.get(outcome, "red"))


def endpoint_facts(endpoint: EndpointView) -> Facts:
    facts = Facts()
    facts.add("ID", endpoint.endpoint_id)
    if endpoint.name:
        facts.add("Name", sanitize(endpoint.name))
    facts.add("Address", sanitize(endpoint.url))
    facts.add("State", _state(endpoint))
    if endpoint.disabled_why:
        facts.add("Because", sanitize(endpoint.disabled_why))
    if endpoint.failing_since is not None:
        facts.add("Failing", f"since {format_local(endpoint.failing_since)}")
    facts.add("Told of", ", ".join(endpoint.types))
    if endpoint.include:
        facts.add("Includes", ", ".join(endpoint.include))
    facts.add("Format", endpoint.form.value)
    facts.add("Added", format_local(endpoint.created_at))
    if endpoint.previous_secret_until is not None:
        facts.add("Old secret", f"signs until {format_local(endpoint.previous_secret_until)}")
    return facts


def _state(endpoint: EndpointView) -> Text:
    if not endpoint.enabled:
        return Text("disabled", style="red")
    return Text("failing", style="yellow") if endpoint.failing_since else Text("enabled", style="green")
