"""The building blocks of the pages: what templates print, and how files are served."""

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from bridge.connect.page_style import PAGE_STYLE
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from starter.meeting_models import MeetingSummary
from web.pages import words
from web.pages.templates import (
    NAVIGATION,
    PageFrame,
    meeting_label,
    render_page,
    rough_duration,
    time_element,
)

AT = datetime(2026, 12, 1, 14, 3, 7, tzinfo=UTC)


def summary(title: str) -> MeetingSummary:
    return MeetingSummary(
        meeting_id="m-1",
        workflow_id="meeting-m-1",
        status=MeetingStatus.SCHEDULED,
        start_time=AT,
        title=title,
        meeting_url="https://meet.google.com/abc-defg-hij",
        platform="google_meet",
        bot_id="",
        metadata={},
        booked_at=AT,
        closed_at=None,
    )


def test_a_page_names_itself_its_place_and_its_reader_and_nothing_inline() -> None:
    page = render_page("base.html", PageFrame("/meetings", "Ana <script>", "token-1"), {})
    assert "<title>Minutekeeper · Minutekeeper</title>" in page
    assert [f'href="{address}"' in page for address, _ in NAVIGATION] == [True] * len(NAVIGATION)
    assert page.count('aria-current="page"') == 1
    assert '<a href="/meetings" aria-current="page">' in page
    assert "<bdi>Ana &lt;script&gt;</bdi>" in page
    assert 'name="form_token" value="token-1"' in page
    assert "style=" not in page
    assert page.count("<script") == 1
    assert "sign-out" not in render_page("base.html", PageFrame(""), {})
    with pytest.raises(UndefinedError):
        render_page("base.html", None, {})  # type: ignore[arg-type]  # what the refusal is about


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("clock", "14:03 UTC"),
        ("exact", "14:03:07 UTC"),
        ("short", "Tue 1 Dec, 14:03 UTC"),
        ("full", "Tue 1 Dec 2026, 14:03:07 UTC"),
        ("day", "Tue 1 Dec"),
    ],
)
def test_an_instant_is_shown_in_utc_and_can_be_read_by_the_script(form: str, shown: str) -> None:
    element = time_element(AT.astimezone(), form)
    assert element == (
        f'<time datetime="2026-12-01T14:03:07Z" title="2026-12-01 14:03:07 UTC" data-form="{form}">{shown}</time>'
    )


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (timedelta(seconds=59), "less than 1 min"),
        (timedelta(minutes=12, seconds=50), "12 min"),
        (timedelta(hours=1, minutes=30), "1 h 30 min"),
        (timedelta(days=2, hours=4, minutes=5), "2 d 4 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_what_goes_on_is_told_to_the_minute(length: timedelta, shown: str) -> None:
    assert rough_duration(length) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Weekly\u202e  review", "Weekly review"),
        ("", "https://meet.google.com/abc-defg-hij"),
        ("x" * 10_000, "x" * 160 + "…"),
    ],
)
def test_a_meeting_is_named_in_one_short_line(title: str, shown: str) -> None:
    assert meeting_label(summary(title)) == shown


def test_every_status_reason_and_transcript_has_its_word() -> None:
    assert set(words.STATUS_WORDS) == set(MeetingStatus)
    assert set(words.REASON_WORDS) == set(FailureReason)
    assert set(words.TRANSCRIPT_WORDS) == set(TranscriptState)
    assert words.status_tone(MeetingStatus.FAILED, FailureReason.MISSED) is words.Tone.BAD
    assert words.status_tone(MeetingStatus.FAILED, FailureReason.NOT_ACCEPTED) is words.Tone.WARN
    assert words.status_tone(MeetingStatus.RECORDING) is words.Tone.LIVE


def test_the_connect_pages_have_the_colours_of_all_pages() -> None:
    sheet = files("web.pages").joinpath("static/style.css").read_text()
    for scheme in (":root {", "@media (prefers-color-scheme: dark)"):
        tokens = tokens_of(PAGE_STYLE.partition(scheme)[2].partition("}")[0])
        assert len(tokens) >= 12
        assert tokens.items() <= tokens_of(sheet.partition(scheme)[2].partition("}")[0]).items()


def tokens_of(rules: str) -> dict[str, str]:
    return dict(re.findall(r"(--[a-z-]+): ([^;]+);", rules))
