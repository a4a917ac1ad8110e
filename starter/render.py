"""Meetings as tables, for people. Text from outside is never taken as markup."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from meetings import story
from meetings.outcome import InterestedCalendar, KeptFile, MeetingView
from meetings.status import MeetingStatus
from meetings.timeline import TimelineEntry
from starter import words
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
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("ID", no_wrap=True, overflow="fold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Start", no_wrap=True)
    table.add_column("Meeting", overflow="fold")
    for each in summaries:
        start = for_people(each.start_time) if each.start_time else "unknown"
        name = plain(each.title) or each.meeting_url
        table.add_row(Text(plain(each.meeting_id)), status(each.status), start, Text(name))
    return table


def meeting(view: MeetingView, now: datetime, waiting: Sequence[Waiting] = ()) -> RenderableType:
    facts = grid()
    for name, value in _facts(view, now):
        facts.add_row(Text(name, style="bold"), value)
    for each in waiting:
        facts.add_row(Text("Trouble", style="bold red"), Text(plain(words.waiting(each))))
    if not view.timeline:
        return facts
    return Group(facts, Text(), timeline(view.timeline))


def timeline(entries: Sequence[TimelineEntry]) -> Table:
    table = grid()
    for each in entries:
        table.add_row(*timeline_cells(each))
    return table


def timeline_cells(entry: TimelineEntry) -> tuple[Text, Text, Text]:
    return (
        Text(story.clock(entry.at), style="dim"),
        Text(plain(entry.event), style="cyan"),
        Text(plain(entry.text)),
    )


def _facts(view: MeetingView, now: datetime) -> list[tuple[str, RenderableType]]:
    state = status(view.status)
    if view.reason:
        state = Text.assemble(state, f" ({view.reason.value}): {words.REASON[view.reason]}")
    facts: list[tuple[str, RenderableType]] = [
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
    facts += [("Calendar", Text(plain(_interest(each)))) for each in view.calendars]
    facts.append(("Transcript", Text(view.transcript.value)))
    facts += [("File", Text(_file(each))) for each in view.artifacts]
    if view.evidence:
        said = f": {plain(view.evidence.text)}" if view.evidence.text else ""
        facts.append(("Because", Text(f"{plain(view.evidence.event)} at {story.clock(view.evidence.at)}{said}")))
    if view.next_deadline:
        facts.append(("Next look", Text(story.clock(view.next_deadline))))
    facts += [("ID", Text(plain(view.meeting_id))), ("Workflow", Text(plain(view.workflow_id)))]
    return facts


def _distance(view: MeetingView, now: datetime) -> str:
    if view.status.is_final or view.start_time <= now:
        return ""
    return f", in {story.span(view.start_time - now)}"


def _interest(calendar: InterestedCalendar) -> str:
    return f"{calendar.calendar_id}, event {calendar.event_id}"


def _file(file: KeptFile) -> str:
    return f"{plain(file.path)} ({file.size:,} bytes)"


def status(status: MeetingStatus) -> Text:
    return Text(status.value, style=_STYLES.get(status, _UNDER_WAY))


def grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
