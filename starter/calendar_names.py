"""How people name a calendar and an event on the command line."""

from typing import Annotated

import typer

CalendarName = Annotated[
    str,
    typer.Argument(
        metavar="CALENDAR", help="Its id, or the mail address or name it has at the provider.", show_default=False
    ),
]
EventName = Annotated[
    str,
    typer.Argument(metavar="EVENT", help="Its id, the beginning of it, or its title.", show_default=False),
]
