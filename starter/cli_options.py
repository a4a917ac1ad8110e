"""Options and arguments that several commands share, and the decorator that runs their coroutines.

The `cli_…` modules import only what declares commands. Everything else is imported inside the commands, because
`--help` and shell completion would otherwise load Temporal's client and take ten times as long.
"""

import asyncio
from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from starter.errors import MeetingInputError

_Parameters = ParamSpec("_Parameters")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
JsonLogs = Annotated[bool, typer.Option("--json", help="Write logs as JSON.")]
Why = Annotated[str, typer.Option(help="Reason, shown in the meeting's timeline.", show_default=False)]

MeetingId = Annotated[str, typer.Argument(metavar="ID", help="Meeting id or workflow id.", show_default=False)]
MeetingIds = Annotated[
    list[str], typer.Argument(metavar="ID…", help="Meeting ids or workflow ids.", show_default=False)
]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="KEY=VALUE", help="Your own data; repeat for several.", show_default=False),
]
CalendarName = Annotated[
    str,
    typer.Argument(
        metavar="CALENDAR", help="Its id, or its email address or name at the provider.", show_default=False
    ),
]
EventName = Annotated[
    str,
    typer.Argument(metavar="EVENT", help="Its id, the beginning of its id, or its title.", show_default=False),
]
EndpointArgument = Annotated[
    str, typer.Argument(metavar="ENDPOINT", help="Its id or its name.", show_default=False)
]
CalendarProviderName = Annotated[
    str,
    typer.Option(
        "--provider",
        metavar="NAME",
        help="meetingbaas, meetingbaas-v2 or recall; the installation's default if not given.",
        show_default=False,
    ),
]
Forget = Annotated[
    bool, typer.Option("--forget", help="Also erase its policy and overrides, which would hold again later.")
]
PolicyFile = Annotated[
    Path | None, typer.Option("--policy", metavar="FILE", help="Policy as JSON.", show_default=False)
]


class PlatformOption(StrEnum):
    """Where a user's calendar is."""

    GOOGLE = "google"
    MICROSOFT = "microsoft"


def read_metadata(pairs: list[str] | None) -> dict[str, str]:
    """The values of `--meta` by key. Raises MeetingInputError for one without `=`, and for a repeated key."""
    metadata: dict[str, str] = {}
    for pair in pairs or []:
        key, separator, value = pair.partition("=")
        if not separator:
            raise MeetingInputError("--meta", f"{pair!r} must have the form KEY=VALUE")
        if key in metadata:
            raise MeetingInputError("--meta", f"the key {key!r} is given twice")
        metadata[key] = value
    return metadata


def run_async(
    command: Callable[_Parameters, Coroutine[Any, Any, int]],
) -> Callable[_Parameters, int]:
    """Turns a coroutine function into a command: Typer calls it, and its result is the exit status."""

    @wraps(command)
    def run(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> int:
        return asyncio.run(command(*args, **kwargs))

    return run
