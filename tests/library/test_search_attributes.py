"""What meetings can be found by, from the moment they are booked."""

import json
from datetime import UTC, datetime

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.temporal.search_attributes import (
    ALL_KEYS,
    BOT_ID,
    BOT_PROVIDER,
    MEETING_META,
    bot_pairs,
    initial_attributes,
)

URL = "https://meet.google.com/abc-defg-hij"
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def metadata_attribute(metadata: dict[str, str]) -> list[str] | None:
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": START, "metadata": metadata})
    found = initial_attributes(request).get(MEETING_META)
    return None if found is None else list(found)


def test_the_callers_data_are_found_as_key_and_value() -> None:
    assert metadata_attribute({"customer": "4711", "team": "sales = emea"}) == [
        "customer=4711",
        "team=sales = emea",
    ]
    assert metadata_attribute({}) is None, "what is not there costs nothing"


def test_many_long_values_are_cut_to_what_temporal_takes() -> None:
    listed = metadata_attribute({f"key{number}": "ü" * 200 for number in range(20)})
    assert listed is not None
    assert 0 < len(listed) < 20
    assert len(json.dumps(listed)) <= 2048
    assert all(len(each) <= 255 for each in listed)


def test_a_bot_is_found_with_its_provider() -> None:
    assert [(pair.key, pair.value) for pair in bot_pairs("b-1", "meetingbaas")] == [
        (BOT_ID, "b-1"),
        (BOT_PROVIDER, "meetingbaas"),
    ]
    assert [pair.key for pair in bot_pairs("b-1", "")] == [BOT_ID]


def test_setup_registers_all_of_them() -> None:
    assert {BOT_ID, BOT_PROVIDER, MEETING_META} <= set(ALL_KEYS)
