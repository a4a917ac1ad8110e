"""The commands about users and the calendars that they connect themselves, for the group `calendar`."""

import asyncio
from enum import StrEnum
from typing import Annotated

import typer

from starter.options import Json


class Platform(StrEnum):
    GOOGLE = "google"
    MICROSOFT = "microsoft"


_User = Annotated[
    str, typer.Argument(metavar="USER", help="The user, by the name that you know him by.", show_default=False)
]
_Where = Annotated[Platform, typer.Option("--platform", help="Where the calendar is.", show_default=False)]


def add_commands(group: typer.Typer) -> None:
    group.command(name="connect-link")(connect_link)
    group.command(name="disconnect-user")(disconnect_user)


def connect_link(
    user: _User,
    platform: _Where,
    *,
    success_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the browser goes afterwards.", show_default=False)
    ] = "",
    error_url: Annotated[
        str,
        typer.Option(metavar="URL", help="Where it goes with an error=CODE if it fails.", show_default=False),
    ] = "",
    as_json: Json = False,
) -> int:
    """Make a link, good for 24 hours, by which a user connects a calendar."""
    from starter.commands import calendar_users  # noqa: PLC0415 - loaded when it is needed, as in starter.app

    return calendar_users.connect_link(
        user, platform.value, success_url=success_url, error_url=error_url, as_json=as_json
    )


def disconnect_user(user: _User, platform: _Where, *, as_json: Json = False) -> int:
    """Disconnect a user's calendar at one platform; what it had booked is cancelled."""
    from starter.commands import calendar_users  # noqa: PLC0415 - see above

    return asyncio.run(calendar_users.disconnect_user(user, platform.value, as_json=as_json))
