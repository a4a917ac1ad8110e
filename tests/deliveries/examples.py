"""Endpoints, events and deliveries for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.deliveries.delivery import DeliveryAttempt, DeliveryEnd, DeliveryRecord
from minutekeeper.deliveries.endpoint import OutgoingEventType, WebhookEndpoint
from minutekeeper.deliveries.events import OutgoingEvent, end_event
from minutekeeper.meetings.record import RecordedFile
from tests.records import a_record

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
API_URL = "https://minutekeeper.example.com"


def an_endpoint(**fields: Any) -> WebhookEndpoint:
    usual = {"endpoint_id": "ep_1", "url": "https://hooks.example.com/in", "created_at": NOON - timedelta(days=9)}
    return WebhookEndpoint.model_validate(usual | fields)


def a_file(name: str = "recording.mp4") -> RecordedFile:
    return RecordedFile(name=name, content_type="video/mp4", size=4096, sha256="ab" * 32)


def an_event(meeting_id: str = "standup", **fields: Any) -> OutgoingEvent:
    """The end of a meeting."""
    usual: dict[str, Any] = {
        "title": "Stand-up",
        "metadata": {"deal": "42"},
        "files": (a_file(),),
        "duration_seconds": 3000,
    }
    return end_event(a_record(meeting_id, **(usual | fields)), API_URL)


def a_delivery_record(event_id: str = "evt_1", **fields: Any) -> DeliveryRecord:
    usual: dict[str, Any] = {
        "endpoint_id": "ep_1",
        "event_id": event_id,
        "type": OutgoingEventType.MEETING_COMPLETED,
        "timestamp": NOON,
        "workflow_id": "meeting-standup",
        "outcome": DeliveryEnd.DELIVERED,
        "ended_at": NOON + timedelta(seconds=1),
        "attempts": (DeliveryAttempt(at=NOON, status_code=200, milliseconds=12),),
        "body": "{}",
    }
    return DeliveryRecord.model_validate(usual | fields)
