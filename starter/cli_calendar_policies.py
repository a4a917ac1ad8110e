"""Commands `calendar …` that decide what is recorded: `plan`, `policy`, `override`, `record` and `unrecord`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from starter.cli_options import CalendarName, EventName, Json, PolicyFile, run_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from minutekeeper.calendars.decisions import Override
    from starter.calendars.limits import EventLeftOut
    from starter.calendars.opinions import BotUnderWay
    from starter.calendars.preview import PolicyPreview
    from starter.calendars.provider_recording import ProviderRecording

app = typer.Typer()
policy_app = typer.Typer(
    name="policy", help="Show and change a calendar's policy.", rich_markup_mode=None, no_args_is_help=True
)
app.add_typer(policy_app)

AllOccurrences = Annotated[bool, typer.Option("--all-occurrences", help="The whole series of the event.")]


class OverrideChoice(StrEnum):
    """Values of `calendar override`."""

    ALWAYS = "always"
    NEVER = "never"
    NONE = "none"


@app.command(name="plan")
@run_async
async def calendar_plan(calendar: CalendarName, *, policy: PolicyFile = None, as_json: Json = False) -> int:
    """Show what a policy would change."""
    from starter.calendars.client import CalendarClient
    from starter.calendars.preview import read_policy
    from starter.inputs import signing_settings
    from starter.output import write_json

    chosen_policy = read_policy(policy, "--policy") if policy else None
    async with CalendarClient.opened(signing_settings()) as client:
        preview = await client.plan(calendar, chosen_policy)
    if as_json:
        write_json(preview)
    else:
        _print_preview(preview)
    return 0


@policy_app.command(name="get")
@run_async
async def calendar_policy_get(calendar: CalendarName, *, as_json: Json = False) -> int:
    """Print a calendar's policy."""
    import json

    from starter.calendars.client import CalendarClient
    from starter.calendars.preview import policy_as_written
    from starter.output import print_line, write_json

    async with CalendarClient.opened() as client:
        policy = policy_as_written(await client.policy(calendar))
    if as_json:
        write_json(policy, absent_as_null=False)
    else:
        print_line(json.dumps(policy, indent=2, ensure_ascii=False))
    return 0


@policy_app.command(name="set")
@run_async
async def calendar_policy_set(
    calendar: CalendarName,
    policy: Annotated[Path, typer.Argument(metavar="FILE", help="Policy as JSON.", show_default=False)],
    *,
    as_json: Json = False,
) -> int:
    """Change a calendar's policy.

    All coming meetings are decided again.
    """
    from starter.calendars.client import CalendarClient
    from starter.calendars.preview import read_policy
    from starter.inputs import signing_settings
    from starter.output import print_line, sanitize, write_json

    chosen_policy = read_policy(policy, "FILE")
    async with CalendarClient.opened(signing_settings()) as client:
        changed = await client.set_policy(calendar, chosen_policy)
    if as_json:
        write_json(
            {
                "calendar_id": changed.calendar_id,
                "changed": changed.lines,
                "plan": changed.preview.model_dump(mode="json") if changed.preview else None,
                "staying": [bot.model_dump(mode="json") for bot in changed.staying],
                "error": changed.error,
            }
        )
        return 0
    if not changed.lines:
        print_line("This is the calendar's policy already; nothing was changed.", "yellow")
        return 0
    for line in changed.lines:
        print_line(sanitize(line[0]) + line[1:], "green" if line.startswith("+") else "red")
    print_line("")
    if changed.preview:
        _print_preview(changed.preview)
    else:
        print_line(f"Its effect could not be previewed: {sanitize(changed.error)}", "yellow")
    print_line("The policy is set. Meetings are updated in a moment.", "green")
    for bot in changed.staying:
        name = sanitize(bot.title or bot.meeting_id)
        advice = f"`minutekeeper leave {bot.meeting_id}` sends it out"
        print_line(f"The bot in {name} stays until the end of the meeting; {advice}.", "yellow")
    return 0


@policy_app.command(name="schema")
def calendar_policy_schema(
    *,
    limits: Annotated[bool, typer.Option("--limits", help="That of the installation's file of limits.")] = False,
    as_json: Json = False,
) -> int:
    """Print the JSON schema of policy files.

    Editors complete and check a file by it.
    """
    from starter.calendars.policy_schema import limits_schema, policy_schema, rules_schema_text
    from starter.output import print_line, write_json

    schema = limits_schema() if limits else policy_schema()
    if as_json:
        write_json(schema, absent_as_null=False)
    else:
        print_line(rules_schema_text(schema).rstrip())
    return 0


