"""JSON schema of what commands print with `--json`. `python -m starter.schema` prints docs/cli.schema.json."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from minutekeeper.calendars.messages import CalendarView, OverrideChange
from minutekeeper.meetings.views import MeetingView
from starter import json_models
from starter.calendars.connect import ConnectResult
from starter.calendars.credential_rotation import CredentialRotation
from starter.calendars.events import DecidedEvent
from starter.calendars.explain import EventExplanation
from starter.calendars.preview import PolicyPreview
from starter.calendars.summaries import CalendarSummary
from starter.endpoint_models import (
    EndpointDeliveries,
    EndpointDelivery,
    EndpointView,
    EndpointWithSecret,
    ReplayedDeliveries,
)
from starter.meeting_lookup import FoundMeeting
from starter.meeting_models import MeetingSummary
from starter.transcript_search import TranscriptMatches

PATH = Path(__file__).parent.parent / "docs" / "cli.schema.json"

OUTPUTS: dict[str, Any] = {
    "schedule": json_models.ScheduleOutput,
    "list": list[MeetingSummary],
    "show": json_models.ShowOutput,
    "why": json_models.WhyOutput,
    "watch": json_models.WatchOutput,
    "reschedule": json_models.RescheduleOutput,
    "cancel": list[json_models.ChangeResult],
    "leave": MeetingView,
    "send": MeetingView,
    "collect": list[json_models.ChangeResult],
    "find": list[FoundMeeting],
    "open": json_models.OpenOutput,
    "page-link": json_models.PageLinkOutput,
    "key new": json_models.NewKeyOutput,
    "key list": list[json_models.KeyOutput],
    "key revoke": list[json_models.KeyOutput],
    "records rebuild": json_models.RebuiltRecords,
    "index": json_models.IndexOutput,
    "search": TranscriptMatches,
    "webhook add": EndpointWithSecret,
    "webhook list": list[EndpointView],
    "webhook show": EndpointView,
    "webhook show --secret": EndpointWithSecret,
    "webhook update": EndpointView,
    "webhook enable": EndpointView,
    "webhook disable": EndpointView,
    "webhook rotate": EndpointWithSecret,
    "webhook remove": EndpointView,
    "webhook test": EndpointDelivery,
    "webhook deliveries": EndpointDeliveries,
    "webhook deliveries EVENT": EndpointDelivery,
    "webhook replay EVENT": EndpointDelivery,
    "webhook replay": ReplayedDeliveries,
    "setup": json_models.SetupOutput,
    "doctor": json_models.DoctorOutput,
    "calendar connect": ConnectResult,
    "calendar list": list[CalendarSummary],
    "calendar events": list[DecidedEvent],
    "calendar explain": EventExplanation,
    "calendar plan": PolicyPreview,
    "calendar override": OverrideChange,
    "calendar resync CALENDAR": CalendarView,
    "calendar disconnect": CalendarSummary,
    "calendar update-credentials": CredentialRotation,
    "query status": MeetingView,
    "error": json_models.ErrorOutput,
}
"""By command, with the `status` query of a meeting and the errors of all commands."""


def schema() -> dict[str, Any]:
    """One definition for each command, and the definitions that they share."""
    commands = {}
    shared: dict[str, Any] = {}
    for name, output in OUTPUTS.items():
        definition = TypeAdapter(output).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        shared |= definition.pop("$defs", {})
        commands[name] = definition
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What minutekeeper prints with --json",
        "description": "Times are ISO 8601 in UTC, with Z; what is not known or does not exist is null.",
        "properties": _as_printed(commands),
        "$defs": _as_printed(shared),
    }


def _as_printed(part: Any) -> Any:
    """Every text may be null, and no other key is printed."""
    if isinstance(part, list):
        return [_as_printed(each) for each in part]
    if not isinstance(part, dict):
        return part
    printed = {name: _as_printed(each) for name, each in part.items()}
    if printed.get("type") == "string" and not {"enum", "const", "format"} & printed.keys():
        printed["type"] = ["string", "null"]
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        printed["additionalProperties"] = False
    return printed


def schema_text() -> str:
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
