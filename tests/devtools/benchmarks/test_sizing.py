import pytest

from devtools.benchmarks import sizing_tables
from devtools.benchmarks.sizing import sizing
from tests.devtools.benchmarks.factory import ROWS

SIZE = sizing(ROWS)


def test_rates_follow_from_the_cpu_of_a_meeting() -> None:
    assert [SIZE.an_hour(kind) for kind in ("worker", "bridge", "temporal")] == [72_000, 360_000, 36_000]
    assert SIZE.an_hour("worker", "bridge", "temporal") == 22_500
    assert SIZE.cores("temporal", 36_000, 3600) == 1


def test_a_million_meetings_cost_their_actions_and_their_storage() -> None:
    assert SIZE.dollars(1_000_000) == 650
    gigabytes = 7.5 * 1024 / 1000
    stored = SIZE.storage_dollars(1_000_000, active_hours=10, retained_hours=100)
    assert stored == pytest.approx(gigabytes * (10 * 0.042 + 100 * 0.00105))


def test_the_database_holds_who_sleeps_and_who_has_ended() -> None:
    assert SIZE.database_gib(sleepers=1024, ended=1024) == pytest.approx((30 + 32) / 1024)


def test_a_worker_calls_as_fast_as_it_did_in_the_largest_rush() -> None:
    assert SIZE.calls == 1000
    assert sizing([each for each in ROWS if each.name != "punctuality"]).calls is None


def test_a_missing_figure_is_named() -> None:
    with pytest.raises(KeyError, match="growth"):
        sizing([each for each in ROWS if each.name != "growth"])


def test_nobody_runs_less_than_two_workers_and_two_bridges() -> None:
    assert list(sizing_tables.loads(SIZE))[2:] == [
        "| 1,000 | 1 | 2 | 2 |",
        "| 10,000 | 1 | 2 | 2 |",
        "| 100,000 | 6 | 3 | 2 |",
    ]


def test_a_rush_needs_fewer_cores_the_longer_it_wakes_up() -> None:
    text = "\n".join(sizing_tables.rush(SIZE))
    assert "| 40 s | 50 | 13 |" in text
    assert "| 600 s | 4 | 1 |" in text
    assert "20 workers hold them all" in text