@app.command(name="override")
@run_async
async def calendar_override(
    calendar: CalendarName,
    event: EventName,
    choice: Annotated[OverrideChoice, typer.Argument(help="`none` removes the override.", show_default=False)],
    *,
    series: Annotated[bool, typer.Option("--series", help="The whole series of the event.")] = False,
    as_json: Json = False,
) -> int:
    """Record an event always or never."""
    from starter.calendars.client import CalendarClient
    from starter.output import print_line, sanitize, write_json

    decisions: dict[OverrideChoice, Literal["always", "never"] | None] = {
        OverrideChoice.ALWAYS: "always",
        OverrideChoice.NEVER: "never",
        OverrideChoice.NONE: None,
    }
    async with CalendarClient.opened() as client:
        update = await client.override(calendar, event, decisions[choice], series=series)
        is_removed = choice is OverrideChoice.NONE and not series
        remaining = await client.override_of(calendar, event) if is_removed else None
    if as_json:
        details = update.model_dump(mode="json", exclude={"change"})
        write_json(details | update.change.model_dump(mode="json"))
        return 0
    effect = {
        OverrideChoice.ALWAYS: "is recorded, whatever the policy says",
        OverrideChoice.NEVER: "is not recorded, whatever the policy says",
        OverrideChoice.NONE: _remaining_rule(remaining),
    }
    series_id = update.change.series_id
    subject = f"Series {series_id}" if series_id else f"Event {update.event_id}"
    if update.obstacle:
        print_line(f"{sanitize(subject)}: the override is set, and has no effect now. {update.obstacle}", "yellow")
        return 0
    print_line(f"{sanitize(subject)} {effect[choice]}. Its meetings are updated in a moment.", "green")
    for bot in update.bots:
        _print_leaving(bot, is_kept=bot.meeting_id in update.kept)
    return 0


@app.command(name="record")
@run_async
async def calendar_record(
    calendar: CalendarName, event: EventName, *, all_occurrences: AllOccurrences = False, as_json: Json = False
) -> int:
    """Schedule an event at the provider itself.

    The provider sends the bot; its meeting is started when the bot first reports.
    """
    from starter.calendars.client import CalendarClient
    from starter.inputs import signing_settings
    from starter.output import print_line, write_json

    async with CalendarClient.opened(signing_settings()) as client:
        done = await client.record(calendar, event, all_occurrences=all_occurrences)
    warning = await _account_webhook_warning()
    if as_json:
        write_json(done.model_dump(mode="json") | {"warning": warning})
        return 0
    _print_events(done, "is scheduled at the provider")
    if warning:
        print_line(warning, "yellow")
    return 0


@app.command(name="unrecord")
@run_async
async def calendar_unrecord(
    calendar: CalendarName, event: EventName, *, all_occurrences: AllOccurrences = False, as_json: Json = False
) -> int:
    """Remove an event's schedule at the provider."""
    from starter.calendars.client import CalendarClient
    from starter.output import write_json

    async with CalendarClient.opened() as client:
        done = await client.unrecord(calendar, event, all_occurrences=all_occurrences)
        remaining = await client.override_of(calendar, event)
    if as_json:
        write_json(done)
    else:
        _print_events(done, f"{_remaining_rule(remaining)}; a bot that is in the meeting stays there")
    return 0


def _print_leaving(bot: "BotUnderWay", *, is_kept: bool) -> None:
    from starter.output import print_line, sanitize

    name = sanitize(bot.title or bot.meeting_id)
    if is_kept:
        reason = "another calendar has the meeting recorded, and this calendar speaks only for itself here"
        print_line(f"The bot in {name} stays: {reason}.", "yellow")
    else:
        print_line(f"The bot leaves {name} now; what was recorded is kept.", "green")


def _print_preview(preview: "PolicyPreview") -> None:
    from starter.calendars import tables
    from starter.output import display, print_line

    if preview.steps:
        display(tables.planned_changes(preview.steps, preview.shared))
        print_line("")
    print_left_out(preview.left_out)
    print_line(tables.counts(preview))
    print_line(tables.bot_load_facts(preview.load))


def print_left_out(left_out: "Sequence[EventLeftOut]") -> None:
    """The events that limits leave out, each with the limit and what takes its place."""
    from starter.calendars import tables
    from starter.output import display, print_line

    if left_out:
        print_line("Left out by limits:", "yellow")
        display(tables.left_out(left_out))
        print_line("")


def _remaining_rule(override: "Override | None") -> str:
    """What decides about an event after an override was removed."""
    if override is None:
        return "is decided by the policy"
    return f'is decided by the override of this {override.scope}, "{override.wanted}"'


async def _account_webhook_warning() -> str:
    """Why the bridge will not hear of the provider's bots; empty if it will, or if the provider does not say."""
    from minutekeeper.meetings.webhook_urls import account_webhook_path
    from minutekeeper.providers.base import ProviderError
    from starter.inputs import settings
    from starter.output import sanitize
    from starter.provider_account import open_bot_account

    async with open_bot_account(settings()) as bots:
        try:
            url = await bots.account_webhook_url()
        except ProviderError:
            return ""
        path = account_webhook_path(bots.name)
    if url.rstrip("/").endswith(path):
        return ""
    return (
        f"The bridge will not receive webhooks of its bot: the account's webhook URL at the provider is "
        f"{sanitize(url) or 'not set'}, not BRIDGE_PUBLIC_URL followed by {path}."
    )


def _print_events(done: "ProviderRecording", effect: str) -> None:
    from starter.output import print_line, sanitize

    for each in done.events:
        name = f"{sanitize(each.title)}, {each.start_time:%Y-%m-%d %H:%MZ}"
        print_line(f"Event {sanitize(each.event_id)} ({name}) {effect}.", "green")
