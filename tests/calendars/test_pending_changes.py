"""What was heard of a calendar adds up, and stays small."""

from minutekeeper.calendars.messages import MAX_NAMED, NO_CHANGES, CalendarChanged, PendingChanges


def test_nothing_is_no_news_and_changes_nothing() -> None:
    some = PendingChanges(event_ids=("a",))
    assert not NO_CHANGES
    assert some
    assert some.merged_with(NO_CHANGES) == NO_CHANGES.merged_with(some) == some


def test_names_add_up_each_once() -> None:
    both = PendingChanges(event_ids=("a", "b")).merged_with(PendingChanges(event_ids=("b", "c"), unnamed=True))
    assert both == PendingChanges(event_ids=("a", "b", "c"), unnamed=True)


def test_more_names_than_can_be_carried_are_everything() -> None:
    news = NO_CHANGES
    for number in range(MAX_NAMED):
        news = news.merged_with(PendingChanges(event_ids=(f"e{number}",)))
    assert not news.full
    assert news.merged_with(PendingChanges(event_ids=("one more",))) == PendingChanges(full=True)


def test_a_signal_that_names_nothing_says_that_something_changed() -> None:
    assert CalendarChanged().changes == CalendarChanged(event_ids=()).changes == PendingChanges(unnamed=True)
    assert CalendarChanged(event_ids=("a",)).changes == PendingChanges(event_ids=("a",))
    assert CalendarChanged(everything=True).changes == PendingChanges(full=True)
