"""Commands `calendar …` that connect, show, resync and disconnect calendars."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starter import cli_calendar_access, cli_calendar_policies, cli_recall_users
from starter.cli_calendar_policies import print_left_out
from starter.cli_options import CalendarName, CalendarProviderName, EventName, Forget, Json, PolicyFile, run_async

if TYPE_CHECKING:
    from starter.calendars.connect import ConnectResult
    from starter.calendars.explain import EventExplanation

app = typer.Typer()
calendar_app = typer.Typer(
    name="calendar",
    help="Connect calendars and decide what is recorded.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(calendar_app)

Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        metavar="FILE",
        help="JSON with platform, client_id, client_secret and refresh_token, perhaps email and tenant. Missing "
        "fields are taken from MINUTEKEEPER_CALENDAR_PLATFORM and so on.",
        show_default=False,
    ),
]


@calendar_app.command(name="raw")
@run_async
async def calendar_raw(
    *, credentials: Credentials = None, provider: CalendarProviderName = "", as_json: Json = False
) -> int:
    """List a user's calendars at Google or Microsoft.

    Needs no Temporal.
    """
    from starter.calendars import tables
    from starter.calendars.credentials import load_credentials
    from starter.error_translation import translate_provider_errors
    from starter.inputs import settings
    from starter.output import display, print_line, write_json
    from starter.provider_account import open_calendar_account

    grant = load_credentials(credentials)
    async with open_calendar_account(settings()) as account:
        with translate_provider_errors():
            calendars = await account.get(provider).list_available_calendars(grant)
    if as_json:
        write_json(calendars)
    elif not calendars:
        print_line("No calendars.")
    else:
        display(tables.available_calendars(calendars))
    return 0


@calendar_app.command(name="connect")
@run_async
async def calendar_connect(
    *,
    credentials: Credentials = None,
    provider: CalendarProviderName = "",
    raw_id: Annotated[
        str | None, typer.Option(metavar="ID", help="An id from `raw`; the primary calendar if not given.")
    ] = None,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> int:
    """Connect a calendar, or renew its credentials."""
    from starter.calendars.client import CalendarClient
    from starter.calendars.connect import ConnectOutcome
    from starter.calendars.credentials import load_credentials
    from starter.calendars.preview import read_policy
    from starter.output import print_line, sanitize, write_json

    chosen_policy = read_policy(policy, "--policy") if policy else None
    grant = load_credentials(credentials)
    async with CalendarClient.opened() as client:
        connected = await client.connect(grant, raw_id, chosen_policy, provider)
    if as_json:
        write_json(connected)
        return 0
    match connected.connection:
        case ConnectOutcome.CONNECTED:
            print_line("Connected.", "green")
        case ConnectOutcome.ADOPTED:
            print_line("The provider had this calendar already. Its workflow was started.", "green")
        case ConnectOutcome.RENEWED:
            print_line("This calendar was connected already. Its credentials were renewed.", "yellow")
    print_line(f"Calendar {sanitize(connected.email or connected.name)}")
    print_line(f"ID       {sanitize(connected.calendar_id)}")
    _print_policy(connected)
    print_line(f"Next     minutekeeper calendar events {sanitize(connected.calendar_id)}", "dim")
    return 0


@calendar_app.command(name="list")
@run_async
async def calendar_list(*, as_json: Json = False) -> int:
    """List calendars, also those without a workflow."""
    from starter.calendars import tables
    from starter.calendars.client import CalendarClient
    from starter.output import display, print_line, write_json

    async with CalendarClient.opened() as client:
        calendars = await client.list()
    if as_json:
        write_json(calendars)
        return 0
    if not calendars:
        print_line("No calendars.")
        return 0
    display(tables.summaries(calendars))
    if any(each.is_connected is None for each in calendars):
        print_line("The provider does not answer: names, and calendars without a workflow, are missing.", "yellow")
    return 0


@calendar_app.command(name="show")
@run_async
async def calendar_show(calendar: CalendarName, *, as_json: Json = False) -> int:
    """Show a calendar without its events."""
    from starter.calendars import tables
    from starter.calendars.client import CalendarClient
    from starter.calendars.preview import policy_as_written
    from starter.output import display, write_json

    async with CalendarClient.opened() as client:
        found = await client.show(calendar)
    if as_json:
        view = found.view
        details = {
            "upcoming": found.upcoming,
            "recorded": found.recorded,
            "left_out": [each.model_dump(mode="json") for each in found.left_out],
            "policy": policy_as_written(view.policy) if view else None,
            "overrides": view.overrides.model_dump(mode="json") if view else None,
            "counts": view.counts.model_dump(mode="json") if view else None,
        }
        write_json(found.summary.model_dump(mode="json") | details)
    else:
        display(tables.details(found))
        print_left_out(found.left_out)
    return 0


@calendar_app.command(name="events")
@run_async
async def calendar_events(
    calendar: CalendarName,
    *,
    also_past: Annotated[bool, typer.Option("--past", help="Also events of the last two weeks.")] = False,
    as_json: Json = False,
) -> int:
    """List events with decisions, meetings and bots."""
    from starter.calendars import tables
    from starter.calendars.client import CalendarClient
    from starter.output import display, print_line, write_json

    async with CalendarClient.opened() as client:
        found = await client.events(calendar, also_past=also_past)
    if as_json:
        write_json(found)
    elif not found:
        print_line("No events, or none was read yet.")
    else:
        display(tables.events(found))
    return 0


@calendar_app.command(name="explain")
@run_async
async def calendar_explain(calendar: CalendarName, event: EventName, *, as_json: Json = False) -> int:
    """Explain which rule decides about an event."""
    from starter.calendars.client import CalendarClient
    from starter.inputs import signing_settings
    from starter.output import write_json

    async with CalendarClient.opened(signing_settings()) as client:
        found = await client.explain(calendar, event)
    if as_json:
        write_json(found)
    else:
        _print_explanation(found)
    return 0


@calendar_app.command(name="resync")
@run_async
async def calendar_resync(
    calendar: Annotated[
        str | None, typer.Argument(metavar="CALENDAR", help="All calendars if not given.", show_default=False)
    ] = None,
    *,
    as_json: Json = False,
) -> int:
    """Read a calendar, or all of them, again.

    Without a name the provider reads all calendars; the exit status is 1 if it cannot read one of them.
    """
    from starter.calendars.client import CalendarClient
    from starter.output import print_line, sanitize, write_json

    if calendar is None:
        return await _resync_all(as_json=as_json)
    async with CalendarClient.opened() as client:
        view = await client.resync(calendar)
    if as_json:
        write_json(view)
    else:
        print_line(f"Calendar {sanitize(view.calendar_id)} will be read again in a moment.", "green")
    return 0


@calendar_app.command(name="disconnect")
@run_async
async def calendar_disconnect(
    calendar: CalendarName,
    *,
    why: Annotated[
        str, typer.Option(help="Reason, shown in the timelines of its meetings.", show_default=False)
    ] = "",
    forget: Forget = False,
    as_json: Json = False,
) -> int:
    """Disconnect a calendar and release its meetings.

    Meetings that no other calendar claims are cancelled, and the provider stops reading the calendar.
    """
    from starter.calendars.client import CalendarClient
    from starter.calendars.summaries import CalendarSummaryState
    from starter.output import print_line, sanitize, write_json

    async with CalendarClient.opened() as client:
        summary = await client.disconnect(calendar, why, forget=forget)
    name = sanitize(summary.calendar_id)
    if as_json:
        write_json(summary)
    elif summary.state is CalendarSummaryState.DISCONNECTED:
        print_line(f"Calendar {name} is disconnected. The user's consent at Google or Microsoft itself stays.")
        if forget:
            print_line("Its policy and its overrides were erased.")
    else:
        print_line(f"Calendar {name} is releasing its meetings; `calendar list` shows when that is done.")
    return 0


# Commands of the other modules follow in the help.
calendar_app.add_typer(cli_calendar_policies.app)
calendar_app.add_typer(cli_calendar_access.app)
calendar_app.add_typer(cli_recall_users.app)


def _print_policy(connected: "ConnectResult") -> None:
    """The policy that holds for a calendar, and where it comes from."""
    from minutekeeper.calendars.preferences import PolicySource
    from starter.calendars import tables
    from starter.output import amount, print_line, sanitize

    origins = {
        PolicySource.GIVEN: "given now",
        PolicySource.CARRIED_OVER: "carried over: this calendar had it before",
        PolicySource.LINK: "named by the connect link",
        PolicySource.INSTALLATION: "the installation's default",
        PolicySource.BUILT_IN: "the default",
        PolicySource.UNCHANGED: "unchanged: `minutekeeper calendar policy set` changes it",
    }
    rules = f"{sanitize(tables.policy_summary(connected.policy))} " if connected.policy else ""
    overrides = f", with {amount(connected.overrides, 'override')}" if connected.overrides else ""
    print_line(f"Policy   {rules}({origins[connected.policy_source]}){overrides}")


def _print_explanation(found: "EventExplanation") -> None:
    from starter.calendars import tables
    from starter.output import display, print_line, sanitize

    print_line(f"{sanitize(found.title) or '(no title)'}: {sanitize(found.reason)}", "bold")
    if not found.is_carried_out:
        print_line("This decision is not applied yet; the next reconciliation applies it.", "yellow")
    if found.without_limits:
        print_line(f"Without limits: {sanitize(found.without_limits)}")
    if found.considered:
        print_line("\nRules, in their order:")
        display(tables.rule_verdicts(found))
    if found.actions:
        print_line("\nIts meeting, by the policy:")
        for sentence in found.actions:
            print_line(sanitize(sentence))
    if found.facts:
        print_line("\nEvent:")
        display(tables.event_facts(found.facts))
    else:
        print_line("The provider no longer knows this event; this is the last decision.")
    if found.opted_out:
        print_line(f"\nOpted out of recordings: {sanitize(', '.join(found.opted_out))}")
    if found.calendars:
        print_line("\nCalendars:")
        display(tables.opinions(found.calendars))
    booked = f"is {found.meeting.status.value}" if found.meeting.status else "was not booked"
    bot = f", its bot is {sanitize(found.meeting.bot_id)}" if found.meeting.bot_id else ""
    print_line(f"\nMeeting {sanitize(found.meeting.meeting_id)} {booked}{bot}.")


async def _resync_all(*, as_json: bool) -> int:
    from minutekeeper.providers.calendar_base import AccessProblemSource
    from starter.calendars.client import CalendarClient
    from starter.output import amount, print_line, sanitize, write_json

    advice = {
        AccessProblemSource.USER: (
            " The user must grant access again: `minutekeeper calendar connect` with the new token."
        ),
        AccessProblemSource.APP: (
            " Check the OAuth app: its client secret, and whether the calendar API is enabled."
        ),
        None: "",
    }
    async with CalendarClient.opened() as client:
        done = await client.resync_all()
    if as_json:
        errors = [
            {"calendar_id": each.calendar_id, "text": each.text, "trouble": each.trouble} for each in done.failures
        ]
        write_json({"synced": done.readable, "errors": errors})
        return 1 if done.failures else 0
    print_line(f"The provider read {amount(len(done.readable), 'calendar')} again.")
    for each in done.failures:
        problem = f"{sanitize(each.text)}{advice[each.trouble]}"
        print_line(f"Calendar {sanitize(each.calendar_id)} cannot be read: {problem}", "red")
    return 1 if done.failures else 0
