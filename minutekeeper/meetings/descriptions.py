"""A meeting told in plain words: for the timeline, for Temporal's UI, for `why`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource, has_unknown_status
from minutekeeper.meetings.ids import meeting_id_from_workflow_id
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import MeetingView
from minutekeeper.text import one_line, truncate_utf8

_SUMMARY_BYTES = 300
"""Servers take 400 bytes, envelope included."""
_KILO = 1000

_STATUSES = {
    MeetingStatus.JOINING: "The bot is joining the call.",
    MeetingStatus.WAITING_ROOM: "The bot waits to be let in.",
    MeetingStatus.IN_CALL: "The bot is in the call, not recording yet.",
    MeetingStatus.RECORDING: "The bot is recording.",
    MeetingStatus.PAUSED: "The recording was paused.",
}
_ENDS = {
    FailureReason.NOT_ACCEPTED: "The bot was refused entry.",
    FailureReason.NEEDS_AUTHORISATION: "The meeting admits only bots that a participant has authorised.",
    FailureReason.REMOVED: "The bot was removed from the call.",
    FailureReason.WAITING_TIMEOUT: "The bot was not let in, so it left the waiting room.",
    FailureReason.INVALID_MEETING_URL: "The provider says that the meeting link is not valid.",
    FailureReason.PROVIDER_ERROR: "The bot met an error.",
    FailureReason.STOPPED: "The bot left because it was told to.",
}


_TRANSCRIPTS = {
    TranscriptState.READY: "The transcript is in the store.",
    TranscriptState.EMPTY: "The transcript is empty: nobody spoke.",
    TranscriptState.FAILED: "The provider could not make a transcript.",
}


def event_name(event: BotEvent) -> str:
    return event.code or "status" if event.kind is BotEventKind.STATUS else event.kind.value


def describe_event(event: BotEvent) -> str:
    """One sentence about an event of a bot, with the provider's own words where it gave some."""
    match event.kind:
        case BotEventKind.STATUS:
            sentence = _status_sentence(event)
        case BotEventKind.COMPLETE if event.has_recording:
            sentence = "The provider has finished: there is a recording."
        case BotEventKind.COMPLETE:
            sentence = "The provider has finished, without a recording."
        case BotEventKind.FAILED if has_unknown_status(event):
            sentence = f"The provider says that the bot failed, in words that mean nothing to us yet: {event.code}."
        case BotEventKind.FAILED:
            sentence = f"The provider says that the bot failed: {event.code or 'no reason given'}."
        case BotEventKind.TRANSCRIPTION_COMPLETE:
            sentence = "The provider has finished a transcript."
        case BotEventKind.TRANSCRIPTION_FAILED:
            sentence = "The provider could not make a transcript."
        case BotEventKind.SETTLED:
            sentence = "The bot has ended; the provider is asked what came of it."
    said = f" ({event.text})" if event.text else ""
    asked = " (found by asking)" if event.source is EventSource.API else ""
    return f"{sentence}{said}{asked}"


def _status_sentence(event: BotEvent) -> str:
    if event.status is None:
        return f"The provider reports {event.code!r}, which means nothing to us yet."
    if event.reason in _ENDS:
        return _ENDS[event.reason]
    return _STATUSES.get(event.status, "The bot left the call.")


def collected_notes(paths: Iterable[str], transcript: TranscriptState) -> list[tuple[str, str]]:
    """What the timeline says of files that were stored: events with their sentences."""
    recordings = [path for path in paths if "/recording." in path]
    notes = [("recording_stored", f"The recording is in the store: {path}.") for path in recordings]
    if transcript in _TRANSCRIPTS:
        notes.append((f"transcript_{transcript.value}", _TRANSCRIPTS[transcript]))
    return notes


def format_utc(instant: datetime) -> str:
    """An instant as people read it in logs and timelines, in UTC."""
    return instant.strftime("%Y-%m-%d %H:%M:%SZ")


def format_duration(duration: timedelta) -> str:
    """A duration in the largest two units: `4 min`, `1 h 30 min`, `45 s`."""
    seconds = round(abs(duration.total_seconds()))
    hours, minutes, rest = seconds // 3600, seconds % 3600 // 60, seconds % 60
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"


