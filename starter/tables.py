"""Tables of meetings for people. Text from outside is never interpreted as markup."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.reasons import REASON
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import ClaimingCalendar, MeetingView, StoredFile, TimelineEntry
from minutekeeper.transcripts.formats import clock_position
from starter import messages
from starter.layout import Facts, Table
from starter.meeting_lookup import FoundMeeting
from starter.meeting_models import KnownFrom, MeetingSummary, PendingActivity
from starter.output import amount, sanitize
from starter.times import format_local
from starter.transcript_search import MeetingHits

_STYLES = {
    MeetingStatus.RECORDING: "bold red",
    MeetingStatus.COMPLETED: "green",
    MeetingStatus.FAILED: "red",
    MeetingStatus.CANCELLED: "dim",
    MeetingStatus.SCHEDULED: "blue",
}
_ACTIVE_STYLE = "yellow"


def meetings(summaries: Sequence[MeetingSummary]) -> Table:
    table = Table("ID", "Status", "Start", "Meeting")
    for each in summaries:
        start = format_local(each.start_time) if each.start_time else "none"
        table.add_row(Text(sanitize(each.meeting_id)), status_text(each.status), start, Text(_description(each)))
    return table


def meeting(
    view: MeetingView, now: datetime, pending: Sequence[PendingActivity], known_from: KnownFrom
) -> RenderableType:
    facts = facts_table(_facts(view, now))
    for sentence in messages.origin(known_from):
        facts.add("From", Text(sentence))
    for key, value in view.metadata.items():
        facts.add("Metadata", Text(sanitize(f"{key}={value}")))
    for trouble in messages.troubles(view, pending):
        facts.add_row(Text("Trouble", style="bold red"), sanitize(trouble))
    if not view.timeline:
        return facts
    return Group(facts, Text(), timeline(view.timeline))


def found_meeting(found: FoundMeeting) -> Facts:
    rows: list[tuple[str, Text]] = [
        ("Meeting", Text(sanitize(found.title) or found.meeting_url)),
        ("Status", status_text(found.status)),
        ("Start", Text(format_local(found.start_time))),
        ("ID", Text(sanitize(found.meeting_id))),
    ]
    if found.bot_id:
        rows.append(("Bot", Text(sanitize(found.bot_id))))
    for each in found.calendars:
        rows.append(("Event", Text(sanitize(each.event_id))))
        rows.append(("Calendar", Text(sanitize(f"{each.calendar_id} {each.user}"))))
    return facts_table(rows)


def timeline(entries: Sequence[TimelineEntry]) -> Table:
    table = Table()
    for each in entries:
        table.add_row(*timeline_cells(each))
    return table


def timeline_cells(entry: TimelineEntry) -> tuple[Text, Text, Text]:
    return (
        Text(sanitize(descriptions.format_utc(entry.at)), style="dim"),
        Text(sanitize(entry.event), style="cyan"),
        Text(sanitize(entry.text)),
    )


def status_text(status: MeetingStatus) -> Text:
    return Text(status.value, style=_STYLES.get(status, _ACTIVE_STYLE))


def facts_table(facts: Iterable[tuple[str, Text]]) -> Facts:
    table = Facts()
    for name, value in facts:
        table.add(name, value)
    return table


def _description(summary: MeetingSummary) -> str:
    name = sanitize(summary.title) or summary.meeting_url
    if not name and summary.start_time is None:
        name = f"The request cannot be read; its workflow was started {format_local(summary.booked_at)}."
    return f"{name}\nNot being executed: {sanitize(summary.trouble)}" if summary.trouble else name


def _facts(view: MeetingView, now: datetime) -> list[tuple[str, Text]]:
    state = status_text(view.status)
    if view.reason:
        state = Text.assemble(state, f" ({view.reason.value}): {REASON[view.reason]}")
    facts: list[tuple[str, Text]] = [
        ("Meeting", Text(sanitize(view.title) or view.meeting_url)),
        ("Status", state),
        ("Start", Text(f"{format_local(view.start_time)}{_time_left(view, now)}")),
    ]
    if view.held_change:
        facts.append(("Not moved", Text(sanitize(view.held_change))))
    if view.end_time:
        facts.append(("End", Text(format_local(view.end_time))))
    if view.title:
        facts.append(("Link", Text(view.meeting_url)))
    if view.bot_id:
        shared = f" (shared with {view.shared_with})" if view.shared_with else ""
        facts.append(("Bot", Text(sanitize(f"{view.bot_id}{shared}"))))
    if view.provider:
        facts.append(("Provider", Text(sanitize(view.provider))))
    if view.bot_goes_at:
        facts.append(("Bot sent", Text(f"{format_local(view.bot_goes_at)}{_lead(view)}")))
    facts += [("Calendar", Text(sanitize(_calendar(each)))) for each in view.calendars]
    facts.append(("Transcript", Text(view.transcript.value)))
    facts += [("File", Text(_file(each))) for each in view.artifacts]
    if view.evidence:
        quote = f": {view.evidence.text}" if view.evidence.text else ""
        event = f"{view.evidence.event} at {descriptions.format_utc(view.evidence.at)}{quote}"
        facts.append(("Last event", Text(sanitize(event))))
    if view.next_deadline:
        facts.append(("Next check", Text(sanitize(descriptions.format_utc(view.next_deadline)))))
    facts += [("ID", Text(sanitize(view.meeting_id))), ("Workflow", Text(sanitize(view.workflow_id)))]
    return facts


def _time_left(view: MeetingView, now: datetime) -> str:
    if view.status.is_final or view.start_time <= now:
        return ""
    return f", in {descriptions.format_duration(view.start_time - now)}"


def _lead(view: MeetingView) -> str:
    return (
        f", {descriptions.format_duration(view.start_time - view.bot_goes_at)} before the start"
        if view.bot_goes_at
        else ""
    )


def _calendar(calendar: ClaimingCalendar) -> str:
    return f"{calendar.calendar_id}, event {calendar.event_id}"


def _file(file: StoredFile) -> str:
    return f"{sanitize(file.path)} ({file.size:,} bytes)"


def meeting_hits(meeting: MeetingHits) -> Group:
    """A meeting in whose transcript words were found, and what was said there."""
    more = meeting.hits > len(meeting.found)
    heading = Text.assemble(
        (sanitize(meeting.title) or "Meeting", "bold"),
        f"  {format_local(meeting.start_time)}  {sanitize(meeting.meeting_id)}",
        f"  {amount(meeting.hits, 'hit')}" if more else "",
    )
    table = Table()
    for hit in meeting.found:
        said = Text.assemble(
            *((_printable(part.text), "bold yellow" if part.is_match else "") for part in hit.snippet)
        )
        table.add_row(Text(clock_position(int(hit.start)), style="dim"), sanitize(hit.speaker), said)
    return Group(heading, table)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
