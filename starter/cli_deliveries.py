"""The commands `webhook test`, `deliveries` and `replay`: what is delivered to endpoints, and once more."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_options import EndpointArgument, Json, run_async

if TYPE_CHECKING:
    from datetime import datetime

    from starter.endpoint_models import DeliveryState

app = typer.Typer()


class OutcomeOption(StrEnum):
    """What has become of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"
    REMOVED = "removed"


Outcome = Annotated[
    OutcomeOption | None, typer.Option(help="Only deliveries of which this has become.", show_default=False)
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="WHEN", help="Only events then or later: a time as for --at.", show_default=False
    ),
]
To = Annotated[
    str | None, typer.Option("--to", metavar="WHEN", help="Only events before then.", show_default=False)
]


@app.command(name="test")
@run_async
async def webhook_test(endpoint: EndpointArgument, *, as_json: Json = False) -> int:
    """Send a test, and say what the receiver answers.

    Exit status 0: it took it.
    """
    from starter.endpoint_models import DeliveryState
    from starter.endpoint_tables import attempt_sentence
    from starter.output import print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    tested = await WebhookClient.from_settings().test(endpoint)
    is_delivered = tested.outcome is DeliveryState.DELIVERED
    if as_json:
        write_json(tested)
    elif tested.attempts:
        told = attempt_sentence(tested.attempts[-1])
        text = f"The receiver {told}" if told.startswith("answered") else f"It did not arrive: {told}"
        print_line(text, "green" if is_delivered else "red")
    else:
        print_line(f"It was not sent: {tested.why or tested.outcome.value}", "red")
    return 0 if is_delivered else 1


@app.command(name="deliveries")
@run_async
async def webhook_deliveries(  # noqa: PLR0913 - one argument for each option
    endpoint: EndpointArgument,
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="Show every try of this event alone.", show_default=False)
    ] = "",
    *,
    outcome: Outcome = None,
    from_: From = None,
    to: To = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of deliveries.")] = 50,
    as_json: Json = False,
) -> int:
    """List what was delivered to an endpoint, what is on its way, and what is held.

    Pending ones first, then ended ones, those of the newest events first.
    """
    from starter.endpoint_tables import deliveries_table, delivery_facts
    from starter.output import display, print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    client = WebhookClient.from_settings()
    if event:
        shown = await client.delivery(endpoint, event)
        write_json(shown) if as_json else display(delivery_facts(shown))
        return 0
    since, until = _instant(from_, "--from"), _instant(to, "--to")
    found = await client.deliveries(endpoint, outcome=_outcome(outcome), since=since, until=until, limit=limit)
    if as_json:
        write_json(found)
        return 0
    if found.items:
        display(deliveries_table(found.items))
    else:
        print_line("No deliveries.")
    if not found.complete:
        print_line("Temporal does not answer, so what is on its way is not shown.", "yellow")
    return 0


@app.command(name="replay")
@run_async
async def webhook_replay(  # noqa: PLR0913 - one argument for each option
    endpoint: EndpointArgument,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The id of one event.", show_default=False)] = "",
    *,
    outcome: Outcome = None,
    from_: From = None,
    to: To = None,
    as_json: Json = False,
) -> int:
    """Deliver an event, or the events of a span, once more under the same ids.

    Of a span, by default those that were not delivered.
    """
    from starter.errors import MeetingInputError
    from starter.output import amount, print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    is_span = outcome is not None or from_ is not None or to is not None
    if is_span == bool(event):
        raise MeetingInputError("", "name one event, or say which with --outcome, --from and --to")
    client = WebhookClient.from_settings()
    if event:
        again = await client.replay(endpoint, event)
        if as_json:
            write_json(again)
        else:
            print_line(f"{again.event_id} is on its way again.", "green")
        return 0
    since, until = _instant(from_, "--from"), _instant(to, "--to")
    replayed = await client.replay_span(endpoint, outcome=_outcome(outcome), since=since, until=until)
    if as_json:
        write_json(replayed)
        return 0
    print_line(f"{amount(replayed.replayed, 'event')} on the way again.", "green")
    if replayed.under_way:
        print_line(f"{amount(replayed.under_way, 'event')} on the way already.")
    if replayed.left:
        print_line(f"{amount(replayed.left, 'event')} left for the same command, later.", "yellow")
    return 0


def _outcome(option: OutcomeOption | None) -> "DeliveryState | None":
    from starter.endpoint_models import DeliveryState

    return DeliveryState(option.value) if option else None


def _instant(text: str | None, option: str) -> "datetime | None":
    from datetime import UTC, datetime

    from starter.times import parse_when

    return parse_when(text, option, datetime.now(UTC)).instant if text is not None else None
