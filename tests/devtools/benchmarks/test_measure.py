import math

import pytest

from devtools.benchmarks.measure import distribution, per_second, percentile, ratio


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]


def test_a_percentile_takes_values_in_any_order() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_a_ratio_to_nothing_is_without_bounds() -> None:
    assert (ratio(6, 3), ratio(6, 0)) == (2, math.inf)


def test_a_distribution_ends_at_the_largest_value_with_all_samples() -> None:
    first, *_, last = points = distribution([float(value) for value in range(1000)], most=10)
    assert (len(points), first, last) == (10, (99, 10), (999, 100))


def test_a_distribution_of_few_samples_has_one_point_each() -> None:
    assert distribution([2.0, 1.0], most=200) == ((1, 50), (2, 100))


def test_rates_count_what_happened_in_each_stretch_of_time() -> None:
    assert per_second([0.1, 0.2, 1.9, 4.5], width=2) == ((2, 1.5), (4, 0), (6, 0.5))
