"""What was heard of a calendar adds up, and stays small."""

from meetings.calendars.keeping import CalendarSignal
from meetings.calendars.news import MOST_NAMED, NO_NEWS, News


def test_nothing_is_no_news_and_changes_nothing() -> None:
    some = News(event_ids=("a",))
    assert not NO_NEWS
    assert some
    assert some.and_also(NO_NEWS) == NO_NEWS.and_also(some) == some


def test_names_add_up_each_once() -> None:
    both = News(event_ids=("a", "b")).and_also(News(event_ids=("b", "c"), unnamed=True))
    assert both == News(event_ids=("a", "b", "c"), unnamed=True)


def test_more_names_than_can_be_carried_are_everything() -> None:
    news = NO_NEWS
    for number in range(MOST_NAMED):
        news = news.and_also(News(event_ids=(f"e{number}",)))
    assert not news.full
    assert news.and_also(News(event_ids=("one more",))) == News(full=True)


def test_a_signal_that_names_nothing_says_that_something_changed() -> None:
    assert CalendarSignal().news == CalendarSignal(event_ids=()).news == News(unnamed=True)
    assert CalendarSignal(event_ids=("a",)).news == News(event_ids=("a",))
    assert CalendarSignal(everything=True).news == News(full=True)
