"""What is sent to the calendar half of the API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meetings.calendars.connection import CalendarPlatform
from providers.calendars import CalendarCredentials, EventFilter, Recording, RecordingChange
from providers.meetingbaas.requests import SpeechToText

_PLATFORMS = {CalendarPlatform.GOOGLE: "Google", CalendarPlatform.MICROSOFT: "Microsoft"}

_NAMES: Mapping[str, str] = {
    "name": "bot_name",
    "image": "bot_image",
    "entry_message": "enter_message",
    "transcript": "speech_to_text",
}
"""Ours and the API's, where they differ. Timeouts lie flat, unlike those of a bot that is sent by itself."""


def credentials_to_wire(credentials: CalendarCredentials) -> dict[str, str]:
    return {
        "platform": _PLATFORMS[credentials.platform],
        "oauth_client_id": credentials.client_id,
        "oauth_client_secret": credentials.client_secret.get_secret_value(),
        "oauth_refresh_token": credentials.refresh_token.get_secret_value(),
    }


def filter_to_wire(filters: EventFilter) -> dict[str, str]:
    values = {
        "status": filters.status.value,
        "start_date_gte": _instant(filters.starts_from),
        "start_date_lte": _instant(filters.starts_until),
        "updated_at_gte": _instant(filters.updated_since),
        "attendee_email": filters.attendee_email,
        "organizer_email": filters.organizer_email,
    }
    return {name: value for name, value in values.items() if value}


def recording_to_wire(recording: Recording, transcriber: SpeechToText) -> dict[str, Any]:
    return _to_wire(recording.model_dump(mode="json", exclude_none=True), transcriber)


def change_to_wire(change: RecordingChange, transcriber: SpeechToText) -> dict[str, Any]:
    """Only what was set; what is to be taken away is null."""
    return _to_wire(change.model_dump(mode="json", exclude_unset=True), transcriber)


def _to_wire(fields: dict[str, Any], transcriber: SpeechToText) -> dict[str, Any]:
    if "transcript" in fields:
        fields["transcript"] = transcriber.model_dump(exclude_none=True) if fields["transcript"] else None
    return {_NAMES.get(name, name): value for name, value in fields.items()}


def _instant(instant: datetime | None) -> str:
    """With microseconds: a bound that is a little too early would give the same events again."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else ""
