"""The command `minutekeeper`: errors become sentences, and every command leaves with its own exit status.

0: done. 1: it failed, was refused, or there is no such meeting. 2: the input cannot be meant. 130: Ctrl-C.
"""

import sys
from collections.abc import Sequence

import typer
from pydantic import ValidationError
from typer.main import get_command

from meetings.inputs import in_words
from runtime.exits import run_and_exit
from starter.app import app
from starter.errors import MeetingError, MeetingInputError
from starter.output import write_error


def run(arguments: Sequence[str]) -> int:
    """Runs one command in this process and returns its exit status."""
    try:
        status = get_command(app).main(
            list(arguments) or ["--help"], prog_name="minutekeeper", standalone_mode=False
        )
    except typer.TyperException as error:
        message, status = error.format_message().replace("Value error, ", ""), error.exit_code
    except MeetingError as error:
        message, status = str(error), 2 if isinstance(error, MeetingInputError) else 1
    except ValidationError as error:
        skew = "minutekeeper and the worker seem to be of different versions"
        message, status = f"An answer cannot be read, {in_words(error)}: {skew}", 1
    except OSError as error:
        message, status = f"{error.filename or 'Input or output'}: {error.strerror or error}", 1
    except Exception as error:  # noqa: BLE001 - whatever it is, people get a sentence and no traceback
        message, status = f"Something unexpected happened, {type(error).__name__}: {error}", 1
    else:
        return status if isinstance(status, int) else 0
    write_error(message, status, as_json="--json" in arguments)
    return status


def main() -> None:
    """Entry point of the console script."""
    run_and_exit(lambda: run(sys.argv[1:]))
