"""Damaged webhooks of Meeting BaaS v2: whatever comes is understood, ignored or refused with a word."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.base import BotWebhook, CalendarWebhook, MalformedWebhookError
from minutekeeper.providers.meetingbaas_v2.webhooks import read_webhook
from tests.providers.meetingbaas_v2.bodies import NOW, completed, failed, status_change

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800") | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)

full_bodies: list[Any] = [
    status_change("in_call_recording", start_time=1772359200, error_message="x"),
    completed(event_id="e"),
    failed("OOM_KILLED"),
    {
        "event": "calendar.event_updated",
        "data": {"calendar_id": "c", "affected_instances": {"first": {"event_id": "e-1"}}},
    },
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


def check_harmless(body: bytes, delivery_id: str = "") -> None:
    """Whatever it is, it is understood, ignored or refused, and what is understood can be stored as it is."""
    try:
        notice = read_webhook(body, NOW, delivery_id=delivery_id)
    except MalformedWebhookError:
        return
    if isinstance(notice, BotWebhook):
        assert notice.event.bot_id
        notice.event.model_dump_json()
        assert len(notice.event.code) <= 500
    if isinstance(notice, BotWebhook | CalendarWebhook):
        assert 0 < len(notice.delivery.encode()) < 1500
    if isinstance(notice, CalendarWebhook):
        assert notice.calendar_id
        assert all(name.isprintable() for name in notice.event_ids)


@given(damaged_bodies(), st.sampled_from(["", "msg_1", "m" * 10_000]))
def test_damaged_bodies_are_harmless(document: Any, delivery_id: str) -> None:
    check_harmless(json.dumps(document).encode(), delivery_id)


@given(json_values)
def test_any_json_is_harmless(document: Any) -> None:
    check_harmless(json.dumps(document).encode())
    for event in ("bot.completed", "bot.failed", "bot.status_change", "calendar.event_created"):
        check_harmless(json.dumps({"event": event, "data": document}).encode())
        check_harmless(json.dumps({"event": event, "data": {"bot_id": "b", "extra": document}}).encode())


@given(st.binary())
def test_any_bytes_are_harmless(body: bytes) -> None:
    check_harmless(body)


@pytest.mark.parametrize("field", ["extra", "error_code", "transcription", "video", "status", "instances"])
def test_any_depth_is_harmless(field: str) -> None:
    for depth in (*range(400, 520), 10_000):
        nested = '{"a":[' * depth + "1" + "]}" * depth
        for value in (nested, json.dumps(nested)):
            for event in ("bot.failed", "calendar.event_updated"):
                names = '"bot_id": 1, "calendar_id": 2'
                check_harmless(f'{{"event": "{event}", "data": {{{names}, "{field}": {value}}}}}'.encode())
