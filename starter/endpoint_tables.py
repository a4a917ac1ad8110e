"""Tables of endpoints and deliveries for people."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from rich.text import Text

from starter.endpoint_models import EndpointView
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
