"""Names that are stored, signed and searched for: each must come out the same for ever."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from minutekeeper.meetings.ids import (
    adopted_meeting_id,
    base_meeting_id,
    calendar_id_from_workflow_id,
    calendar_workflow_id_for,
    dispatch_key,
    folder_for,
    is_adopted,
    jitter_fraction,
    meeting_id_for,
    meeting_id_from_workflow_id,
    occurrences_of,
    workflow_id_for,
)

URL = "https://meet.google.com/abc-defg-hij"
START = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)


def test_the_id_of_a_meeting_tells_its_start_and_is_the_same_in_every_zone() -> None:
    in_kolkata = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert meeting_id_for(URL, START) == meeting_id_for(URL, in_kolkata) == "20261201-1030Z-542ec9f6b7"
    assert meeting_id_for(URL, START + timedelta(seconds=1)) != meeting_id_for(URL, START)
    assert meeting_id_for(f"{URL}x", START) != meeting_id_for(URL, START)


def test_a_fraction_of_a_second_makes_no_other_meeting() -> None:
    assert meeting_id_for(URL, START + timedelta(milliseconds=900)) == meeting_id_for(URL, START)


def test_the_workflows_of_meetings_and_calendars_are_named_after_them() -> None:
    assert workflow_id_for("abc") == "meeting-abc"
    assert meeting_id_from_workflow_id("meeting-abc") == "abc"
    assert meeting_id_from_workflow_id("meeting-meeting-abc") == "meeting-abc"
    assert calendar_workflow_id_for("abc") == "calendar-abc"
    assert calendar_id_from_workflow_id("calendar-abc") == "abc"


def test_a_bot_that_the_provider_sent_by_itself_gives_its_meeting_the_name() -> None:
    assert adopted_meeting_id("7f2c") == "bot-7f2c"
    assert is_adopted("bot-7f2c")
    assert not is_adopted(meeting_id_for(URL, START))


def test_an_event_has_fifty_names_for_its_meetings() -> None:
    assert [*occurrences_of("cal-5f")] == ["cal-5f", *(f"cal-5f-{number}" for number in range(2, 51))]
    assert next(iter(occurrences_of("cal-5f-7"))) == "cal-5f-7"
    assert [*occurrences_of("cal-5f-7")][1:] == [f"cal-5f-{number}" for number in range(8, 57)]


@pytest.mark.parametrize(
    ("meeting_id", "stem"),
    [
        *(("cal-5f", "cal-5f"), ("cal-5f-2", "cal-5f"), ("cal-5f-999", "cal-5f"), ("cal-5f-2-3", "cal-5f-2")),
        *(("cal-5f-1000", "cal-5f-1000"), ("cal-5f-2x", "cal-5f-2x"), ("cal-5f-2\n", "cal-5f-2\n")),
    ],
)
def test_the_number_of_a_later_meeting_is_no_part_of_its_events_name(meeting_id: str, stem: str) -> None:
    assert base_meeting_id(meeting_id) == stem


@pytest.mark.parametrize("name", ["a", "_a", "9", "A.b_c-d", "cal-5f-2", "a" * 120])
def test_a_plain_name_is_its_own_folder(name: str) -> None:
    assert folder_for(name) == name


@pytest.mark.parametrize("name", ["inbox", "Inbox", "calendars", "CALENDARS", "users", "Users", "preferences"])
def test_no_meeting_gets_a_folder_that_is_kept_for_something_else(name: str) -> None:
    folder = folder_for(name)
    assert folder.lower() not in {"inbox", "calendars", "users"}
    assert folder.startswith(f"{name}~")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Inbox", "Inbox~94835ea2fcf775cd"),
        ("a" * 121, f"{'a' * 60}~e9615320128cc7a3"),
        (f"a/b {'x' * 80}", f"a-b-{'x' * 56}~d597e4614b57f7aa"),
        ("\u00e4", "~33e6d73fee82904c"),
        ("\ud800x", "x~74a7e4a2ddd5cec7"),
    ],
)
def test_every_other_name_gets_a_folder_of_letters_with_a_digest(name: str, folder: str) -> None:
    assert folder_for(name) == folder


@pytest.mark.parametrize("name", [".hidden", "-x", "a/b", "..", "a b", "", "a\n"])
def test_what_a_file_system_or_a_shell_reads_otherwise_is_no_plain_name(name: str) -> None:
    assert "~" in folder_for(name)


def test_the_key_of_a_dispatch_stays_the_same_and_has_no_sign_of_a_filter() -> None:
    key = dispatch_key(URL, START, 2)
    assert key == dispatch_key(f"{URL}?authuser=1", START, 2)
    assert key.startswith("mk-")
    assert key.endswith("-2")
    assert not set(key) & set(":,")


def test_the_place_in_a_spread_lies_between_0_and_1_and_stays() -> None:
    assert jitter_fraction("meeting-a") == pytest.approx(0.47402616706)
    assert jitter_fraction("meeting-b") == pytest.approx(0.26070278137)
