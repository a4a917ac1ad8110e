"""The commands `webhook …`: endpoints of other services that are told of events, and what was delivered to them."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from starter import cli_deliveries
from starter.cli_options import EndpointArgument, Json, run_async

if TYPE_CHECKING:
    from starter.endpoint_models import EndpointView, EndpointWithSecret

app = typer.Typer()
webhook_app = typer.Typer(
    name="webhook",
    help="Services that are told of events by webhook, and what was delivered to them.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(webhook_app)
webhook_app.add_typer(cli_deliveries.app)


class FormatOption(StrEnum):
    """What is sent to an endpoint."""

    STANDARD = "standard"
    SLACK = "slack"


Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help="What it is told of, such as meeting.completed; repeat for several (docs/events.md has all).",
        show_default=False,
    ),
]
MeetingLinks = Annotated[
    bool | None,
    typer.Option(
        "--meeting-url/--no-meeting-url",
        help="Whether events have the link by which people join the meeting; not by default.",
        show_default=False,
    ),
]
_OPTION_NAMES = {"url": "URL", "name": "--name", "types": "--type", "format": "--format"}


@webhook_app.command(name="add")
@run_async
async def webhook_add(  # noqa: PLR0913 - one argument for each option
    url: Annotated[str, typer.Argument(metavar="URL", help="Where events are sent: https://…", show_default=False)],
    *,
    name: Annotated[str, typer.Option(help="A name of your own for it.", show_default=False)] = "",
    types: Types = None,
    meeting_url: MeetingLinks = None,
    form: Annotated[
        FormatOption,
        typer.Option("--format", help="standard: Standard Webhooks; slack: a sentence, as Slack takes it."),
    ] = FormatOption.STANDARD,
    as_json: Json = False,
) -> int:
    """Have a service told of events, and print the secret with which it verifies them.

    By default it is told of meetings that are completed, failed or cancelled.
    """
    from starter.endpoint_models import NewEndpoint
    from starter.inputs import parse_input
    from starter.output import print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    fields: dict[str, object] = {"url": url, "name": name, "format": form}
    fields |= {"types": tuple(types)} if types else {}
    fields |= {"include": ("meeting_url",)} if meeting_url else {}
    added = await WebhookClient.from_settings().add(parse_input(NewEndpoint, fields, _OPTION_NAMES))
    if as_json:
        write_json(added)
        return 0
    print_line(f"Added {added.endpoint_id}.", "green")
    _print_secret(added)
    print_line(f"Try it with `minutekeeper webhook test {added.endpoint_id}`.")
    return 0


@webhook_app.command(name="list")
@run_async
async def webhook_list(*, as_json: Json = False) -> int:
    """List endpoints."""
    from starter.endpoint_tables import endpoints_table
    from starter.output import display, print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    found = await WebhookClient.from_settings().list()
    if as_json:
        write_json(found)
    elif not found:
        print_line("No endpoints.")
    else:
        display(endpoints_table(found))
    return 0


@webhook_app.command(name="show")
@run_async
async def webhook_show(
    endpoint: EndpointArgument,
    *,
    secret: Annotated[bool, typer.Option("--secret", help="Also print the secret.")] = False,
    as_json: Json = False,
) -> int:
    """Show an endpoint."""
    from starter.endpoint_models import EndpointWithSecret
    from starter.endpoint_tables import endpoint_facts
    from starter.output import display, write_json
    from starter.webhook_endpoints import WebhookClient

    client = WebhookClient.from_settings()
    found = await (client.show_secret(endpoint) if secret else client.show(endpoint))
    if as_json:
        write_json(found)
        return 0
    display(endpoint_facts(found))
    if isinstance(found, EndpointWithSecret):
        _print_secret(found)
    return 0


@webhook_app.command(name="update")
@run_async
async def webhook_update(  # noqa: PLR0913 - one argument for each option
    endpoint: EndpointArgument,
    *,
    url: Annotated[str | None, typer.Option(metavar="URL", help="Where events are sent.")] = None,
    name: Annotated[str | None, typer.Option(help="A name of your own for it.")] = None,
    types: Types = None,
    meeting_url: MeetingLinks = None,
    form: Annotated[FormatOption | None, typer.Option("--format", help="standard or slack.")] = None,
    as_json: Json = False,
) -> int:
    """Change an endpoint; what is not given stays."""
    from starter.endpoint_models import EndpointChange
    from starter.errors import MeetingInputError
    from starter.inputs import parse_input
    from starter.webhook_endpoints import WebhookClient

    fields: dict[str, object] = {"url": url, "name": name, "format": form}
    fields |= {"types": tuple(types)} if types else {}
    fields |= {"include": ("meeting_url",) if meeting_url else ()} if meeting_url is not None else {}
    given = {name: value for name, value in fields.items() if value is not None}
    if not given:
        raise MeetingInputError("", "say what is to be different, such as --url or --type")
    change = parse_input(EndpointChange, given, _OPTION_NAMES | {"url": "--url"})
    _print_changed(await WebhookClient.from_settings().update(endpoint, change), "Changed", as_json=as_json)
    return 0


@webhook_app.command(name="enable")
@run_async
async def webhook_enable(endpoint: EndpointArgument, *, as_json: Json = False) -> int:
    """Deliver to an endpoint again that was disabled."""
    from starter.endpoint_models import EndpointChange
    from starter.webhook_endpoints import WebhookClient

    changed = await WebhookClient.from_settings().update(endpoint, EndpointChange(enabled=True))
    _print_changed(changed, "Enabled", as_json=as_json)
    return 0


@webhook_app.command(name="disable")
@run_async
async def webhook_disable(endpoint: EndpointArgument, *, as_json: Json = False) -> int:
    """Deliver nothing to an endpoint for now; what comes meanwhile is held."""
    from starter.endpoint_models import EndpointChange
    from starter.webhook_endpoints import WebhookClient

    changed = await WebhookClient.from_settings().update(endpoint, EndpointChange(enabled=False))
    _print_changed(changed, "Disabled", as_json=as_json)
    return 0


@webhook_app.command(name="rotate")
@run_async
async def webhook_rotate(endpoint: EndpointArgument, *, as_json: Json = False) -> int:
    """Give an endpoint a new secret, and print it.

    For 24 hours events are signed with both, so that receivers can change over.
    """
    from starter.output import print_line, write_json
    from starter.webhook_endpoints import WebhookClient

    rotated = await WebhookClient.from_settings().rotate(endpoint)
    if as_json:
        write_json(rotated)
        return 0
    print_line(f"{rotated.endpoint_id} has a new secret; the one before signs for 24 hours, too.", "green")
    _print_secret(rotated)
    return 0


@webhook_app.command(name="remove")
@run_async
async def webhook_remove(endpoint: EndpointArgument, *, as_json: Json = False) -> int:
    """Remove an endpoint; what is on its way to it is given up."""
    from starter.webhook_endpoints import WebhookClient

    removed = await WebhookClient.from_settings().remove(endpoint)
    _print_changed(removed, "Removed", as_json=as_json)
    return 0


def _print_changed(endpoint: "EndpointView", what: str, *, as_json: bool) -> None:
    from starter.output import print_line, write_json

    if as_json:
        write_json(endpoint)
    else:
        print_line(f"{what} {endpoint.endpoint_id}.", "green")


def _print_secret(endpoint: "EndpointWithSecret") -> None:
    from starter.output import print_line

    print_line("Its secret, for the library that verifies events:")
    print_line(endpoint.secret, "bold")
