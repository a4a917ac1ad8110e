"""The commands by which the provider's own timer records events, with their options."""

import asyncio
from typing import Annotated

import typer

from starter.calendar_names import CalendarName, EventName
from starter.options import Json

AllOccurrences = Annotated[bool, typer.Option("--all-occurrences", help="The whole series of the event.")]


def add_commands(app: typer.Typer) -> None:
    app.command()(record)
    app.command()(unrecord)


def record(
    calendar: CalendarName, event: EventName, *, all_occurrences: AllOccurrences = False, as_json: Json = False
) -> int:
    """Have the provider record an event by its own timer; its bot becomes a meeting when it first reports."""
    from starter.commands import calendar_recording  # noqa: PLC0415 - loaded when it is needed, as in `starter.app`

    return asyncio.run(calendar_recording.record(calendar, event, all_occurrences=all_occurrences, as_json=as_json))


def unrecord(
    calendar: CalendarName, event: EventName, *, all_occurrences: AllOccurrences = False, as_json: Json = False
) -> int:
    """Have the provider no longer record an event by its own timer."""
    from starter.commands import calendar_recording  # noqa: PLC0415 - loaded when it is needed, as in `starter.app`

    return asyncio.run(
        calendar_recording.unrecord(calendar, event, all_occurrences=all_occurrences, as_json=as_json)
    )
