"""What a request may ask of a bot, and what holds where it asks nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.meetings.request import MeetingRequest, Reschedule, StopRequest, WantedArtifacts

URL = "https://meet.google.com/abc-defg-hij"
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
TIMEOUTS = ("waiting_room_timeout", "noone_joined_timeout", "silence_timeout")


def test_a_bot_needs_no_options() -> None:
    assert dict(BotOptions()) == {
        "provider": "",
        "name": "Minutekeeper",
        "image": None,
        "entry_message": None,
        "recording_mode": RecordingMode.SPEAKER_VIEW,
        **dict.fromkeys(TIMEOUTS),
    }
    assert dict(WantedArtifacts()) == {"recording": True, "transcript": True}


def test_a_providers_name_is_written_small() -> None:
    assert BotOptions(provider="recall-eu").provider == "recall-eu"
    for name in ("Recall", "recall eu", "r" * 41, "../other"):
        with pytest.raises(ValidationError, match="is no name of a provider"):
            BotOptions(provider=name)


def test_the_ways_to_record_are_words_of_the_interface() -> None:
    assert [*RecordingMode] == ["speaker_view", "gallery_view", "audio_only"]


@pytest.mark.parametrize("name", TIMEOUTS)
def test_a_timeout_lies_between_a_second_and_two_hours(name: str) -> None:
    for seconds in (1, 7200):
        assert getattr(BotOptions.model_validate({name: seconds}), name) == seconds
    for seconds in (0, 7201):
        with pytest.raises(ValidationError, match=name):
            BotOptions.model_validate({name: seconds})


def test_a_bots_name_has_1_to_255_characters() -> None:
    assert BotOptions(name="x" * 255).name == "x" * 255
    assert BotOptions(name="x").name == "x"
    for name in ("", "x" * 256):
        with pytest.raises(ValidationError, match="name"):
            BotOptions(name=name)


@pytest.mark.parametrize("title", ["x" * 501])
@pytest.mark.parametrize("model", [MeetingRequest, Reschedule])
def test_a_title_has_at_most_500_characters(model: type[MeetingRequest | Reschedule], title: str) -> None:
    fields: dict[str, Any] = {"meeting_url": URL, "start_time": START}
    assert model.model_validate(fields | {"title": title[1:]}).title == title[1:]
    with pytest.raises(ValidationError, match="title"):
        model.model_validate(fields | {"title": title})


def test_a_reason_to_stop_has_at_most_500_characters() -> None:
    assert StopRequest().why == ""
    assert StopRequest(why="x" * 500).why == "x" * 500
    with pytest.raises(ValidationError, match="why"):
        StopRequest(why="x" * 501)


@pytest.mark.parametrize("year", [2000, 2099])
def test_the_years_of_this_century_can_be_booked(year: int) -> None:
    assert MeetingRequest(meeting_url=URL, start_time=START.replace(year=year)).start_time.year == year


@pytest.mark.parametrize("year", [1999, 2100, 1, 9999])
def test_every_other_year_is_a_slip(year: int) -> None:
    with pytest.raises(ValidationError, match=r"must lie between the years 2000 and 2099"):
        MeetingRequest(meeting_url=URL, start_time=START.replace(year=year))


@pytest.mark.parametrize("model", [MeetingRequest, Reschedule])
def test_a_meeting_ends_after_it_starts(model: type[MeetingRequest | Reschedule]) -> None:
    fields: dict[str, Any] = {"meeting_url": URL, "start_time": START, "end_time": START}
    with pytest.raises(ValidationError, match=r"end_time 2026\S+ must be after start_time 2026"):
        model.model_validate(fields)


def test_a_move_changes_only_what_it_names() -> None:
    request = MeetingRequest(meeting_url=URL, start_time=START, title="Weekly")
    moved = request.moved(Reschedule(start_time=START.replace(hour=12)))
    assert (moved.start_time.hour, moved.end_time, moved.meeting_url, moved.title) == (12, None, URL, "Weekly")
    other = "https://zoom.us/j/12345678901"
    moved = request.moved(Reschedule(start_time=START, meeting_url=other, title=""))
    assert (moved.start_time, moved.meeting_url, moved.title) == (START, other, "")


def test_a_link_shows_its_platform_and_no_password() -> None:
    request = MeetingRequest(meeting_url="https://acme.zoom.us/j/12345678901?pwd=aB3", start_time=START)
    assert request.platform == "zoom"
    assert request.public_url == "https://acme.zoom.us/j/12345678901"
