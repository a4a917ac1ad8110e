"""Arithmetic on samples. Pure."""

import math
from collections.abc import Iterable, Sequence

Points = tuple[tuple[float, float], ...]


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that a `share` (0 to 1) of all do not exceed. Raises ValueError if there are none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there is nothing to take a percentile of")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio(value: float, baseline: float) -> float:
    """How many times the baseline fits into the value; infinite if the baseline is zero."""
    return value / baseline if baseline else math.inf


def distribution(values: Iterable[float], most: int = 200) -> Points:
    """Of each value the share of samples, in percent, that do not exceed it; at most so many points."""
    ordered = sorted(values)
    count = len(ordered)
    ranks = sorted({math.ceil(count * step / most) for step in range(1, most + 1)} - {0})
    return tuple((ordered[rank - 1], 100 * rank / count) for rank in ranks)


def per_second(instants: Iterable[float], width: float) -> Points:
    """How many a second happened, for each stretch of `width` seconds from 0 on, at the stretch's end."""
    counts: dict[int, int] = {}
    for instant in instants:
        bucket = max(0, math.floor(instant / width))
        counts[bucket] = counts.get(bucket, 0) + 1
    return tuple((width * (n + 1), counts.get(n, 0) / width) for n in range(max(counts, default=-1) + 1))


def between(values: Sequence[float]) -> str:
    """The range of some values for a note: `3 to 12`."""
    return f"{min(values):g} to {max(values):g}"


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many spans (beginning, end) overlap at most; one that ends before it begins takes no time."""
    moments = sorted(moment for began, ended in spans for moment in ((began, 1), (max(began, ended), -1)))
    waiting = most = 0
    for _, change in moments:
        waiting += change
        most = max(most, waiting)
    return most
