"""What a request may ask of a bot, and what holds where it asks nothing."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from minutekeeper.meetings.fields import BotOptions, RecordingMode, WantedArtifacts
from minutekeeper.meetings.request import MeetingRequest, Reschedule, StopRequest

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
        "transcription_language": "",
        "transcription_vocabulary": (),
        **dict.fromkeys(TIMEOUTS),
        "leave_at_end": None,
        "longest_stay": None,
    }
    assert dict(WantedArtifacts()) == {"recording": True, "transcript": True, "audio": False}


def test_a_providers_name_is_written_small() -> None:
    assert BotOptions(provider="recall-eu").provider == "recall-eu"
    for name in ("Recall", "recall eu", "r" * 41, "../other"):
        with pytest.raises(ValidationError, match="is no name of a provider"):
            BotOptions(provider=name)


@pytest.mark.parametrize("tag", ["de", "pt-BR", "zh-Hans-CN", "yue"])
def test_languages_are_named_by_their_tags(tag: str) -> None:
    assert BotOptions(transcription_language=tag).transcription_language == tag


@pytest.mark.parametrize("tag", ["German", "d", "de_DE", "de-", "de DE", "*"])
def test_what_is_no_language_tag_is_told_how_to_write_one(tag: str) -> None:
    with pytest.raises(ValidationError, match="is no language tag; write it as `de`"):
        BotOptions(transcription_language=tag)


def test_a_vocabulary_has_100_terms_of_60_characters() -> None:
    most = tuple(f"{number:060}" for number in range(100))
    assert BotOptions(transcription_vocabulary=most).transcription_vocabulary == most
    assert BotOptions(transcription_vocabulary=("  Ada ",)).transcription_vocabulary == ("Ada",)
    for terms in ((*most, "one more"), ("x" * 61,), (" ",)):
        with pytest.raises(ValidationError, match="transcription_vocabulary"):
            BotOptions(transcription_vocabulary=terms)


def request(metadata: dict[str, str]) -> MeetingRequest:
    return MeetingRequest.model_validate({"meeting_url": URL, "start_time": START, "metadata": metadata})


def test_metadata_are_short_texts() -> None:
    most = {f"key_{number}.{'x' * 31}-9"[:40]: "v" * 200 for number in range(20)}
    assert request(most).metadata == most
    assert request({}).metadata == {}


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({f"k{number}": "" for number in range(21)}, "21 keys are too many: at most 20 are allowed"),
        ({"Customer": "7"}, "the key 'Customer' needs 1 to 40 small letters, digits, dots, dashes or underscores"),
        ({"": "7"}, "the key '' needs"),
        ({"x" * 41: "7"}, "needs 1 to 40 small letters"),
        ({"customer": "x" * 201}, "the value of 'customer' has 201 characters: at most 200 fit"),
        ({"customer": "a\nb"}, "the value of 'customer' must have no line breaks or other control characters"),
    ],
)
def test_metadata_that_are_none_are_told_what_is_wrong(metadata: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        request(metadata)


def test_the_ways_to_record_are_words_of_the_interface() -> None:
    assert [*RecordingMode] == ["speaker_view", "gallery_view", "audio_only"]


@pytest.mark.parametrize("name", TIMEOUTS)
def test_a_timeout_lies_between_a_second_and_two_hours(name: str) -> None:
    for seconds in (1, 7200):
        assert getattr(BotOptions.model_validate({name: seconds}), name) == seconds
    for seconds in (0, 7201):
        with pytest.raises(ValidationError, match=name):
            BotOptions.model_validate({name: seconds})


def test_a_bot_leaves_at_the_planned_end_or_up_to_a_day_later() -> None:
    for minutes in (0, 1440):
        assert BotOptions(leave_at_end=minutes).leave_at_end == minutes
    for wrong in (-1, 1441, 2.5):
        with pytest.raises(ValidationError, match="leave_at_end"):
            BotOptions.model_validate({"leave_at_end": wrong})


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
