"""What endpoints are sent: one golden body for each type of event, and what may not be in it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.deliveries.delivery import delivery_of
from minutekeeper.deliveries.endpoint import DEFAULT_TYPES, DeliveryFormat, OutgoingEventType
from minutekeeper.deliveries.events import (
    MAX_BODY_BYTES,
    CalendarFacts,
    OutgoingEvent,
    calendar_event,
    endpoint_test_event,
    event_id_for,
    is_wanted,
    meeting_event,
)
from minutekeeper.deliveries.retry_schedule import MAX_ATTEMPTS, PAUSES, pause_before_next
from minutekeeper.meetings.fields import MAX_METADATA
from minutekeeper.meetings.reasons import what_to_do
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from tests.deliveries.examples import API_URL, NOON, a_file, an_endpoint, an_event

GOLDEN = Path(__file__).parent / "golden"


def event_of(kind: OutgoingEventType) -> OutgoingEvent:
    """An event of each type, as its place in the product makes it."""
    if kind is OutgoingEventType.WEBHOOK_TEST:
        return endpoint_test_event("ep_1", 7, NOON, API_URL)
    if kind.value.startswith("calendar."):
        is_trouble = kind is OutgoingEventType.CALENDAR_TROUBLE
        facts = CalendarFacts(
            calendar_id="cal-1",
            workflow_id="calendar-cal-1",
            problem="user_grant" if is_trouble else None,
            what_to_do="reconnect needed" if is_trouble else None,
        )
        return calendar_event(kind, facts, 1_796_126_400_000, NOON, API_URL)
    status = kind.value.removeprefix("meeting.")
    if kind in DEFAULT_TYPES:
        fields: dict[str, Any] = {}
        if kind is OutgoingEventType.MEETING_FAILED:
            fields = {"reason": FailureReason.NOT_ACCEPTED, "files": (), "duration_seconds": 0}
        return an_event(status=MeetingStatus(status), **fields)
    facts_of = an_event().meeting
    assert facts_of is not None
    early = facts_of.model_copy(update={"status": MeetingStatus.SCHEDULED, "closed_at": None, "files": ()})
    return meeting_event(kind, early, "run-of-standup", 1, NOON, API_URL)


@pytest.mark.parametrize("kind", list(OutgoingEventType), ids=lambda kind: kind.value)
def test_every_type_has_the_body_that_receivers_were_promised(kind: OutgoingEventType) -> None:
    event = event_of(kind)
    told = json.loads(event.body_for(an_endpoint()))
    golden = json.loads((GOLDEN / f"{kind.value}.json").read_text())
    assert {"webhook-id": event.event_id, "body": told} == golden


def test_an_event_is_thin() -> None:
    event = an_event(meeting_url="https://meet.google.com/abc-defg-hij")
    assert "meet.google.com/" not in event.body_for(an_endpoint())
    asked = json.loads(event.body_for(an_endpoint(include=("meeting_url",))))
    assert asked["data"]["meeting"]["meeting_url"] == "https://meet.google.com/abc-defg-hij"


def test_a_body_has_less_than_20_kb_whatever_the_meeting_holds() -> None:
    files = tuple(a_file(f"screenshots/{number:04}.png") for number in range(500))
    metadata = {f"{number:02}{'k' * 38}": "語" * 200 for number in range(MAX_METADATA)}
    event = an_event(files=files, metadata=metadata, title="題" * 500)
    body = event.body_for(an_endpoint())
    assert len(body.encode()) < MAX_BODY_BYTES
    assert json.loads(body)["data"]["meeting"]["metadata"] == metadata
    some = an_event(files=files).body_for(an_endpoint())
    assert len(json.loads(some)["data"]["meeting"]["files"]) > 50


def test_slack_gets_one_sentence() -> None:
    endpoint = an_endpoint(form=DeliveryFormat.SLACK)
    event = event_of(OutgoingEventType.MEETING_FAILED)
    assert json.loads(delivery_of(event, endpoint).body) == {
        "text": "Stand-up (2026-12-01 10:00 UTC) failed: a participant refused to admit the bot."
    }


def test_an_id_is_that_of_one_event_of_one_run() -> None:
    kind = OutgoingEventType.MEETING_COMPLETED
    ids = {
        event_id_for(workflow, run, each, sequence)
        for workflow in ("a", "b")
        for run in ("1", "2")
        for each in (kind, OutgoingEventType.MEETING_FAILED)
        for sequence in (1, 2)
    }
    assert len(ids) == 16
    assert an_event().event_id == an_event().event_id


def test_an_endpoint_is_told_what_it_wants_and_can_always_be_tried() -> None:
    endpoint = an_endpoint(types=(OutgoingEventType.MEETING_FAILED,))
    wanted = {kind for kind in OutgoingEventType if is_wanted(endpoint, kind)}
    assert wanted == {OutgoingEventType.MEETING_FAILED, OutgoingEventType.WEBHOOK_TEST}


def test_every_reason_says_what_to_do() -> None:
    assert all(what_to_do(reason) for reason in FailureReason)
    assert what_to_do(None) == ""


def test_the_tries_are_those_of_the_standard_a_tenth_more_or_less() -> None:
    assert (MAX_ATTEMPTS, sum(PAUSES, timedelta())) == (10, timedelta(hours=75, minutes=35, seconds=5))
    for number, pause in enumerate(PAUSES, start=1):
        found = {pause_before_next(f"delivery-{each}", number) for each in range(50)}
        assert min(found) >= pause * 0.9
        assert max(found) <= pause * 1.1
        assert len(found) > 40
        assert pause_before_next("delivery-1", number) == pause_before_next("delivery-1", number)


def test_a_longer_pause_is_given_if_it_is_asked_for_up_to_a_day() -> None:
    assert pause_before_next("d", 1, 60.0) == timedelta(minutes=1)
    assert pause_before_next("d", 1, 1.0) > timedelta(seconds=4)
    assert pause_before_next("d", 1, 1e9) == timedelta(hours=24)
