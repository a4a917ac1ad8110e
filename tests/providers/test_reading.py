"""Times, JSON, signed URLs: the same however the provider writes them, and nothing that it writes does harm."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.fields import parse_time
from minutekeeper.providers.json_decoding import decode_json
from minutekeeper.providers.media_links import expires_at
from minutekeeper.providers.meetingbaas.response_models import BotDetails, MeetingData

INSTANT = datetime(2025, 3, 1, 10, 0, 0, tzinfo=UTC)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "value",
    [
        "2025-03-01T10:00:00Z",
        "2025-03-01T10:00:00.000Z",
        "2025-03-01T10:00:00.000000123Z",
        "2025-03-01T10:00:00+00:00",
        "2025-03-01T11:00:00+01:00",
        " 2025-03-01T10:00:00 ",
        "2025-03-01 10:00:00.000000",
        "20250301T100000Z",
        1740823200,
        1740823200.0,
        1740823200000,
        "1740823200",
        "1740823200000",
        {"secs_since_epoch": 1740823200, "nanos_since_epoch": 0},
        {"secs_since_epoch": 1740823200},
        {"secs_since_epoch": "1740823200", "nanos_since_epoch": None},
    ],
)
def test_one_instant_in_many_forms(value: Any) -> None:
    assert parse_time(value) == INSTANT
    assert parse_time(value).tzinfo is UTC  # type: ignore[union-attr]  # the line above proves it


def test_fractions_are_kept_to_the_microsecond() -> None:
    expected = INSTANT.replace(microsecond=123456)
    assert parse_time("2025-03-01T10:00:00.123456789Z") == expected
    assert parse_time({"secs_since_epoch": 1740823200, "nanos_since_epoch": 123456000}) == expected
    assert parse_time(1740823200500) == INSTANT.replace(microsecond=500000)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "soon", True, False, [], {}, 0, -1, float("nan"), float("inf"), 10**400, "9" * 5000, "\ud800"),
        *({"secs_since_epoch": None}, {"secs_since_epoch": 10**400}, "0001-01-01T00:00:00+23:59", 1e17, "²"),
        *("0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:01Z", "9999-12-31T23:59:59-14:00", 1),
    ],
)
def test_no_time(value: Any) -> None:
    assert parse_time(value) is None


@given(json_values)
def test_any_value_is_a_time_or_none(value: Any) -> None:
    instant = parse_time(value)
    assert instant is None or instant.tzinfo is UTC


def test_decodes_what_others_choke_on() -> None:
    assert decode_json(b'\xef\xbb\xbf{"a": [NaN, -Infinity, "\\ud83d\\ude00", "\\ud800x", "\xff"]}') == {
        "a": [None, None, "😀", "?x", "\ufffd"]
    }


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\x00", b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000, b'["\\ud800", ' + b"[" * 5000]
)
def test_refuses_what_nobody_can_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(body)


@given(json_values)
def test_decoded_json_can_always_be_sent_on(value: Any) -> None:
    document = decode_json(json.dumps(value).encode())
    json.dumps(document, ensure_ascii=False).encode()


@given(st.binary())
def test_any_bytes_are_json_or_a_value_error(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode_json(body)


def test_evidence_that_nests_too_deeply_to_be_written_is_none() -> None:
    errors: list[Any] = []
    for _ in range(100_000):
        errors = [errors]
    assert BotDetails.model_validate({"errors": errors}).errors == "(nests too deeply)"


def test_evidence_comes_without_the_secrets_of_its_reader() -> None:
    bot = {"errors": {"text": "the key account-key-1234 is refused"}}
    data = MeetingData.model_validate({"bot_data": {"bot": bot}}, context=["account-key-1234"])
    assert data.bot_data.bot
    assert data.bot_data.bot.errors == '{"text": "the key *** is refused"}'


@given(
    st.dictionaries(st.sampled_from(["mp4", "audio", "duration", "content_deleted", "contentDeleted"]), json_values)
)
def test_meeting_data_takes_any_value_for_its_own_fields(raw: dict[str, Any]) -> None:
    data = MeetingData.model_validate(decode_json(json.dumps(raw).encode()))
    assert data.duration is None or data.duration >= 0


@given(
    st.dictionaries(
        st.sampled_from(["created_at", "ended_at", "errors", "transcription_fails", "recording_mode"]), json_values
    )
)
def test_meeting_data_takes_any_value_for_the_fields_of_its_bot(raw: dict[str, Any]) -> None:
    document = {"bot_data": {"bot": decode_json(json.dumps(raw).encode())}}
    assert MeetingData.model_validate(document).bot_data.bot


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://s3/x.mp4?X-Amz-Date=20250301T080000Z&X-Amz-Expires=7200&X-Amz-Signature=a", INSTANT),
        ("https://s3/x.mp4?x-amz-expires=7200&x-amz-date=20250301T080000Z", INSTANT),
        ("https://cdn/x.mp4?Expires=1740823200&Signature=a", INSTANT),
        ("https://s3/x.mp4?X-Amz-Date=20250301T080000Z", None),
        ("https://s3/x.mp4?X-Amz-Date=20250301T080000Z&X-Amz-Expires=soon", None),
        ("https://s3/x.mp4?X-Amz-Date=20250301T080000Z&X-Amz-Expires=99999999999999", None),
        ("https://s3/x.mp4?X-Amz-Date=yesterday&X-Amz-Expires=7200", None),
        ("https://s3/x.mp4", None),
        ("https://[broken/x.mp4?Expires=1740823200", None),
        ("", None),
    ],
)
def test_the_end_of_a_signed_url(url: str, end: datetime | None) -> None:
    assert expires_at(url) == end


@given(st.text())
def test_any_text_has_an_end_or_none(url: str) -> None:
    expires_at(f"https://s3/x?X-Amz-Date=20250301T080000Z&X-Amz-Expires={url}")
    expires_at(f"https://{url}?Expires={url}")
