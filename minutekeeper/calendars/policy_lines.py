"""The lines of a policy's text at which its problems are. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from minutekeeper.text import one_line

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_NOT_JSON = re.compile(r"line (\d+), column \d+: ")
_TWICE = re.compile(r"'(.*)' is given twice in one place")
_MOST_TOKENS = 50_000
_LONGEST_NAME = 60
"""Longer names are cut in the problems."""


class PolicyProblem(NamedTuple):
    """One problem of a policy; `line` counts from 1 and is None if it has no place."""

    line: int | None
    text: str


def located_problems(text: str, problems: Iterable[str]) -> list[PolicyProblem]:
    """The problems of a policy (see `PolicyError`) with their lines, in the order of the text.

    What is missing is at the line of what it is missing in.
    """
    lines = _lines_of_places(text)
    found = [PolicyProblem(_line(problem, lines), problem) for problem in problems]
    return sorted(found, key=lambda each: each.line or 0)


def _line(problem: str, lines: dict[str, list[int]]) -> int | None:
    if broken := _NOT_JSON.match(problem):
        return int(broken[1])
    if twice := _TWICE.fullmatch(problem):
        given = [each for place, each in lines.items() if place.rpartition(".")[2] == twice[1] and len(each) > 1]
        return given[0][-1] if given else None
    place = problem.partition(": ")[0]
    while place:
        if place in lines:
            return lines[place][-1]
        place = re.sub(r"(\.?[^.\[\]]*|\[[^\]]*\])\Z", "", place)
    return None


def _lines_of_places(text: str) -> dict[str, list[int]]:
    """Where each name and each entry of a list stands, by its place as problems spell it: `rules[0].when`."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    stack: list[_Open] = []
    line, position = 1, 0
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number > _MOST_TOKENS:
            break
        line += text.count("\n", position, token.start())
        position = token.start()
        inside = stack[-1] if stack else None
        match token[0]:
            case "{" | "[":
                place = _begun(inside, places, line)
                stack.append(_Open(place, is_list=token[0] == "["))
            case "}" | "]":
                if stack:
                    stack.pop()
            case "," if inside:
                inside.next_entry()
            case ":" | ",":
                pass
            case value if inside and not inside.is_list and not inside.name:
                inside.name = one_line(value.strip('"'))[:_LONGEST_NAME]
                places[inside.place_of_entry].append(line)
            case _:
                _begun(inside, places, line)
    return places


class _Open:
    """An object or a list that was begun and has not ended."""

    def __init__(self, place: str, *, is_list: bool) -> None:
        self._place, self.is_list = place, is_list
        self._index = 0
        self.name = ""

    @property
    def place_of_entry(self) -> str:
        return f"{self._place}[{self._index}]" if self.is_list else f"{self._place}.{self.name}".lstrip(".")

    def next_entry(self) -> None:
        self._index += 1
        self.name = ""


def _begun(inside: _Open | None, places: defaultdict[str, list[int]], line: int) -> str:
    """The place of a value that begins here; an entry of a list is noted with its line."""
    if inside is None:
        return ""
    place = inside.place_of_entry
    if inside.is_list:
        places[place].append(line)
    return place
