"""The JSON schema of what commands print with `--json`: `python -m starter.schema` writes docs/cli.schema.json."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from meetings.calendars.keeping import CalendarView, OverrideChange
from meetings.outcome import MeetingView
from starter import shapes
from starter.calendars.connecting import ConnectedNow
from starter.calendars.dry_run import DryRun
from starter.calendars.events import DecidedEvent
from starter.calendars.explaining import Explanation
from starter.calendars.repairing import Repair
from starter.calendars.summaries import CalendarSummary
from starter.linking import LinkedMeeting
from starter.summaries import MeetingSummary

PATH = Path(__file__).parent.parent / "docs" / "cli.schema.json"

SHAPES: dict[str, Any] = {
    "schedule": shapes.Booked,
    "list": list[MeetingSummary],
    "show": shapes.Shown,
    "why": shapes.Explained,
    "watch": shapes.Watched,
    "reschedule": shapes.Moved,
    "cancel": MeetingView,
    "leave": MeetingView,
    "find": list[LinkedMeeting],
    "setup": shapes.SetUp,
    "doctor": shapes.Examined,
    "calendar connect": ConnectedNow,
    "calendar list": list[CalendarSummary],
    "calendar events": list[DecidedEvent],
    "calendar explain": Explanation,
    "calendar plan": DryRun,
    "calendar override": OverrideChange,
    "calendar resync CALENDAR": CalendarView,
    "calendar disconnect": CalendarSummary,
    "calendar update-credentials": Repair,
    "query status": MeetingView,
    "error": shapes.Problem,
}
"""By command; the `status` query of a meeting and the errors of all commands are beside them."""


def schema() -> dict[str, Any]:
    """One definition for each command, and those that they share."""
    commands = {}
    shared: dict[str, Any] = {}
    for name, shape in SHAPES.items():
        made = TypeAdapter(shape).json_schema(mode="serialization", ref_template="#/$defs/{model}")
        shared |= made.pop("$defs", {})
        commands[name] = made
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What minutekeeper prints with --json",
        "description": "Times are ISO 8601 in UTC, with Z; what is not known, or does not exist, is null.",
        "properties": _as_printed(commands),
        "$defs": _as_printed(shared),
    }


def _as_printed(part: Any) -> Any:
    """Every text may be absent, and no key is printed that is not named."""
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


def written() -> str:
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
