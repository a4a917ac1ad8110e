import pytest

from devtools.benchmarks.report import bound, number
from devtools.benchmarks.results import at_least, at_most, plain


def test_a_bound_itself_is_reached() -> None:
    assert at_most("late", 0.25, "s", 0.25).is_met
    assert at_least("rate", 0.9, "", 0.9).is_met


def test_what_is_beyond_a_bound_is_missed() -> None:
    assert at_most("late", 0.26, "s", 0.25).is_met is False
    assert at_least("rate", 0.89, "", 0.9).is_met is False


def test_a_figure_without_anything_to_reach_is_neither() -> None:
    assert plain("p50", 1, "s").is_met is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0123, "0.012 s"), (12.34, "12.3 s"), (1234.5, "1,234 s"), (3, "3 s"), (float("inf"), "∞ s")],
)
def test_numbers_show_the_digits_that_mean_something(value: float, shown: str) -> None:
    assert number(value, "s") == shown


def test_bounds_are_shown_with_their_direction() -> None:
    assert bound(at_most("late", 0, "s", 0.25).goal, "s") == "≤ 0.25 s"
    assert bound(at_least("rate", 0, "", 0.9).goal, "") == "≥ 0.9"
    assert bound(None, "s") == ""