def sleep_summary(call_at: datetime, start_time: datetime) -> str:
    """What a sleeping meeting waits for, on its timer in Temporal's UI."""
    lead = start_time - call_at
    where = f"{format_duration(lead)} before the start" if lead > timedelta() else "at once"
    return f"until {call_at.strftime('%H:%M:%SZ')}, {where}"


def first_timeline_entry(request: MeetingRequest) -> tuple[str, str]:
    """How a meeting came to be kept: a word and a sentence for its timeline."""
    if request.follows:
        return "adopted", f"The provider sent bot {request.follows.bot_id} by itself; it is followed from here on."
    return "booked", f"Booked for {format_utc(request.start_time)}."


def title_line(request: MeetingRequest) -> str:
    """One line that names a meeting."""
    return f"{request.title or request.public_url}, {format_utc(request.start_time)}"


def summary(request: MeetingRequest) -> str:
    """The same, as short as the summary of a workflow has to be."""
    return truncate_utf8(one_line(title_line(request)), _SUMMARY_BYTES)


def describe_booking(request: MeetingRequest, workflow_id: str) -> str:
    """What was asked for, in Markdown: Temporal's UI shows it even where no worker answers."""
    wanted = [name for name, is_wanted in request.wanted if is_wanted]
    return "\n".join(
        [
            f"- **Booked for:** {format_utc(request.start_time)}",
            f"- **Where:** {request.platform}, {request.meeting_url}",
            f"- **Wanted:** {' and '.join(wanted) or 'nothing'} ({request.bot.recording_mode.value})",
            f"- **Look at it:** `minutekeeper show {_plain(meeting_id_from_workflow_id(workflow_id))}`",
        ]
    )


def format_size(count: int) -> str:
    """A number of bytes as people read it: `412 bytes`, `1.2 MB`."""
    if count < _KILO:
        return f"{count} bytes"
    scaled, unit = count / _KILO, "kB"
    for larger in ("MB", "GB"):
        if scaled < _KILO:
            break
        scaled, unit = scaled / _KILO, larger
    return f"{scaled:.1f} {unit}"


def meeting_markdown(view: MeetingView) -> str:
    """The whole meeting in Markdown, for the details pane of Temporal's UI."""
    reason = f" ({view.reason.value})" if view.reason else ""
    verdict = f"{view.status.value.upper()}{reason}: " if view.status.is_final else ""
    lines = [
        f"## {_plain(f'{verdict}{view.title or view.meeting_url}')}",
        "",
        f"- **Status:** {view.status.value}{reason}",
        f"- **When:** {format_utc(view.start_time)}"
        + (f" to {format_utc(view.end_time)}" if view.end_time else ""),
        f"- **Where:** {view.platform}, {view.meeting_url}",
    ]
    lines += [
        f"- **Wanted by:** calendar `{_plain(each.calendar_id)}`, event `{_plain(each.event_id)}`"
        for each in view.calendars
    ]
    if view.bot_id:
        lines.append(f"- **Bot:** `{view.bot_id}`")
    if view.evidence:
        words = f": {_plain(view.evidence.text)}" if view.evidence.text else ""
        lines.append(f"- **Because:** {view.evidence.event} at {format_utc(view.evidence.at)}{words}")
    if view.trouble:
        lines.append(f"- **Trouble:** {_plain(view.trouble)}")
    if view.webhooks is WebhookState.SILENT:
        lines.append("- **Webhooks:** the bot does not report, so the provider is asked about it")
    if view.next_deadline:
        lines.append(f"- **Asks the provider itself at:** {format_utc(view.next_deadline)}")
    lines.append(f"- **Transcript:** {view.transcript.value}")
    lines += [f"- **File:** `{artifact.path}` ({format_size(artifact.size)})" for artifact in view.artifacts]
    lines += ["", "| when | what | in words |", "| --- | --- | --- |"]
    lines += [
        f"| {format_utc(entry.at)} | {_plain(entry.event)} | {_plain(entry.text)} |" for entry in view.timeline
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text from outside, so that it cannot break the table or pose as Markdown."""
    flat = one_line(text)
    for character in "\\`*_[]<>|#":
        flat = flat.replace(character, f"\\{character}")
    return flat


def recording_since(view: MeetingView) -> datetime | None:
    """When the last stretch of recording began, as the timeline tells; None if it does not."""
    began = _STATUSES[MeetingStatus.RECORDING]
    return next((each.at for each in reversed(view.timeline) if each.text.startswith(began)), None)
