"""Webhooks of Recall.ai beyond the samples: reordered, doubled, foreign, broken."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import BotWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.recall.bot_marks import BotMarks
from minutekeeper.providers.recall.webhooks import parse_delivery
from tests.providers.recall.support import SECRET, START, open_provider, signed

NOW = START + timedelta(hours=1)
MARKS = BotMarks(key="k", dispatch=2, workflow_id="meeting-x", run="r", sent_at=START)


def body(
    event: str, sub_code: str | None = None, *, at: datetime = START, metadata: Any = None, **data: Any
) -> bytes:
    code = event.partition(".")[2]
    inner = {"code": code, "sub_code": sub_code, "updated_at": at.isoformat()} | data
    return json.dumps(
        {"event": event, "data": {"data": inner, "bot": {"id": "b-1", "metadata": metadata or {}}}}
    ).encode()


def parsed(text: bytes, delivery: str = "msg_1", **known: Any) -> BotWebhook:
    notice = parse_delivery(text, NOW, delivery, signing_secrets=[SECRET], **known)
    assert isinstance(notice, BotWebhook)
    return notice


def test_our_own_metadata_leads_to_the_meeting() -> None:
    notice = parsed(body("bot.joining_call", metadata=MARKS.to_wire([SECRET])))
    assert (notice.workflow_id, notice.event.dispatch, notice.keep_body) == ("meeting-x", 2, False)


@pytest.mark.parametrize("metadata", [MARKS.to_wire(["another"]), {"mk_key": "k", "mk_workflow_id": "w"}, 7, [1]])
def test_others_metadata_leads_nowhere(metadata: Any) -> None:
    notice = parsed(body("bot.joining_call", metadata=metadata))
    assert (notice.workflow_id, notice.event.dispatch) == ("", None)


@pytest.mark.parametrize(
    ("event", "sub_code", "kind", "reason"),
    [
        ("bot.call_ended", "bot_kicked_from_call", BotEventKind.STATUS, FailureReason.REMOVED),
        ("bot.call_ended", "a_riddle", BotEventKind.STATUS, None),
        ("bot.fatal", "a_riddle", BotEventKind.FAILED, FailureReason.PROVIDER_ERROR),
        ("bot.fatal", None, BotEventKind.FAILED, FailureReason.PROVIDER_ERROR),
        ("bot.fatal", "zoom_obf_user_not_in_meeting", BotEventKind.FAILED, FailureReason.NEEDS_AUTHORISATION),
        ("bot.done", None, BotEventKind.SETTLED, None),
    ],
)
def test_ends(event: str, sub_code: str | None, kind: BotEventKind, reason: FailureReason | None) -> None:
    told = parsed(body(event, sub_code)).event
    assert (told.kind, told.reason) == (kind, reason)


@pytest.mark.parametrize("event", ["bot.breakout_room_left", "bot.hovering"])
def test_a_code_of_tomorrow_changes_nothing(event: str) -> None:
    told = parsed(body(event)).event
    assert (told.kind, told.status, told.code) == (BotEventKind.STATUS, None, event.removeprefix("bot."))


@pytest.mark.parametrize(
    "event", ["bot.ready", "bot.media_expired", "recording.done", "video_mixed.done", "sdk_upload.x", "x"]
)
def test_what_says_nothing_of_a_bot_is_ignored(event: str) -> None:
    assert isinstance(parse_delivery(body(event), NOW, "msg_1"), IgnoredWebhook)


@pytest.mark.parametrize("event", ["calendar.update", "calendar.sync_events", "bot.done", "transcript.done"])
def test_what_names_nothing_is_ignored(event: str) -> None:
    assert isinstance(parse_delivery(json.dumps({"event": event}).encode(), NOW, "msg_1"), IgnoredWebhook)


def test_a_time_to_come_is_not_believed() -> None:
    assert parsed(body("bot.joining_call", at=NOW + timedelta(days=1))).event.occurred_at == NOW


@pytest.mark.parametrize(
    "data",
    [
        {"bot_id": "b-1", "status": {"code": "in_call_recording", "created_at": START.isoformat()}},
        {"bot": {"id": "b-1"}, "status": {"code": "in_call_recording", "created_at": START.isoformat()}},
        {"bot": {"id": "b-1"}, "data": {"code": "in_call_recording", "updated_at": START.isoformat()}},
        {"bot": None, "bot_id": "b-1", "data": {"code": "in_call_recording", "created_at": START.isoformat()}},
    ],
)
@pytest.mark.parametrize("name", ["bot.status_change", "bot.in_call_recording"])
def test_forms_of_both_versions_are_read_whatever_the_name_is(name: str, data: Any) -> None:
    told = parsed(json.dumps({"event": name, "data": data}).encode()).event
    assert (told.bot_id, told.status, told.occurred_at) == ("b-1", MeetingStatus.RECORDING, START)


def test_repeats_are_known_by_their_header() -> None:
    recall = open_provider("http://127.0.0.1:1")
    text = body("bot.joining_call")
    first, repeat, other = (
        recall.parse_webhook(signed(text, delivery=delivery), text, NOW) for delivery in ("m-1", "m-1", "m-2")
    )
    assert isinstance(first, BotWebhook)
    assert isinstance(repeat, BotWebhook)
    assert isinstance(other, BotWebhook)
    assert first.delivery == repeat.delivery == "m-1"
    assert other.delivery == "m-2"


def test_without_a_header_a_repeat_is_the_same_to_the_letter() -> None:
    first, other = parsed(body("bot.joining_call"), ""), parsed(body("bot.joining_call", at=NOW), "")
    assert first.delivery == parsed(body("bot.joining_call"), "").delivery != other.delivery


def test_texts_hold_no_secrets() -> None:
    text = body("bot.fatal", message="the key is s3cr3t-s3cr3t", sub_code="x s3cr3t-s3cr3t")
    told = parsed(text, secrets=["s3cr3t-s3cr3t"]).event
    assert "s3cr3t" not in f"{told}"
    ignored = parse_delivery(body("x.s3cr3t-s3cr3t"), NOW, "m", secrets=["s3cr3t-s3cr3t"])
    assert "s3cr3t" not in str(ignored)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_what_is_no_object_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedWebhookError):
        parse_delivery(text, NOW, "msg_1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_DONE = json.loads(body("bot.done", metadata=MARKS.to_wire([SECRET])))


def _places(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = (
        [place for key, item in value.items() for place in _places(item, (*path, key))]
        if isinstance(value, dict)
        else []
    )
    return [path, *inner] if path else inner


@given(
    st.sampled_from(
        ["bot.done", "bot.status_change", "transcript.failed", "calendar.update", "recording.done", ""]
    ),
    st.sampled_from(_places(_DONE)),
    json_values,
)
def test_whatever_stands_somewhere_nothing_is_raised(event: str, place: tuple[str, ...], value: Any) -> None:
    document = json.loads(json.dumps(_DONE | {"event": event}))
    inner = document
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    notice = parse_delivery(json.dumps(document).encode(), NOW, "msg_1", signing_secrets=[SECRET])
    assert notice == parse_delivery(json.dumps(document).encode(), NOW, "msg_1", signing_secrets=[SECRET])


@given(st.binary(max_size=200))
def test_garbage_is_malformed_or_ignored(text: bytes) -> None:
    try:
        notice = parse_delivery(text, NOW, "")
    except MalformedWebhookError:
        return
    assert isinstance(notice, IgnoredWebhook)


LIFE = [
    body("bot.joining_call", at=START),
    body("bot.in_waiting_room", at=START + timedelta(seconds=10)),
    body("bot.in_call_not_recording", at=START + timedelta(seconds=20)),
    body("bot.in_call_recording", at=START + timedelta(seconds=20, milliseconds=6)),
    body("bot.call_ended", "call_ended_by_host", at=START + timedelta(minutes=30)),
    body("bot.done", at=START + timedelta(minutes=31)),
    body("transcript.done", at=START + timedelta(minutes=33)),
]


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(LIFE), max_size=4))
def test_every_order_and_any_repeats_come_to_the_same(order: random.Random, repeats: list[bytes]) -> None:
    deliveries = LIFE + repeats
    order.shuffle(deliveries)
    state = BotState(bot_id="b-1", dispatch=0, sent_at=START, join_at=START)
    for text in deliveries:
        state = apply_bot_event(state, parsed(text).event)
    assert (state.status, state.settled_at) == (MeetingStatus.ENDED, START + timedelta(minutes=31))
    assert (state.recording_seen, state.transcript_finished, state.final) == (True, True, None)
    assert [event.code for event in state.events if event.kind is BotEventKind.STATUS] == [
        "joining_call",
        "in_waiting_room",
        "in_call_not_recording",
        "in_call_recording",
        "call_ended",
    ]


def test_times_are_read_in_both_spellings() -> None:
    for written in ("2026-12-01T10:00:00Z", "2026-12-01T10:00:00.000000+00:00", "2026-12-01T11:00:00+01:00"):
        text = body("bot.joining_call", updated_at=written)
        assert parsed(text).event.occurred_at == datetime(2026, 12, 1, 10, tzinfo=UTC)
