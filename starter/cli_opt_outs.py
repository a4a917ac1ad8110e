"""The command `opt-out`: people who have opted out of recordings."""

from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_options import Json, run_async

if TYPE_CHECKING:
    from minutekeeper.calendars.objections import OptOuts

app = typer.Typer()


@app.command(name="opt-out")
@run_async
async def opt_out(
    email: Annotated[
        str, typer.Argument(metavar="MAIL", help="The mail address of the person.", show_default=False)
    ] = "",
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take it back.")] = False,
    show_all: Annotated[bool, typer.Option("--list", help="List all who have opted out.")] = False,
    as_json: Json = False,
) -> int:
    """Have a person opt out of recordings.

    No calendar's meeting in which the person takes part is recorded, as far as a connected calendar shows it.
    """
    from starter.errors import MeetingInputError
    from starter.opt_outs import change_opt_out, list_opt_outs
    from starter.output import amount, print_line, sanitize, write_json

    if show_all == bool(email) or (remove and show_all):
        raise MeetingInputError("", "name one mail address, or --list alone")
    if show_all:
        _print_list(await list_opt_outs(), as_json=as_json)
        return 0
    changed = await change_opt_out(email, remove=remove)
    if as_json:
        write_json(changed)
        return 0
    name = sanitize(changed.email)
    if not changed.is_new:
        print_line(f"{name} {'has not opted out' if remove else 'has opted out already'}.", "yellow")
    else:
        effect = (
            "may be recorded again" if remove else "has opted out: no meeting in which they take part is recorded"
        )
        print_line(f"{name} {effect}.", "green")
    print_line(f"{amount(changed.calendars, 'calendar')} will be read again in a moment.")
    return 0


def _print_list(known: "OptOuts", *, as_json: bool) -> None:
    from starter.output import print_line, sanitize, write_json
    from starter.times import format_local

    if as_json:
        write_json([{"email": email, "since": since} for email, since in sorted(known.people.items())])
    elif not known.people:
        print_line("No person has opted out.")
    else:
        for email, since in sorted(known.people.items()):
            print_line(f"{sanitize(email)}  since {format_local(since)}")
