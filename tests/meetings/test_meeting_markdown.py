"""A meeting as it is shown beside its workflow, line by line."""

from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.meetings.descriptions import meeting_markdown
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import ClaimingCalendar, Evidence, MeetingView, StoredFile, TimelineEntry

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOOKED = TimelineEntry(at=NOON - HOUR, event="booked", text="Booked for noon.")


def view(**fields: Any) -> MeetingView:
    nothing: dict[str, object] = {
        **dict.fromkeys(("trouble", "held_change", "bot_id", "provider", "title", "shared_with"), ""),
        **dict.fromkeys(("reason", "evidence", "end_time", "next_deadline", "bot_goes_at", "waiting_since")),
        "artifacts": (),
        "calendars": (),
        "metadata": {},
        "timeline": (),
        "dispatches": 0,
    }
    known = {
        "meeting_id": "m",
        "workflow_id": "meeting-m",
        "status": MeetingStatus.SCHEDULED,
        "start_time": NOON,
        "meeting_url": "https://zoom.us/j/12345678901",
        "platform": "zoom",
        "transcript": TranscriptState.PENDING,
        "webhooks": WebhookState.NOT_EXPECTED,
    }
    return MeetingView.model_validate(nothing | known | fields)


def test_a_meeting_that_waits() -> None:
    assert meeting_markdown(view(timeline=(BOOKED,))).splitlines() == [
        "## https://zoom.us/j/12345678901",
        "",
        "- **Status:** scheduled",
        "- **When:** 2026-12-01 12:00:00Z",
        "- **Where:** zoom, https://zoom.us/j/12345678901",
        "- **Transcript:** pending",
        "",
        "| when | what | in words |",
        "| --- | --- | --- |",
        "| 2026-12-01 11:00:00Z | booked | Booked for noon. |",
    ]


def test_a_meeting_that_has_everything() -> None:
    shown = view(
        status=MeetingStatus.FAILED,
        reason=FailureReason.REMOVED,
        evidence=Evidence(event="failed", at=NOON + HOUR, text="by *anna*"),
        title="Weekly #1",
        end_time=NOON + HOUR,
        bot_id="b1",
        trouble="the disk is full",
        webhooks=WebhookState.SILENT,
        next_deadline=NOON + 2 * HOUR,
        transcript=TranscriptState.READY,
        artifacts=(StoredFile(path="m/recording.mp4", size=1_200_000),),
        calendars=(ClaimingCalendar(calendar_id="c_1", event_id="e1"),),
    )
    assert meeting_markdown(shown).splitlines() == [
        "## FAILED (removed): Weekly \\#1",
        "",
        "- **Status:** failed (removed)",
        "- **When:** 2026-12-01 12:00:00Z to 2026-12-01 13:00:00Z",
        "- **Where:** zoom, https://zoom.us/j/12345678901",
        "- **Wanted by:** calendar `c\\_1`, event `e1`",
        "- **Bot:** `b1`",
        "- **Because:** failed at 2026-12-01 13:00:00Z: by \\*anna\\*",
        "- **Trouble:** the disk is full",
        "- **Webhooks:** the bot does not report, so the provider is asked about it",
        "- **Asks the provider itself at:** 2026-12-01 14:00:00Z",
        "- **Transcript:** ready",
        "- **File:** `m/recording.mp4` (1.2 MB)",
        "",
        "| when | what | in words |",
        "| --- | --- | --- |",
    ]


def test_an_event_without_words_is_named_alone_and_a_bot_that_reports_is_not_mentioned() -> None:
    evidence = Evidence(event="complete", at=NOON, text="")
    lines = meeting_markdown(view(evidence=evidence, webhooks=WebhookState.HEARD)).splitlines()
    assert "- **Because:** complete at 2026-12-01 12:00:00Z" in lines
    assert not [line for line in lines if "Webhooks" in line]


def test_nothing_from_outside_is_taken_for_markdown() -> None:
    lines = meeting_markdown(view(title="\\`*_[]<>|#\n")).splitlines()
    assert lines[0] == "## " + "".join(f"\\{character}" for character in "\\`*_[]<>|#")
