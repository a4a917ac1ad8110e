from datetime import timedelta

import pytest

from minutekeeper.calendars.event import MAX_TITLE
from minutekeeper.meetings.meeting_urls import Platform
from tests.calendars.support import HOUR, START, URL, an_event


def test_the_link_is_normalised_and_names_its_platform() -> None:
    link = an_event(meeting_url=" https://meet.google.com/ABC-defg-hij?authuser=1 ").link
    assert link is not None
    assert (link.url, link.platform) == (URL, Platform.GOOGLE_MEET)


@pytest.mark.parametrize("text", ["", "see mail", "https://acme.webex.com/meet/anna"])
def test_a_link_that_no_bot_can_join_by_is_none(text: str) -> None:
    assert an_event(meeting_url=text).link is None


@pytest.mark.parametrize(
    ("end", "length", "expected_end"),
    [
        (START + 2 * HOUR, 2 * HOUR, START + 2 * HOUR),
        (None, HOUR, START + HOUR),
        (START, timedelta(), START + HOUR),
        (START - HOUR, timedelta(), START + HOUR),
    ],
)
def test_an_end_that_is_none_is_assumed(end: object, length: timedelta, expected_end: object) -> None:
    event = an_event(end_time=end)
    assert (event.length, event.expected_end) == (length, expected_end)


def test_a_title_is_one_line_and_not_too_long() -> None:
    assert an_event(title=" Plan\n\tthe \x00week ").title == "Plan the week"
    assert len(an_event(title="x" * 10_000).title) == MAX_TITLE


def test_the_description_is_what_a_reader_sees() -> None:
    assert an_event(notes="<p>Notes: #no<b>record</b></p><br>please").description == "Notes: #norecord please"
    assert "#norecord" not in repr(an_event(notes="#norecord", location="#norecord"))
