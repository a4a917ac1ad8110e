"""What commands print: text for people or JSON for programs on standard output, errors on standard error."""

import codecs
import json
import os
import sys
from typing import Any

from pydantic_core import to_jsonable_python
from rich.console import Console, RenderableType
from rich.style import Style
from rich.text import Text

from starter.times import in_local_time

_PIPE_WIDTH = 200
"""Width if there is no terminal. Rich's own 80 columns would cut ids that the next program needs whole."""

_MIN_WIDTH = 80
"""On narrower terminals lines are left to the terminal, because it breaks them better than a table does."""


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    result = Console(file=stream, width=fixed, highlight=False, markup=False, emoji=False)
    result.width = max(result.width, _MIN_WIDTH)
    return result


def sanitize(text: str) -> str:
    """Text from outside on one line, without control characters, with times in the local zone."""
    return in_local_time("".join(each if each.isprintable() else " " for each in text).strip())


def sentence(text: str) -> str:
    """Adds a full stop unless the text ends with punctuation of its own, also inside quotes."""
    return text if text.rstrip("\"'”)»` ").endswith((".", "?", "!", "…", ":")) else f"{text}."


def amount(count: int, what: str) -> str:
    """`1 event`, `2 events`, `no events`."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def print_line(text: str, style: str = "", *, stderr: bool = False) -> None:
    """Prints one line for people, not wrapped, so that it can be copied."""
    console(stderr=stderr).print(Text(in_local_time(text), style=style), soft_wrap=True)


def display(table: RenderableType) -> None:
    """Prints a table without cutting anything off."""
    console().print(table, soft_wrap=True)


def print_link(url: str) -> None:
    """Prints an address on a line of its own, clickable where the terminal supports it."""
    console().print(Text(url, style=Style(link=url)), soft_wrap=True)


def write_json(value: Any, *, one_line: bool = False, absent_as_null: bool = True) -> None:
    """Prints models as JSON: times in UTC as ISO 8601 with `Z`, and null for what is not known.

    The output is ASCII, so that it does not depend on the locale.
    """
    shown = to_jsonable_python(value)
    if absent_as_null:
        shown = _absent_as_null(shown)
    sys.stdout.write(json.dumps(shown, indent=None if one_line else 2) + "\n")
    sys.stdout.flush()


def _absent_as_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _absent_as_null(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_absent_as_null(each) for each in value]
    return None if value == "" else value


def write_text(content: bytes) -> None:
    """Prints UTF-8 text unchanged, or with substitutes where the terminal has another encoding."""
    sys.stdout.flush()
    if codecs.lookup(sys.stdout.encoding).name == "utf-8":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(content.decode())
        sys.stdout.flush()


def write_error(message: str, code: int, *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(json.dumps({"error": message, "exit_code": code}) + "\n")
    else:
        print_line(f"Error: {message}", "red", stderr=True)
