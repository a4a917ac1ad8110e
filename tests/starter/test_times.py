"""WHEN, as people type it."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.meetings.dispatch import FARTHEST
from starter.errors import MeetingInputError
from starter.times import format_local, in_local_time, parse_when

NOW = datetime(2026, 3, 1, 12, 0, 30, 999, tzinfo=UTC)


@pytest.fixture
def in_berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", NOW.replace(microsecond=0)),
        (" NOW ", NOW.replace(microsecond=0)),
        ("+10m", datetime(2026, 3, 1, 12, 10, 30, tzinfo=UTC)),
        ("+1h30m", datetime(2026, 3, 1, 13, 30, 30, tzinfo=UTC)),
        ("+2d", datetime(2026, 3, 3, 12, 0, 30, tzinfo=UTC)),
        ("+90s", datetime(2026, 3, 1, 12, 2, 0, tzinfo=UTC)),
        ("2026-12-01T10:00:00Z", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01T10:00:00+01:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01 10:00-05:00", datetime(2026, 12, 1, 15, tzinfo=UTC)),
        ("20261201T100000Z", datetime(2026, 12, 1, 10, tzinfo=UTC)),
    ],
)
def test_an_instant_with_a_zone_or_from_now(text: str, instant: datetime) -> None:
    when = parse_when(text, "--at", NOW)
    assert when == (instant, "")
    assert when.instant.tzinfo is UTC


@pytest.mark.usefixtures("in_berlin")
def test_without_a_zone_it_is_local_time_and_that_is_said() -> None:
    winter, summer = (parse_when(f"2026-{month}-15T10:00", "--at", NOW) for month in ("12", "07"))
    assert winter.instant == datetime(2026, 12, 15, 9, tzinfo=UTC)
    assert summer.instant == datetime(2026, 7, 15, 8, tzinfo=UTC)
    assert "2026-12-15T10:00 has no zone" in winter.note
    assert "CET (UTC+01:00)" in winter.note
    assert "CEST (UTC+02:00)" in summer.note


@pytest.mark.usefixtures("in_berlin")
def test_a_local_time_that_the_clocks_skip_does_not_exist() -> None:
    with pytest.raises(MeetingInputError, match="--at: 2026-03-29T02:30 does not exist here"):
        parse_when("2026-03-29T02:30", "--at", NOW)
    assert parse_when("2026-03-29T01:59:59", "--at", NOW).instant == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    assert parse_when("2026-03-29T03:00", "--at", NOW).instant == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert parse_when("2026-03-29T02:30+02:00", "--at", NOW).instant == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


@pytest.mark.usefixtures("in_berlin")
def test_a_local_time_that_comes_twice_must_be_told_apart() -> None:
    both = r"2026-10-25T02:30\+02:00 or 2026-10-25T02:30\+01:00"
    with pytest.raises(MeetingInputError, match=both):
        parse_when("2026-10-25T02:30", "--until", NOW)
    assert parse_when("2026-10-25T03:00", "--at", NOW).instant == datetime(2026, 10, 25, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a time"),
        ("tomorrow", "not a time"),
        ("10:00", "not a time"),
        ("2026-13-01T10:00Z", "not a time"),
        ("2026-12-01T25:00Z", "not a time"),
        ("10m", "not a time"),
        ("2026-12-01", "whole day"),
        ("20261201", "whole day"),
        ("+", "not a duration"),
        ("+10", "not a duration"),
        ("+10 m", "not a duration"),
        ("+30m1h", "not a duration"),
        ("+-5m", "not a duration"),
        ("+9999999999999999d", "ten years"),
        ("2062-12-01T10:00Z", "ten years"),
        ("1999-12-01T10:00Z", "ten years"),
        ("0001-01-01T00:00+14:00", "ten years"),
        ("0001-01-01T00:00", "ten years"),
        ("9999-12-31T23:59", "ten years"),
    ],
)
def test_what_is_no_time_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(MeetingInputError, match=says) as caught:
        parse_when(text, "--until", NOW)
    assert caught.value.field == "--until"
    assert str(caught.value).startswith("--until: ")


@given(st.text(max_size=40))
def test_no_text_at_all_brings_anything_but_an_instant_or_a_message(text: str) -> None:
    try:
        when = parse_when(text, "--at", NOW)
    except MeetingInputError:
        return
    assert abs(when.instant - NOW) <= FARTHEST
    assert when.instant.utcoffset() == timedelta()


@given(st.datetimes(min_value=NOW.replace(tzinfo=None), max_value=datetime(2036, 1, 1)), st.integers(-840, 840))  # noqa: DTZ001 - hypothesis wants it bare
def test_every_zone_leads_to_the_same_instant(naive: datetime, minutes: int) -> None:
    instant = naive.replace(microsecond=0, tzinfo=UTC)
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    local = (instant + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    assert parse_when(f"{local}{sign}{offset // 60:02}:{offset % 60:02}", "--at", NOW).instant == instant


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize("behind", ["", ":", ": why", ".", ", then", ")"])
def test_instants_in_a_text_are_local_whatever_stands_behind_them(behind: str) -> None:
    assert in_local_time(f"at 2026-12-01 09:00:05Z{behind}") == f"at 2026-12-01 10:00:05 CET{behind}"


@pytest.mark.usefixtures("in_berlin")
def test_people_read_local_time() -> None:
    assert format_local(datetime(2026, 12, 1, 9, tzinfo=UTC)) == "Tue 2026-12-01 10:00 CET"
    assert format_local(datetime.max.replace(tzinfo=UTC)).endswith("9999-12-31 23:59:59 UTC")
