"""Meetings as tables, for people. Text from outside is never taken as markup."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from meetings import story
from meetings.outcome import InterestedCalendar, KeptFile, MeetingView
from meetings.status import MeetingStatus
from meetings.timeline import TimelineEntry
from starter import words
from starter.layout import Facts, Table
from starter.output import plain
from starter.summaries import MeetingSummary
from starter.times import for_people
from starter.waiting import Waiting

_STYLES = {
    MeetingStatus.RECORDING: "bold red",
    MeetingStatus.COMPLETED: "green",
    MeetingStatus.FAILED: "red",
    MeetingStatus.CANCELLED: "dim",
    MeetingStatus.SCHEDULED: "blue",
}
_UNDER_WAY = "yellow"


def meetings(summaries: Sequence[MeetingSummary]) -> Table:
    table = Table("ID", "Status", "Start", "Meeting")
    for each in summaries:
        start = for_people(each.start_time) if each.start_time else "unknown"
        name = plain(each.title) or each.meeting_url
        if each.trouble:
            name = f"{name}\nDoes not run: {plain(each.trouble)}"
        table.add_row(Text(plain(each.meeting_id)), status(each.status), start, Text(name))
    return table


def meeting(view: MeetingView, now: datetime, waiting: Sequence[Waiting] = ()) -> RenderableType:
    facts = Facts()
    for name, value in _facts(view, now):
        facts.add(name, value)
    for trouble in words.troubles(view, waiting):
        facts.add_row(Text("Trouble", style="bold red"), plain(trouble))
    if not view.timeline:
        return facts
    return Group(facts, Text(), timeline(view.timeline))


def timeline(entries: Sequence[TimelineEntry]) -> Table:
    table = Table()
    for each in entries:
        table.add_row(*timeline_cells(each))
    return table


def timeline_cells(entry: TimelineEntry) -> tuple[Text, Text, Text]:
    return (
        Text(plain(story.clock(entry.at)), style="dim"),
        Text(plain(entry.event), style="cyan"),
        Text(plain(entry.text)),
    )


def _facts(view: MeetingView, now: datetime) -> list[tuple[str, Text]]:
    state = status(view.status)
    if view.reason:
        state = Text.assemble(state, f" ({view.reason.value}): {words.REASON[view.reason]}")
    facts: list[tuple[str, Text]] = [
        ("Meeting", Text(plain(view.title) or view.meeting_url)),
        ("Status", state),
        ("Start", Text(f"{for_people(view.start_time)}{_distance(view, now)}")),
    ]
    if view.end_time:
        facts.append(("End", Text(for_people(view.end_time))))
    if view.title:
        facts.append(("Link", Text(view.meeting_url)))
    if view.bot_id:
        facts.append(("Bot", Text(plain(view.bot_id))))
    if view.bot_goes_at:
        facts.append(("Bot goes", Text(f"{for_people(view.bot_goes_at)}{_ahead(view)}")))
    facts += [("Calendar", Text(plain(_interest(each)))) for each in view.calendars]
    facts.append(("Transcript", Text(view.transcript.value)))
    facts += [("File", Text(_file(each))) for each in view.artifacts]
    if view.evidence:
        said = f": {view.evidence.text}" if view.evidence.text else ""
        facts.append(("Because", Text(plain(f"{view.evidence.event} at {story.clock(view.evidence.at)}{said}"))))
    if view.next_deadline:
        facts.append(("Next look", Text(plain(story.clock(view.next_deadline)))))
    facts += [("ID", Text(plain(view.meeting_id))), ("Workflow", Text(plain(view.workflow_id)))]
    return facts


def _distance(view: MeetingView, now: datetime) -> str:
    if view.status.is_final or view.start_time <= now:
        return ""
    return f", in {story.span(view.start_time - now)}"


def _ahead(view: MeetingView) -> str:
    return f", {story.span(view.start_time - view.bot_goes_at)} before the start" if view.bot_goes_at else ""


def _interest(calendar: InterestedCalendar) -> str:
    return f"{calendar.calendar_id}, event {calendar.event_id}"


def _file(file: KeptFile) -> str:
    return f"{plain(file.path)} ({file.size:,} bytes)"


def status(status: MeetingStatus) -> Text:
    return Text(status.value, style=_STYLES.get(status, _UNDER_WAY))
