"""Calendars, events, explanations and plans as tables, for people. Text from outside is never taken as markup."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.text import Text

from meetings.calendars.load import BotLoad, PeakLoad
from meetings.calendars.planning import ChangeKind, PlannedChange
from providers.calendars import RawCalendar
from starter.calendars.client import CalendarDetails
from starter.calendars.dry_run import DryRun
from starter.calendars.events import DecidedEvent, MeetingOfEvent
from starter.calendars.explaining import EventFacts, Explanation
from starter.calendars.summaries import CalendarState, CalendarSummary
from starter.layout import Facts, Table
from starter.output import amount, plain
from starter.render import status
from starter.times import for_people

_STYLES = {
    CalendarState.ACTIVE: "green",
    CalendarState.SYNCING: "blue",
    CalendarState.ERROR: "bold red",
    CalendarState.DISCONNECTED: "dim",
}
_STEPS = {
    ChangeKind.BOOK: ("book", "green"),
    ChangeKind.MOVE: ("move", "yellow"),
    ChangeKind.UPDATE: ("update", "yellow"),
    ChangeKind.RELEASE: ("cancel", "red"),
}


def raws(calendars: Iterable[RawCalendar]) -> Table:
    table = Table("ID", "Name", "Primary")
    for each in calendars:
        table.add_row(
            Text(plain(each.raw_id)), Text(plain(each.name or each.email)), "yes" if each.is_primary else ""
        )
    return table


def summaries(calendars: Iterable[CalendarSummary]) -> Table:
    table = Table("ID", "State", "Whose", "Next look", "Trouble")
    for each in calendars:
        next_look = for_people(each.next_look_at) if each.next_look_at else ""
        table.add_row(
            Text(plain(each.calendar_id)),
            _state(each.state),
            Text(plain(each.who)),
            next_look,
            Text(plain(each.trouble)),
        )
    return table


def details(calendar: CalendarDetails) -> Facts:
    summary, view = calendar.summary, calendar.view
    facts: list[tuple[str, Text]] = [
        ("Calendar", Text(plain(summary.who) or plain(summary.calendar_id))),
        ("State", _state(summary.state)),
    ]
    if summary.trouble:
        facts.append(("Trouble", Text(plain(summary.trouble), style="red")))
    if view is not None:
        rules = ", ".join(rule.name for rule in view.policy.rules) or "no rules"
        facts += [
            ("Coming", Text(f"{amount(calendar.coming, 'event')}, {calendar.recorded} to be recorded")),
            ("Policy", Text(plain(f"{rules}; otherwise {view.policy.otherwise}"))),
            ("Reconciled", Text(f"{view.reconcile_count} times, the last {_when(view.last_reconciled_at)}")),
            ("Last full sync", Text(_when(view.last_full_sync_at))),
            ("Next reconcile", Text(f"{_when(view.next_reconcile_at)}, or when something changes")),
        ]
    facts += [("ID", Text(plain(summary.calendar_id))), ("Workflow", Text(plain(summary.workflow_id)))]
    return _facts(facts)


def events(decided: Iterable[DecidedEvent]) -> Table:
    table = Table("Start", "Event", "Decision", "Meeting", "Bot", "ID")
    for each in decided:
        decision = Text("record" if each.record else "skip", style="green" if each.record else "dim")
        table.add_row(
            for_people(each.start_time),
            Text(plain(each.title) or "(no title)"),
            decision + Text(f" ({plain(each.rule)})"),
            _meeting(each.meeting),
            Text(plain(each.meeting.bot_id)),
            Text(plain(each.event_id)),
        )
    return table


def considered(explanation: Explanation) -> Table:
    table = Table()
    for each in explanation.considered:
        verdict = Text("holds" if each.holds else "does not hold", style="green" if each.holds else "dim")
        why = plain(each.why)
        told = f": {why}" if each.holds else f"; asked for: {why}"
        table.add_row(Text(plain(f'{each.number}. "{each.name}"')), verdict + Text(told))
    return table


def event_facts(facts: EventFacts) -> Facts:
    kinds = [name for name in ("all_day", "deleted", "is_recurring") if getattr(facts, name)]
    people = f"{len(facts.people)}: {', '.join(facts.people)}" if facts.people else "nobody"
    people += "" if facts.guests_known else "; not all guests are known"
    return _facts(
        [
            ("Start", Text(for_people(facts.start_time))),
            ("Length", Text("1 minute" if facts.minutes == 1 else f"{facts.minutes:g} minutes")),
            ("Link", Text(plain(f"{facts.meeting_url} {facts.platform}") or "none")),
            ("Organiser", Text(plain(facts.organizer_email) + (" (the owner)" if facts.is_organizer else ""))),
            ("People", Text(plain(people))),
            ("Answer", Text(facts.response.value)),
            ("Kind", Text(", ".join(_KINDS[name] for name in kinds) or "a single event")),
        ]
    )


_KINDS = {"all_day": "lasts all day", "deleted": "deleted", "is_recurring": "one of a series"}


def steps(planned: Sequence[PlannedChange], shared: Sequence[str]) -> Table:
    table = Table("", "Start", "Meeting", "Because")
    for each in planned:
        name, style = _STEPS[each.kind]
        before = each.before.start_time if each.kind is ChangeKind.MOVE and each.before else None
        moved = f" (was {for_people(before)})" if before and before != each.desired.start_time else ""
        also = " It is booked already, for another calendar." if each.meeting_id in shared else ""
        table.add_row(
            Text(name, style=style),
            Text(f"{for_people(each.desired.start_time)}{moved}"),
            Text(plain(each.desired.title) or each.desired.meeting_url),
            Text(plain(f"{each.reason}{also}")),
        )
    return table


def counts(run: DryRun) -> str:
    """One sentence about a plan."""
    booked, moved, updated, cancelled = (run.count(kind) for kind in _STEPS)
    changes = f"{booked} to book, {moved} to move, {updated} to update, {cancelled} to cancel, {run.kept} to keep"
    return f"{amount(run.events, 'event')} to come; meetings: {changes}."


def load(made: BotLoad) -> str:
    """One sentence about the bots of a plan."""
    if not made.bots:
        return "No bots."
    return (
        f"{amount(made.bots, 'bot')}: at most {_peak(made.busiest_hour)} in an hour, "
        f"{_peak(made.busiest_day)} in a day, {_peak(made.at_once)} at once."
    )


def _peak(peak: PeakLoad) -> str:
    return f"{peak.bots} (from {for_people(peak.since)})" if peak.since else str(peak.bots)


def _meeting(meeting: MeetingOfEvent) -> Text:
    return status(meeting.status) if meeting.status else Text("none", style="dim")


def _state(state: CalendarState) -> Text:
    return Text(state.value, style=_STYLES.get(state, "yellow"))


def _when(instant: datetime | None) -> str:
    return for_people(instant) if instant else "not yet"


def _facts(facts: Iterable[tuple[str, Text]]) -> Facts:
    table = Facts()
    for name, value in facts:
        table.add(name, value)
    return table
