"""The commands that see to the health of calendars, for the group `calendar`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from starter.options import Json

_Credentials = Annotated[
    Path | None,
    typer.Option(
        "--credentials",
        metavar="FILE",
        help="JSON with platform, client_id and client_secret, and refresh_tokens: the tokens of the users, by the "
        "names of their calendars.",
        show_default=False,
    ),
]


def add_commands(group: typer.Typer) -> None:
    group.command(name="update-credentials")(update_credentials)
    group.command()(doctor)


def update_credentials(*, credentials: _Credentials = None, as_json: Json = False) -> int:
    """Give calendars the new credentials of their OAuth app; what users have granted it stays."""
    from starter.commands import calendar_care  # noqa: PLC0415 - loaded when it is needed, as in starter.app

    return asyncio.run(calendar_care.update_credentials(credentials, as_json=as_json))


def doctor(*, as_json: Json = False) -> int:
    """Tell how all calendars are, and what to do about those that cannot be read."""
    from starter.commands import calendar_care  # noqa: PLC0415 - see above

    return asyncio.run(calendar_care.doctor(as_json=as_json))
