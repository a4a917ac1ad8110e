from devtools.benchmarks.day import HOURS, by_rate, starts

SECONDS = 48.0


def test_the_same_seed_plans_the_same_day() -> None:
    assert starts(100, SECONDS, seed=1) == starts(100, SECONDS, seed=1)
    assert starts(100, SECONDS, seed=1) != starts(100, SECONDS, seed=2)


def test_a_day_has_all_its_meetings_within_it() -> None:
    instants = starts(1000, SECONDS, seed=1)
    assert len(instants) == 1000
    assert instants == sorted(instants)
    assert 0 <= instants[0] <= instants[-1] < SECONDS


def test_most_meetings_begin_on_the_hour() -> None:
    hour = SECONDS / len(HOURS)
    instants = starts(10_000, SECONDS, seed=1)
    on_the_hour = sum(abs(instant / hour - round(instant / hour)) < 1e-6 for instant in instants)
    assert 0.55 < on_the_hour / len(instants) < 0.65


def test_the_hours_of_a_day_share_out_its_meetings() -> None:
    instants = starts(1000, SECONDS, seed=1)
    hours = list(by_rate(instants, SECONDS))
    assert sorted(number for _, within in hours for number in within) == list(range(1000))
    assert hours[10][0] == len(hours[10][1]) * 3600 / 2
    assert hours[10][0] > 10 * hours[2][0]
