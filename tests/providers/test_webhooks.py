"""Webhooks of every year."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind, EventSource
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.bot_metadata import BotMetadata, event_extra
from minutekeeper.providers.meetingbaas.webhooks import parse_webhook
from tests.providers.webhook_bodies import BOT, NOW, OUR_EXTRA, SECRETS, final, notice, parse, status

LATER = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
CREATED_AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def test_a_status_change() -> None:
    parsed = notice(status("in_waiting_room", created_at="2026-03-01T10:00:00.000Z"))
    event = parsed.event
    assert (event.kind, event.bot_id, event.code) == (BotEventKind.STATUS, BOT, "in_waiting_room")
    assert (event.occurred_at, event.source, event.text) == (CREATED_AT, EventSource.WEBHOOK, "")
    assert event.dispatch is None
    assert not parsed.keep_body
    assert parsed.delivery == f"bot.status_change|{BOT}|in_waiting_room|2026-03-01T10:00:00+00:00"


@pytest.mark.parametrize(
    "created_at",
    [
        "2026-03-01T10:00:00+00:00",
        "2026-03-01T10:00:00.000000000Z",
        "2026-03-01T10:00:00",
        1772359200,
        1772359200000,
        {"secs_since_epoch": 1772359200, "nanos_since_epoch": 0},
    ],
)
def test_a_status_is_the_same_in_any_notation_of_its_time(created_at: Any) -> None:
    parsed = notice(status(created_at=created_at))
    assert parsed.event.occurred_at == CREATED_AT
    assert parsed.delivery == notice(status(created_at="2026-03-01T10:00:00Z")).delivery


def test_a_status_without_time_happened_now_and_is_known_by_its_body() -> None:
    first, again = notice(status()), notice(status(), LATER)
    assert (first.event.occurred_at, again.event.occurred_at) == (NOW, LATER)
    assert first.delivery == again.delivery
    assert first.delivery != notice(status(error_message="x")).delivery


def test_texts_of_a_status_are_evidence_without_urls() -> None:
    parsed = notice(
        status(
            "meeting_error", error_type="JoinError", error_message="no https://h/p?pw=secret for us", reason="why"
        )
    )
    assert parsed.event.text == "JoinError: no https://h/… for us: why"


@pytest.mark.parametrize(
    ("code", "meaning", "reason"),
    [
        ("in_waiting_for_host", MeetingStatus.WAITING_ROOM, None),
        ("recording_resumed", MeetingStatus.RECORDING, None),
        ("call_ended", MeetingStatus.ENDED, None),
        ("bot_rejected", MeetingStatus.ENDED, FailureReason.NOT_ACCEPTED),
        ("transcribing", None, None),
        ("NoAttendees", None, None),
    ],
)
def test_status_codes_are_translated(
    code: str, meaning: MeetingStatus | None, reason: FailureReason | None
) -> None:
    event = notice(status(code)).event
    assert (event.status, event.reason, event.code) == (meaning, reason, code)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("BotNotAccepted", FailureReason.NOT_ACCEPTED),
        ("internal_error : out of memory", FailureReason.PROVIDER_ERROR),
        ("BrowserCrashed", FailureReason.UNKNOWN),
        ("", FailureReason.UNKNOWN),
    ],
)
def test_error_names_are_translated(error: str, reason: FailureReason) -> None:
    event = notice({"event": "failed", "data": {"bot_id": BOT, "error": error}}).event
    assert (event.reason, event.code, event.status) == (reason, error, None)


def test_unknown_status_codes_are_kept() -> None:
    assert notice(status("transcribing")).event.code == "transcribing"
    assert notice(status("completed")).event.kind is BotEventKind.STATUS


def test_a_status_without_code_is_ignored() -> None:
    assert isinstance(parse(status(None)), IgnoredWebhook)
    assert isinstance(parse({"event": "bot.status_change", "data": {"bot_id": BOT}}), IgnoredWebhook)


def test_a_status_may_be_a_bare_code() -> None:
    assert (
        notice({"event": "bot.status_change", "data": {"bot_id": 1, "status": "call_ended"}}).event.code
        == "call_ended"
    )


@pytest.mark.parametrize(("raw", "bot_id"), [(42, "42"), ("42", "42"), (BOT, BOT)])
def test_bot_ids_are_opaque_texts(raw: Any, bot_id: str) -> None:
    assert notice({"event": "failed", "data": {"bot_id": raw}}).event.bot_id == bot_id


@pytest.mark.parametrize(
    "data",
    [
        {"transcript": [{"speaker": "Ann", "words": []}], "speakers": ["Ann"], "mp4": "https://s3/x.mp4"},
        {
            "event": "complete",
            "event_uuid": None,
            "audio": "",
            "extra": None,
            "mp4": "https://s3/x.mp4",
            "transcript": [{"speaker": "Ann", "offset": 0.5, "start_time": 0.5, "end_time": 1, "words": []}],
        },
    ],
)
def test_complete_of_several_years(data: dict[str, Any]) -> None:
    parsed = notice(final("complete", **data))
    assert parsed.event.kind is BotEventKind.COMPLETE
    assert parsed.event.occurred_at == NOW
    assert parsed.event.has_recording
    assert parsed.event.has_transcript
    assert parsed.keep_body
    assert parsed.event.body == ""


@pytest.mark.parametrize(
    ("data", "has_recording", "has_transcript"),
    [
        ({}, False, False),
        ({"mp4": "", "audio": None, "transcript": []}, False, False),
        ({"mp4": None, "transcript": None}, False, False),
        ({"mp4": 7, "transcript": {"a": 1}}, False, False),
        ({"mp4": "", "audio": "https://s3/x.wav"}, True, False),
        ({"transcript": [{"speaker": "Ann"}]}, False, True),
    ],
)
def test_complete_with_little_in_it(data: dict[str, Any], *, has_recording: bool, has_transcript: bool) -> None:
    event = notice(final("complete", **data)).event
    assert (event.has_recording, event.has_transcript) == (has_recording, has_transcript)


def test_a_final_event_may_say_why() -> None:
    assert (
        notice(final("complete", reason="bot_removed", end_reason="no_speaker")).event.text
        == "bot_removed: no_speaker"
    )


def test_the_event_may_be_named_inside() -> None:
    assert notice({"data": {"event": "complete", "bot_id": BOT}}).event.kind is BotEventKind.COMPLETE


def test_failed() -> None:
    parsed = notice(final("failed", error="BotNotAccepted", message="nobody let it in"))
    assert parsed.event.kind is BotEventKind.FAILED
    assert (parsed.event.code, parsed.event.text) == ("BotNotAccepted", "nobody let it in")
    assert parsed.keep_body


def test_transcription_complete() -> None:
    parsed = notice(final("transcription_complete"))
    assert parsed.event.kind is BotEventKind.TRANSCRIPTION_COMPLETE
    assert not parsed.keep_body


def test_an_identical_repeat_is_known_and_a_fresh_url_is_not() -> None:
    old = notice(final("complete", mp4="https://s3/x?X-Amz-Signature=1"))
    repeat = notice(final("complete", mp4="https://s3/x?X-Amz-Signature=1"), LATER)
    fresh = notice(final("complete", mp4="https://s3/x?X-Amz-Signature=2"))
    assert old.delivery == repeat.delivery
    assert old.delivery != fresh.delivery
    assert old.delivery.startswith(f"complete|{BOT}|")
    assert "s3" not in old.delivery


@pytest.mark.parametrize("extra", [OUR_EXTRA, json.dumps(OUR_EXTRA), OUR_EXTRA | {"dispatch": 1, "more": {}}])
def test_our_extra_leads_back_to_us(extra: Any) -> None:
    bodies = [status(), *(final(event) for event in ("failed", "complete", "transcription_complete"))]
    for body in bodies:
        body["data"] |= {"extra": extra, "event_uuid": "e-1"}
        parsed = notice(body)
        assert (parsed.workflow_id, parsed.event.dispatch, parsed.event_id) == ("meeting-x", 1, "e-1")


@pytest.mark.parametrize(
    "extra",
    [
        None,
        "",
        "x",
        "{",
        "[1]",
        7,
        [],
        {},
        {"workflow_id": "theirs", "dispatch": "1"},
        {"dispatch_key": 5, "dispatch": 1},
        {name: text for name, text in OUR_EXTRA.items() if name != "signature"},
        OUR_EXTRA | {"workflow_id": "meeting-y"},
        OUR_EXTRA | {"dispatch_key": "mk-abc-2"},
        OUR_EXTRA | {"run": ""},
        OUR_EXTRA | {"signature": OUR_EXTRA["signature"][:-1]},
        OUR_EXTRA | {"signature": "ü\ud800"},
        event_extra(SECRETS) | {"workflow_id": "meeting-y"},
        BotMetadata(dispatch_key="mk-abc-1", dispatch=1, workflow_id="meeting-x").to_wire(["another secret"]),
    ],
)
def test_extra_of_others_means_nothing(extra: Any) -> None:
    parsed = notice(final("failed", extra=extra))
    assert (parsed.workflow_id, parsed.event.dispatch, parsed.event_id) == ("", None, "")


@pytest.mark.parametrize("dispatch", ["", "one", "-1", "9" * 400, "²", None, {}, 1.5, True])
def test_a_dispatch_that_is_no_number_makes_the_extra_anothers(dispatch: Any) -> None:
    parsed = notice(final("failed", extra=OUR_EXTRA | {"dispatch": dispatch}))
    assert (parsed.workflow_id, parsed.event.dispatch) == ("", None)


@pytest.mark.parametrize(
    "data",
    [
        {"calendar_id": "c-1", "last_updated_ts": "2026-03-01T10:00:00Z", "affected_event_uuids": []},
        {"calendar_id": "c-1", "last_updated_ts": "2026-03-01T10:00:00Z", "affected_event_uuids": ["e", {}]},
        {"calendar_uuid": "c-1", "last_updated_at": "2026-03-01T10:00:00.000+00:00"},
        {"uuid": "c-1", "last_updated_ts": 1772359200, "affected_event_uuids": None},
    ],
)
def test_a_calendar_sync(data: dict[str, Any]) -> None:
    assert parse({"event": "calendar.sync_events", "data": data}) == CalendarWebhook(
        calendar_id="c-1", delivery="calendar.sync_events|c-1|2026-03-01T10:00:00+00:00"
    )


def test_a_calendar_sync_names_the_events_that_changed_unless_they_are_too_many() -> None:
    def notice_of(*event_ids: str) -> CalendarWebhook:
        data = {"calendar_id": "c-1", "last_updated_ts": "2026-03-01T10:00:00Z", "affected_event_uuids": event_ids}
        parsed = parse({"event": "calendar.sync_events", "data": data})
        assert isinstance(parsed, CalendarWebhook)
        return parsed

    assert notice_of("a", "b", "a").event_ids == ("a", "b")
    many = notice_of(*(f"e-{number}" for number in range(1000)))
    assert (many.event_ids, many.everything) == ((), True)
    assert notice_of("a").delivery == notice_of("a").delivery
    assert notice_of("a").delivery != notice_of("b").delivery, "two changes of the same second are not one"


def test_calendar_syncs_without_a_time_never_pass_for_repeats() -> None:
    def delivery(at: datetime = NOW, **data: Any) -> str:
        parsed = parse({"event": "calendar.sync_events", "data": {"calendar_id": "c-1", **data}}, at)
        assert isinstance(parsed, CalendarWebhook)
        return parsed.delivery

    assert delivery() != delivery(LATER), "another change may look just the same"
    assert delivery() != delivery(affected_event_uuids=["e"])
    assert delivery(affected_event_uuids=["e"]) != delivery(LATER, affected_event_uuids=["e"])
    assert delivery(last_updated_ts="v7") == delivery(LATER, last_updated_ts="v7")
    assert delivery(last_updated_ts="v7") != delivery(last_updated_ts="v8")


@pytest.mark.parametrize(
    "event",
    [
        "meeting.started",
        "calendar.synced",
        "event.deleted",
        "bot.completed",
        "bot.failed",
        "bot.chat_message",
        "x" * 9000,
    ],
)
@pytest.mark.parametrize("rest", [{"data": {"bot_id": BOT}}, {"data": {}}, {}, {"payload": 1}])
def test_other_events_are_ignored(event: str, rest: dict[str, Any]) -> None:
    parsed = parse({"event": event, **rest})
    assert isinstance(parsed, IgnoredWebhook)
    assert event[:100] in parsed.detail
    assert len(parsed.detail) < 600


PADDING = b" " * 70_000
"""Makes a body one of those that are not read whole."""


@pytest.mark.parametrize("padding", [b"", PADDING])
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff\xfe", b"{", b"not JSON", b"[]", b"[{}]", b'"complete"', b"7", b"null", b"{} {}", b"{'a': 1}"),
        *(b'{"event": "\xff", "data": {}}', b'{"other": "\xff"}', b"[" * 20_000, b"[" * 200_000, b'{"event": tru}'),
    ],
)
def test_what_is_no_json_object_is_malformed(body: bytes, padding: bytes) -> None:
    with pytest.raises(MalformedWebhookError, match=r"JSON"):
        parse_webhook(padding + body, NOW)


@pytest.mark.parametrize("padding", [b"", PADDING])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{}", "no event"),
        (b'{"data": {"bot_id": "b"}}', "no event"),
        (b'{"type": "meeting.started", "data": {"botId": "b"}}', "no event"),
        (b'{"event": 7, "data": {}}', "no event"),
        (b'{"event": null}', "no event"),
        (b'{"event": {"name": "complete"}, "data": {"bot_id": "b"}}', "no event"),
        (b'{"event": " "}', "no event"),
        (b'{"event": "meeting.started", "data": 7}', "'meeting.started' is unknown"),
        (b'{"event": "complete"}', "no data object"),
        (b'{"event": "complete", "data": null}', "no data object"),
        (b'{"event": "complete", "data": []}', "no data object"),
        (b'{"event": "complete", "data": "bot_id"}', "no data object"),
        (b'{"event": "complete", "data": {}}', "names no bot"),
        (b'{"event": "failed", "data": {"bot_id": null}}', "names no bot"),
        (b'{"event": "failed", "data": {"bot_id": true}}', "names no bot"),
        (b'{"event": "failed", "data": {"bot_id": "a\\u0000b"}}', "names no bot"),
        (b'{"event": "failed", "data": {"bot_id": {"id": "b"}}}', "names no bot"),
        (b'{"event": "bot.status_change", "data": {"status": {"code": "call_ended"}}}', "names no bot"),
        (b'{"event": "bot.status_change", "data": {"bot_id": "b"}}', "without a code"),
        (b'{"event": "bot.status_change", "data": {"bot_id": "b", "status": 7}}', "without a code"),
        (b'{"event": "transcription_complete", "data": {"bot_id": ""}}', "names no bot"),
        (b'{"event": "calendar.sync_events", "data": {}}', "names no calendar"),
        (b'{"event": "complete", "data": {"x": ' + b"[" * 5000 + b"]" * 5000 + b"}}", "nests too deeply"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "nests too deeply"),
    ],
)
def test_an_object_that_means_nothing_is_ignored(body: bytes, why: str, padding: bytes) -> None:
    """Because its sender could do no better by sending it again."""
    ignored = parse_webhook(padding + body, NOW)
    assert isinstance(ignored, IgnoredWebhook)
    assert why in ignored.detail


@pytest.mark.parametrize("padding", [b"", PADDING])
def test_a_number_beyond_all_numbers_costs_no_more_than_its_field(padding: bytes) -> None:
    body = padding + b'{"event": "complete", "data": {"bot_id": ' + b"9" * 10_000 + b', "mp4": "https://s3/x"}}'
    assert isinstance(parse_webhook(body, NOW), IgnoredWebhook)


def test_no_text_keeps_a_secret_not_even_a_piece_of_one() -> None:
    secrets = ("account-key-1234", "speech/key")
    said = f"{'x' * 490} account-key-1234, speech/key and speech%2Fkey"
    for body in (
        final("failed", error=said, message=said, reason={"deep": [said]}),
        status(said, error_message=said, error_type=[said]),
    ):
        parsed = parse_webhook(json.dumps(body).encode(), NOW, secrets)
        assert isinstance(parsed, BotWebhook)
        shown = parsed.event.model_dump_json() + parsed.delivery
        assert not any(piece in shown for piece in ("account", "speech"))
    ignored = parse_webhook(json.dumps({"event": said[480:]}).encode(), NOW, secrets)
    assert isinstance(ignored, IgnoredWebhook)
    assert "***, *** and ***" in ignored.detail


@pytest.mark.parametrize("ahead", ["2026-03-01T12:59:00Z", "2026-03-01T13:01:00Z", "2099-01-01T00:00:00Z"])
def test_a_status_of_a_time_to_come_counts_as_of_now(ahead: str) -> None:
    told = notice(status(created_at=ahead))
    expected = datetime.fromisoformat(ahead) if ahead < "2026-03-01T13" else NOW
    assert told.event.occurred_at == expected
    assert ahead[:19] in told.delivery


@pytest.mark.parametrize(
    ("error", "code"), [(None, ""), (False, ""), ({}, ""), ([], ""), (7, "7"), ({"a": "ö"}, '{"a": "ö"}')]
)
def test_an_error_may_be_of_any_type(error: Any, code: str) -> None:
    assert notice(final("failed", error=error)).event.code == code
