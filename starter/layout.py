"""Lays out tables for terminals of any width.

Ids, times and links are never broken: a cell that does not fit into its row is printed below the row. Only the last
column is wrapped, between words.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions
from rich.text import Text

_GAP = 2
_INDENT = 4
_MIN_TEXT_WIDTH = 24
"""The last column is wrapped beside the others only if this much width is left for it."""


class Table:
    """Rows, with or without headers; the last column is running text."""

    def __init__(self, *headers: str) -> None:
        self._headers = headers
        self._rows: list[Sequence[Text]] = []

    def add_row(self, *cells: Text | str) -> None:
        self._rows.append([Text(each) if isinstance(each, str) else each for each in cells])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        headers = [Text(each, style="bold") for each in self._headers]
        rows = [headers, *self._rows] if headers else self._rows
        if not rows:
            return
        widths = [max(each.cell_len for each in column) for column in zip(*rows, strict=True)]
        beside = _columns_beside(widths, options.max_width)
        for row in rows:
            yield from _lines(console, row, headers, widths[:beside], options.max_width)


class Facts(Table):
    """A name and a value on each line."""

    def add(self, name: str, value: Text | str) -> None:
        self.add_row(Text(name, style="bold"), value)


def _columns_beside(widths: Sequence[int], room: int) -> int:
    """How many columns fit beside each other; the first one counts however long it is."""
    taken = widths[0]
    for number, width in enumerate(widths[1:], start=1):
        taken += _GAP + width
        if taken > room:
            return number
    return len(widths)


def _lines(
    console: Console, row: Sequence[Text], headers: Sequence[Text], widths: Sequence[int], room: int
) -> Iterator[Text]:
    beside, below = row[: len(widths)], row[len(widths) :]
    line = Text(" " * _GAP).join(_padded(cell, width) for cell, width in zip(beside, widths, strict=True))
    if len(below) == 1:
        start = sum(widths) + _GAP * len(widths)
        wrapped = _wrapped(console, below[0], room - start)
        if wrapped is not None:
            line = Text.assemble(line, " " * _GAP, wrapped[0])
            below = []
            yield _trimmed(line)
            yield from (Text.assemble(" " * start, each) for each in wrapped[1:])
            return
    yield _trimmed(line)
    if row is headers:
        return
    for cell, header in zip(below, headers[len(widths) :] or [Text()] * len(below), strict=True):
        if cell.plain.strip():
            named = Text.assemble(header.plain, ": ", cell) if len(below) > 1 and header.plain else cell
            words = named.wrap(console, max(room - _INDENT, _MIN_TEXT_WIDTH), overflow="ignore")
            yield from (_trimmed(Text.assemble(" " * _INDENT, each)) for each in words)


def _wrapped(console: Console, text: Text, room: int) -> list[Text] | None:
    """The text in lines of this width; None if a word would be broken or too little width is left."""
    if text.cell_len <= room:
        return [text]
    if room < _MIN_TEXT_WIDTH or max(map(len, text.plain.split()), default=0) > room:
        return None
    return [_trimmed(each) for each in text.wrap(console, room, overflow="ignore")]


def _padded(cell: Text, width: int) -> Text:
    padded = cell.copy()
    padded.append(" " * (width - cell.cell_len))
    return padded


def _trimmed(line: Text) -> Text:
    line = line.copy()
    line.rstrip()
    line.no_wrap, line.overflow, line.end = True, "ignore", "\n"
    return line
