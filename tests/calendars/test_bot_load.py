from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.plan import BotLoad, PeakLoad, PlannedChange, bot_load
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from tests.calendars.support import DAY, HOUR, NOW, START, World, a_policy, an_event

MINUTE = timedelta(minutes=1)


def load(meetings: Iterable[tuple[datetime, timedelta]]) -> BotLoad:
    world = World()
    world.now = NOW - 400 * DAY
    return bot_load(
        world.look(
            *(
                an_event(event_id=f"e{n}", start_time=start, end_time=start + length)
                for n, (start, length) in enumerate(meetings)
            )
        ).changes
    )


def test_no_meeting_is_no_load() -> None:
    assert load([]) == BotLoad(bots=0, busiest_hour=PeakLoad(), busiest_day=PeakLoad(), at_once=PeakLoad())


def test_hours_and_days_are_counted_from_any_minute_on() -> None:
    starts = [START, START + 50 * MINUTE, START + 70 * MINUTE, START + DAY - MINUTE, START + DAY]
    made = load((start, HOUR / 2) for start in starts)
    assert made.bots == 5
    assert made.busiest_hour == PeakLoad(bots=2, since=START)
    assert made.busiest_day == PeakLoad(bots=4, since=START)


def test_an_hour_does_not_contain_its_end() -> None:
    assert load([(START, HOUR), (START + HOUR, HOUR)]).busiest_hour == PeakLoad(bots=1, since=START)


def test_meetings_back_to_back_need_one_bot_at_once() -> None:
    assert load([(START, HOUR), (START + HOUR, HOUR)]).at_once == PeakLoad(bots=1, since=START)
    overlapping = load([(START, 2 * HOUR), (START + HOUR, HOUR), (START + HOUR, HOUR), (START + 3 * HOUR, HOUR)])
    assert overlapping.at_once == PeakLoad(bots=3, since=START + HOUR)


def test_a_bot_that_may_stay_after_the_end_counts_until_it_leaves() -> None:
    stays = a_policy(bot={"leave_at_end": 10})
    world = World()
    one = {"start_time": START, "end_time": START + HOUR}
    at_border = {"start_time": START + HOUR, "end_time": START + 2 * HOUR}
    elsewhere = "https://meet.google.com/xyz-abcd-efg"

    def at_once(*events: dict[str, Any], policy: Policy = stays) -> int:
        seen = (an_event(event_id=f"e{n}", **fields) for n, fields in enumerate(events))
        return bot_load(world.look(*seen, policy=policy).changes).at_once.bots

    assert at_once(one, at_border | {"meeting_url": elsewhere}) == 2
    assert at_once(one, at_border | {"meeting_url": elsewhere}, policy=DEFAULT_POLICY) == 1
    assert at_once(one, at_border) == 1, "in one room the earlier bot leaves for the later meeting"
    later = {"start_time": START + HOUR + 10 * MINUTE, "end_time": START + 2 * HOUR, "meeting_url": elsewhere}
    assert at_once(one, later) == 1
    assert at_once(one | {"end_time": None}, at_border | {"meeting_url": elsewhere}) == 1


def test_what_is_kept_counts_and_what_is_released_does_not() -> None:
    world = World()
    world.sync(an_event(), an_event(event_id="e2"))
    steps: tuple[PlannedChange, ...] = world.look(an_event(deleted=True), an_event(event_id="e3")).changes
    assert bot_load(steps).bots == 2


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 300)), max_size=30))
def test_the_peaks_are_those_that_counting_finds(drawn: list[tuple[int, int]]) -> None:
    meetings = [(START + begin * MINUTE, length * MINUTE) for begin, length in drawn]
    made = load(meetings)
    for peak, span in ((made.busiest_hour, HOUR), (made.busiest_day, DAY)):
        counts = [sum(since <= start < since + span for start, _ in meetings) for since, _ in meetings]
        assert peak.bots == max(counts, default=0)
    present = [sum(start <= instant < start + length for start, length in meetings) for instant, _ in meetings]
    assert made.at_once.bots == max(present, default=0)
