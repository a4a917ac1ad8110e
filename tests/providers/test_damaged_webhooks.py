"""Webhooks that somebody spoilt: whatever comes, it is understood, ignored or refused with a word."""

import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.base import BotWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.meetingbaas.webhooks import WebhookEnvelope, parse_webhook, read_facts
from tests.providers.webhook_bodies import NOW, OUR_EXTRA, SECRETS, final, status

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800") | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


full_bodies = [
    status("in_call_recording", created_at="2026-03-01T10:00:00Z", start_time=1772359200000, error_message="x"),
    final("complete", mp4="https://s3/x", transcript=[{"speaker": "Ann"}], extra=OUR_EXTRA, event_uuid="e"),
    final("failed", error="InternalError", message="x", extra=json.dumps(OUR_EXTRA), reason="x"),
    {"event": "calendar.sync_events", "data": {"calendar_id": "c", "last_updated_ts": "2026-03-01T10:00:00Z"}},
]


@st.composite
def damaged_bodies(draw: st.DrawFn) -> Any:
    """A real body with some of its values, at any depth, replaced by anything."""
    document = copy.deepcopy(draw(st.sampled_from(full_bodies)))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = document
        while True:
            key = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[key], dict) or not place[key] or draw(st.booleans()):
                break
            place = place[key]
        place[key] = draw(json_values)
    return document


def check_harmless(body: bytes) -> None:
    """Whatever it is, it is understood, ignored or refused, and what is understood can be stored as it is."""
    try:
        parsed = parse_webhook(body, NOW)
    except MalformedWebhookError:
        return
    if isinstance(parsed, BotWebhook):
        assert parsed.event.bot_id
        parsed.event.model_dump_json()
        assert len(parsed.event.code) <= 500
        assert len(parsed.delivery) < 1000
    if not isinstance(parsed, IgnoredWebhook):
        parsed.delivery.encode()


@given(damaged_bodies())
def test_damaged_bodies_are_harmless(document: Any) -> None:
    check_harmless(json.dumps(document).encode())


@given(damaged_bodies(), st.sampled_from(["", "\ufeff"]))
def test_a_large_body_means_what_a_small_one_does(document: Any, mark: str) -> None:
    """Whole or scanned, with null for what is no number in JSON."""
    finite = json.loads(json.dumps(document), parse_constant=lambda _: None)
    small = (mark + json.dumps(finite)).encode()
    large = (mark + " " * 70_000 + json.dumps(finite)).encode()
    whole, scanned = read_facts(small), read_facts(large)
    assert bool(whole.data.transcript) is bool(scanned.data.transcript)
    assert _less_transcript(whole) == _less_transcript(scanned)


def test_a_long_transcript_is_only_known_to_be_there() -> None:
    spoken = {"speaker": "Ann", "words": [{"word": "half a smile: \ud83d", "start": 1, "end": 2}] * 5000}
    body = final("complete", mp4="https://s3/x", transcript=[spoken], extra=OUR_EXTRA)
    parsed = parse_webhook(json.dumps(body).encode(), NOW, (), SECRETS)
    assert isinstance(parsed, BotWebhook)
    assert (parsed.event.has_recording, parsed.event.has_transcript, parsed.workflow_id) == (
        True,
        True,
        "meeting-x",
    )
    nobody_spoke = final("complete", mp4="https://s3/x", transcript=[], padding="x" * 70_000)
    parsed = parse_webhook(json.dumps(nobody_spoke).encode(), NOW)
    assert isinstance(parsed, BotWebhook)
    assert (parsed.event.has_recording, parsed.event.has_transcript) == (True, False)


def _less_transcript(delivery: WebhookEnvelope) -> WebhookEnvelope:
    return dataclasses.replace(delivery, data=delivery.data.model_copy(update={"transcript": []}))


@given(json_values)
def test_any_json_is_harmless(document: Any) -> None:
    check_harmless(json.dumps(document).encode())
    check_harmless(json.dumps({"event": "complete", "data": document}).encode())


@given(st.binary())
def test_any_bytes_are_harmless(body: bytes) -> None:
    check_harmless(body)


@pytest.mark.parametrize("field", ["extra", "error", "transcript", "mp4", "status", "unknown"])
def test_any_depth_is_harmless(field: str) -> None:
    # Where exactly the interpreter gives up depends on its version and on who calls; so every depth around it.
    for depth in (*range(400, 520), 10_000):
        nested = '{"a":[' * depth + "1" + "]}" * depth
        for value in (nested, json.dumps(nested)):
            check_harmless(f'{{"event": "failed", "data": {{"bot_id": 1, "{field}": {value}}}}}'.encode())
