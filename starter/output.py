"""What a command prints: JSON for programs, everything else for people; errors on standard error."""

import json
import os
import sys
from typing import Any

from pydantic_core import to_jsonable_python
from rich.console import Console, RenderableType
from rich.style import Style
from rich.text import Text

from starter.times import in_local_time

_WIDTH_OF_A_PIPE = 200
"""Rich takes 80 columns where there is no terminal, and would cut ids that the next program needs whole."""

_LEAST_WIDTH = 80
"""Below this a terminal breaks lines better than a table does."""


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_PIPE
    made = Console(file=stream, width=fixed, highlight=False, markup=False, emoji=False)
    made.width = max(made.width, _LEAST_WIDTH)
    return made


def plain(text: str) -> str:
    """Text from outside on one line, without control characters, and with times as people read them."""
    return in_local_time("".join(each if each.isprintable() else " " for each in text).strip())


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends with a mark of its own, be it inside of quotes."""
    return text if text.rstrip("\"'”)»` ").endswith((".", "?", "!", "…", ":")) else f"{text}."


def amount(count: int, what: str) -> str:
    """`1 event`, `2 events`, `no events`."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def say(text: str, style: str = "", *, stderr: bool = False) -> None:
    """One line for people; never broken, so that it can be copied."""
    console(stderr=stderr).print(Text(in_local_time(text), style=style), soft_wrap=True)


def display(shape: RenderableType) -> None:
    """A table or facts; nothing of it is cut off, however long it is."""
    console().print(shape, soft_wrap=True)


def say_link(url: str) -> None:
    """An address on a line of its own, whole, and one that can be clicked where the terminal knows how."""
    console().print(Text(url, style=Style(link=url)), soft_wrap=True)


def write_json(value: Any, *, one_line: bool = False, absent_as_null: bool = True) -> None:
    """Models, and what consists of them: times in UTC as ISO 8601 with `Z`, and null for whatever is not known.

    ASCII only: whatever the locale of this machine, it arrives whole.
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


def write_error(message: str, code: int, *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(json.dumps({"error": message, "exit_code": code}) + "\n")
    else:
        say(f"Error: {message}", "red", stderr=True)
