"""A day of meetings as an office has it: how many begin when. Pure."""

from collections.abc import Iterator
from random import Random

HOURS = (1, 1, 1, 1, 1, 2, 5, 20, 60, 110, 130, 115, 50, 85, 120, 115, 90, 50, 20, 10, 6, 4, 2, 1)
"""The meetings that begin in each hour of a day, of a thousand; one time zone, so peaks are as high as they get."""

_WITHIN_HOUR = ((0.0, 0.60), (0.5, 0.25), (0.25, 0.05), (0.75, 0.05))
"""When in their hour meetings begin: on the hour and the half hour, few on the quarters; the rest at any time."""


def starts(count: int, seconds: float, seed: int) -> list[float]:
    """When so many meetings begin if a day takes so many seconds, sorted; the same seed gives the same day."""
    rng = Random(f"day {seed}")  # noqa: S311 - a plan to be repeated, no secret
    hours = rng.choices(range(len(HOURS)), HOURS, k=count)
    return sorted((hour + _place(rng)) * seconds / len(HOURS) for hour in hours)


def by_rate(instants: list[float], seconds: float) -> Iterator[tuple[float, list[int]]]:
    """For each hour of a day of so many seconds: meetings an hour in real time, and which of them it has."""
    length = seconds / len(HOURS)
    for hour in range(len(HOURS)):
        within = [n for n, instant in enumerate(instants) if hour * length <= instant < (hour + 1) * length]
        yield len(within) * 3600 / length, within


def _place(rng: Random) -> float:
    draw = rng.random()
    for place, share in _WITHIN_HOUR:
        draw -= share
        if draw < 0:
            return place
    return rng.random()
