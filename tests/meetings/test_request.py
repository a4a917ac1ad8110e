from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from minutekeeper.meetings.dispatch import is_worth_joining
from minutekeeper.meetings.ids import (
    dispatch_key,
    folder_for,
    jitter_fraction,
    meeting_id_for,
    meeting_id_from_workflow_id,
    workflow_id_for,
)
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.webhook_urls import bot_webhook_url, token_for, token_matches

URL = "https://meet.google.com/abc-defg-hij"
START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def test_two_fields_are_enough() -> None:
    request = MeetingRequest.model_validate_json(
        '{"meeting_url": "meet.google.com/abc-defg-hij?authuser=1", "start_time": "2026-12-01T11:00:00+01:00"}'
    )
    assert (request.meeting_url, request.start_time) == (URL, START)
    assert request.wanted.recording
    assert request.wanted.transcript
    assert request.expected_end == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"meeting_url": "https://example.com/x"}, "meeting_url"),
        ({"start_time": "2026-12-01T10:00:00"}, "start_time"),
        ({"start_time": "tomorrow"}, "start_time"),
        ({"end_time": "2026-12-01T09:00:00Z"}, "end_time"),
        ({"bot": {"name": ""}}, "name"),
        ({"bot": {"waiting_room_timeout": -1}}, "waiting_room_timeout"),
    ],
)
def test_bad_input_names_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        MeetingRequest.model_validate({"meeting_url": URL, "start_time": START.isoformat()} | fields)


def test_nulls_mean_defaults() -> None:
    fields = {"title": None, "end_time": None, "bot": None, "wanted": None, "calendar": None}
    plain = MeetingRequest(meeting_url=URL, start_time=START)
    assert MeetingRequest.model_validate({"meeting_url": URL, "start_time": START} | fields) == plain


def test_unknown_fields_are_kept_aside() -> None:
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": START, "titel": "x"})
    assert request.model_extra == {"titel": "x"}


def test_a_move_keeps_the_length_unless_told_otherwise() -> None:
    request = MeetingRequest(meeting_url=URL, start_time=START, end_time=START + timedelta(minutes=30))
    later = START + timedelta(days=1)
    assert request.moved(Reschedule(start_time=later)).end_time == later + timedelta(minutes=30)
    longer = Reschedule(start_time=later, end_time=later + timedelta(hours=2))
    assert request.moved(longer).end_time == later + timedelta(hours=2)


def test_a_bot_must_see_something_of_the_meeting() -> None:
    request = MeetingRequest(meeting_url=URL, start_time=START, end_time=START + timedelta(minutes=30))
    assert is_worth_joining(request, START + timedelta(minutes=28))
    assert not is_worth_joining(request, START + timedelta(minutes=29, seconds=30))


def test_names_are_stable() -> None:
    meeting_id = meeting_id_for(URL, START)
    assert meeting_id == meeting_id_for(URL, START.astimezone())
    assert meeting_id.startswith("20261201-1000Z-")
    assert meeting_id_from_workflow_id(workflow_id_for(meeting_id)) == meeting_id
    assert meeting_id_from_workflow_id("my-own-name") == "my-own-name"
    assert dispatch_key(URL, START, 0) != dispatch_key(URL, START, 1)
    assert not set(dispatch_key(URL, START, 0)) & set(":,")
    assert 0 <= jitter_fraction("meeting-x") < 1


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b", "a b", "", "ünï", "." * 9, "x" * 999, "CON:1", "a\nb", "inbox", "\ud800"]
)
def test_any_workflow_id_gives_a_safe_folder(name: str) -> None:
    folder = folder_for(name)
    assert folder
    assert not folder.startswith((".", "-"))
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-~")
    assert len(folder) <= 120
    assert folder_for(name + "x") != folder
    assert folder_for("20261201-1000Z-abc") == "20261201-1000Z-abc"


def test_tokens_belong_to_one_workflow_and_survive_a_rotation() -> None:
    url = bot_webhook_url("https://bridge.example/", "new", "meetingbaas", "team a/1", 2)
    ours = token_for("meetingbaas", "team a/1", 2, "new")
    assert url == f"https://bridge.example/webhooks/meetingbaas/team%20a%2F1/2/{ours}"
    token = token_for("meetingbaas", "w", 1, "old")
    assert token_matches(token, "meetingbaas", "w", 1, ["new", "old"])
    assert not token_matches(token, "meetingbaas", "w", 1, ["new"])
    assert not token_matches(token, "meetingbaas", "w", 1, [])
    assert not token_matches(token, "meetingbaas", "other", 1, ["old"])
    assert not token_matches(token, "meetingbaas", "w", 11, ["old"])
    assert not token_matches(token, "another", "w", 1, ["old"])
    for strange in ("ü", "\ud800", ""):
        assert not token_matches(strange, "meetingbaas", "w", 1, ["old"])
    for public_url in ("https://bridge.example/X", "https://bridge.example/X/", "https://bridge.example/X//"):
        url = bot_webhook_url(public_url, "new", "meetingbaas", "w", 0)
        assert url.startswith("https://bridge.example/X/webhooks/")
