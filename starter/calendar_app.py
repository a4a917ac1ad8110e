"""The commands `calendar …` with their options. What they do is loaded when it is needed, as in `starter.app`."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from starter import calendar_care, calendar_recording, calendar_users
from starter.calendar_names import CalendarName, EventName
from starter.options import Json

app = typer.Typer(
    name="calendar",
    help="Connects calendars, decides which of their events get a bot, and says why.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
policy_app = typer.Typer(
    name="policy", help="Shows and changes a calendar's policy.", rich_markup_mode=None, no_args_is_help=True
)
app.add_typer(policy_app)
calendar_users.add_commands(app)
calendar_recording.add_commands(app)
calendar_care.add_commands(app)


class Word(StrEnum):
    ALWAYS = "always"
    NEVER = "never"
    NONE = "none"


Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        metavar="FILE",
        help="JSON with platform, client_id, client_secret and refresh_token; what it lacks is taken from "
        "MINUTEKEEPER_CALENDAR_PLATFORM and so on.",
        show_default=False,
    ),
]
PolicyFile = Annotated[Path | None, typer.Option("--policy", metavar="FILE", help="A policy.", show_default=False)]


@app.command()
def raw(*, credentials: Credentials = None, as_json: Json = False) -> int:
    """List the calendars that a user has at Google or Microsoft."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.raw(credentials, as_json=as_json))


@app.command()
def connect(
    *,
    credentials: Credentials = None,
    raw_id: Annotated[
        str | None, typer.Option(metavar="ID", help="One of `raw`; without it, the primary calendar.")
    ] = None,
    policy: PolicyFile = None,
    as_json: Json = False,
) -> int:
    """Connect a calendar and keep its meetings; again, to give it new credentials."""
    from starter.commands import calendar_changes  # noqa: PLC0415 - see above

    return asyncio.run(calendar_changes.connect(credentials, raw_id=raw_id, policy=policy, as_json=as_json))


@app.command(name="list")
def list_(*, as_json: Json = False) -> int:
    """List all calendars, those that the provider has and nobody keeps among them."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.list_(as_json=as_json))


@app.command()
def show(calendar: CalendarName, *, as_json: Json = False) -> int:
    """Show everything about a calendar but its events."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.show(calendar, as_json=as_json))


@app.command()
def events(
    calendar: CalendarName,
    *,
    also_past: Annotated[bool, typer.Option("--past", help="Also those of the last two weeks.")] = False,
    as_json: Json = False,
) -> int:
    """List the events of a calendar: what was decided, the meeting, the bot."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.events(calendar, also_past=also_past, as_json=as_json))


@app.command()
def explain(calendar: CalendarName, event: EventName, *, as_json: Json = False) -> int:
    """Tell which rule decides about an event, and what it looks at."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.explain(calendar, event, as_json=as_json))


@app.command()
def plan(calendar: CalendarName, *, policy: PolicyFile = None, as_json: Json = False) -> int:
    """Tell what a policy would book, move and cancel, without doing it."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.plan(calendar, policy=policy, as_json=as_json))


@policy_app.command()
def get(calendar: CalendarName, *, as_json: Json = False) -> int:
    """Print the policy of a calendar."""
    from starter.commands import calendars  # noqa: PLC0415 - see above

    return asyncio.run(calendars.policy(calendar, as_json=as_json))


@policy_app.command(name="set")
def set_(
    calendar: CalendarName,
    policy: Annotated[Path, typer.Argument(metavar="FILE", help="A policy, as JSON.", show_default=False)],
    *,
    as_json: Json = False,
) -> int:
    """Give a calendar another policy; all coming meetings are decided anew."""
    from starter.commands import calendar_changes  # noqa: PLC0415 - see above

    return asyncio.run(calendar_changes.set_policy(calendar, policy, as_json=as_json))


@app.command()
def override(
    calendar: CalendarName,
    event: EventName,
    word: Annotated[Word, typer.Argument(help="`none` leaves it to the policy again.", show_default=False)],
    *,
    series: Annotated[bool, typer.Option("--series", help="The whole series of the event.")] = False,
    as_json: Json = False,
) -> int:
    """Record an event always or never, whatever the policy says."""
    from starter.commands import calendar_changes  # noqa: PLC0415 - see above

    return asyncio.run(calendar_changes.override(calendar, event, word.value, series=series, as_json=as_json))


@app.command()
def resync(
    calendar: Annotated[
        str | None, typer.Argument(metavar="CALENDAR", help="Without it, all.", show_default=False)
    ] = None,
    *,
    as_json: Json = False,
) -> int:
    """Have a calendar read again; without a name, have the provider read all, and find those it cannot read."""
    from starter.commands import calendar_changes  # noqa: PLC0415 - see above

    return asyncio.run(calendar_changes.resync(calendar, as_json=as_json))


@app.command()
def disconnect(
    calendar: CalendarName,
    *,
    why: Annotated[str, typer.Option(help="A word for the timelines of its meetings.", show_default=False)] = "",
    as_json: Json = False,
) -> int:
    """Let go of a calendar's meetings, and end the provider's sync."""
    from starter.commands import calendar_changes  # noqa: PLC0415 - see above

    return asyncio.run(calendar_changes.disconnect(calendar, why=why, as_json=as_json))
