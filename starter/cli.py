"""The command `minutekeeper`: its commands, and how errors become messages and exit statuses.

Exit status 0: done. 1: failed, refused, or no such meeting. 2: invalid input. 130: Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from minutekeeper import __version__
from minutekeeper.process import run_and_exit
from starter import (
    cli_api,
    cli_calendars,
    cli_index,
    cli_meeting_changes,
    cli_meeting_views,
    cli_meetings,
    cli_opt_outs,
    cli_records,
    cli_services,
    cli_webhooks,
)
from starter.errors import MeetingError, MeetingInputError

app = typer.Typer(name="minutekeeper", rich_markup_mode=None, pretty_exceptions_enable=False)
for _commands in (
    *(cli_meetings, cli_meeting_changes, cli_meeting_views, cli_index, cli_records),
    *(cli_services, cli_api, cli_webhooks, cli_calendars, cli_opt_outs),
):
    app.add_typer(_commands.app)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"minutekeeper {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Schedules meeting bots, follows them through the call, and stores recording and transcript."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command in this process and returns its exit status."""
    try:
        status = get_command(app).main(
            list(arguments) or ["--help"], prog_name="minutekeeper", standalone_mode=False
        )
    except Exception as error:  # noqa: BLE001 - users get a sentence instead of a traceback, whatever happens
        from starter.output import write_error

        message, status = _message_and_status(error)
        write_error(message, status, as_json="--json" in arguments)
        return status
    return status if isinstance(status, int) else 0


def _message_and_status(error: Exception) -> tuple[str, int]:
    from pydantic import ValidationError

    from minutekeeper.api_keys import ApiKeyFileError
    from minutekeeper.input_validation import in_words

    match error:
        case typer.TyperException():
            return error.format_message().replace("Value error, ", ""), error.exit_code
        case ApiKeyFileError():
            return str(error), 1
        case MeetingError():
            return str(error), 2 if isinstance(error, MeetingInputError) else 1
        case ValidationError():
            cause = "minutekeeper and the worker may be of different versions"
            return f"An answer cannot be read, {in_words(error)}: {cause}", 1
        case OSError():
            return f"{error.filename or 'Input or output'}: {error.strerror or error}", 1
        case _:
            return f"Unexpected error, {type(error).__name__}: {error}", 1


def main() -> None:
    """Entry point of the console script."""
    run_and_exit(lambda: run(sys.argv[1:]))
