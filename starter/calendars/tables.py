"""Tables of calendars, events, explanations and plans. Text from outside is never interpreted as markup."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.text import Text

from minutekeeper.calendars.objections import Wish
from minutekeeper.calendars.plan import BotLoad, ChangeKind, PeakLoad, PlannedChange
from minutekeeper.calendars.policy import Policy
from minutekeeper.providers.calendar_base import AvailableCalendar
from starter.calendars.client import CalendarDetails
from starter.calendars.events import DecidedEvent, EventMeeting
from starter.calendars.explain import EventExplanation, EventFacts
from starter.calendars.limits import EventLeftOut
from starter.calendars.opinions import CalendarOpinion
from starter.calendars.preview import PolicyPreview
from starter.calendars.summaries import CalendarSummary, CalendarSummaryState
from starter.layout import Facts, Table
from starter.output import amount, sanitize
from starter.tables import facts_table, status_text
from starter.times import format_local

_STYLES = {
    CalendarSummaryState.ACTIVE: "green",
    CalendarSummaryState.SYNCING: "blue",
    CalendarSummaryState.ERROR: "bold red",
    CalendarSummaryState.DISCONNECTED: "dim",
}
_STEPS = {
    ChangeKind.BOOK: ("book", "green"),
    ChangeKind.MOVE: ("move", "yellow"),
    ChangeKind.UPDATE: ("update", "yellow"),
    ChangeKind.RELEASE: ("cancel", "red"),
}


def available_calendars(calendars: Iterable[AvailableCalendar]) -> Table:
    table = Table("ID", "Name", "Primary")
    for each in calendars:
        table.add_row(
            Text(sanitize(each.raw_id)), Text(sanitize(each.name or each.email)), "yes" if each.is_primary else ""
        )
    return table


def summaries(calendars: Iterable[CalendarSummary]) -> Table:
    table = Table("ID", "State", "Owner", "Next reconcile", "Error")
    for each in calendars:
        next_look = format_local(each.next_reconcile_at) if each.next_reconcile_at else ""
        table.add_row(
            Text(sanitize(each.calendar_id)),
            _state(each.state),
            Text(sanitize(each.owner)),
            next_look,
            Text(sanitize(each.error)),
        )
    return table


def details(calendar: CalendarDetails) -> Facts:
    summary, view = calendar.summary, calendar.view
    facts: list[tuple[str, Text]] = [
        ("Calendar", Text(sanitize(summary.owner) or sanitize(summary.calendar_id))),
        ("State", _state(summary.state)),
    ]
    if summary.error:
        facts.append(("Error", Text(sanitize(summary.error), style="red")))
    if view is not None:
        facts += [
            ("Upcoming", Text(f"{amount(calendar.upcoming, 'event')}, {calendar.recorded} to be recorded")),
            ("Policy", Text(sanitize(policy_summary(view.policy)))),
            ("Reconciled", Text(f"{view.reconcile_count} times, last {_when(view.last_reconciled_at)}")),
            ("Last full sync", Text(_when(view.last_full_sync_at))),
            ("Next reconcile", Text(f"{_when(view.next_reconcile_at)}, or when something changes")),
        ]
    facts += [("ID", Text(sanitize(summary.calendar_id))), ("Workflow", Text(sanitize(summary.workflow_id)))]
    return facts_table(facts)


def policy_summary(policy: Policy) -> str:
    """A policy on one line: the names of its rules in their order, and its limits."""
    rules = ", ".join(rule.name for rule in policy.rules) or "no rules"
    named = policy.limits.model_dump(exclude_none=True) if policy.limits else {}
    limits = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in named.items())
    return f"{rules}; otherwise {policy.otherwise}{f'; at most {limits}' if limits else ''}"


def events(decided: Iterable[DecidedEvent]) -> Table:
    table = Table("Start", "Event", "Decision", "Meeting", "Bot", "ID")
    for each in decided:
        decision = Text("record" if each.record else "skip", style="green" if each.record else "dim")
        table.add_row(
            format_local(each.start_time),
            Text(sanitize(each.title) or "(no title)"),
            decision + Text(f" ({sanitize(each.rule)})"),
            _meeting(each.meeting),
            Text(sanitize(each.meeting.bot_id)),
            Text(sanitize(each.event_id)),
        )
    return table


def rule_verdicts(explanation: EventExplanation) -> Table:
    table = Table()
    for each in explanation.considered:
        verdict = Text("holds" if each.holds else "does not hold", style="green" if each.holds else "dim")
        why = sanitize(each.why)
        explained = f": {why}" if each.holds else f"; requires: {why}"
        table.add_row(Text(sanitize(f'{each.number}. "{each.name}"')), verdict + Text(explained))
    return table


def opinions(calendars: Iterable[CalendarOpinion]) -> Table:
    table = Table()
    for each in calendars:
        wish, style = _WISHES[each.wants]
        name = Text(sanitize(each.name or each.calendar_id))
        table.add_row(name, Text(wish, style=style), Text("this decides" if each.decides else "", style="bold"))
    return table


_WISHES = {
    Wish.NEVER: ('its user chose "never"', "red"),
    Wish.OPTED_OUT: ("it shows a person who has opted out of recordings", "red"),
    Wish.RECORD: ("wants it recorded", "green"),
}


def event_facts(facts: EventFacts) -> Facts:
    kinds = [name for name in ("all_day", "deleted", "is_recurring") if getattr(facts, name)]
    people = f"{len(facts.people)}: {', '.join(facts.people)}" if facts.people else "none"
    people += f"; declined by {', '.join(facts.declined)}" if facts.declined else ""
    people += "" if facts.guests_known else "; the guest list is incomplete"
    marks = {
        "Occurrence": f"number {facts.number} of its series" if facts.number else "",
        "Type": facts.event_type,
        "Visibility": facts.visibility,
        "Shown as": facts.availability,
        "Location": facts.location,
        "Categories": ", ".join(facts.categories),
        "Colour": facts.color or "",
    }
    return facts_table(
        [
            ("Start", Text(format_local(facts.start_time))),
            ("Length", Text("1 minute" if facts.minutes == 1 else f"{facts.minutes:g} minutes")),
            ("Link", Text(sanitize(f"{facts.meeting_url} {facts.platform}") or "none")),
            ("Organiser", Text(sanitize(facts.organizer_email) + (" (the owner)" if facts.is_organizer else ""))),
            ("People", Text(sanitize(people))),
            ("Response", Text(facts.response.value)),
            ("Kind", Text(", ".join(_KINDS[name] for name in kinds) or "a single event")),
            *((name, Text(sanitize(value))) for name, value in marks.items() if value not in _USUAL),
        ]
    )


_USUAL = {"", "unknown", "default", "busy"}
"""What is not worth a line of its own."""


_KINDS = {"all_day": "lasts all day", "deleted": "deleted", "is_recurring": "part of a series"}


_NEWS = {"title": "its title", "bot": "its bot", "wanted": "what is kept", "metadata": "its data"}


def planned_changes(planned: Sequence[PlannedChange], shared: Sequence[str]) -> Table:
    table = Table("", "Start", "Meeting", "Reason")
    for each in planned:
        name, style = _STEPS[each.kind]
        before = each.applied.start_time if each.kind is ChangeKind.MOVE and each.applied else None
        moved = f" (was {format_local(before)})" if before and before != each.desired.start_time else ""
        news = [_NEWS[name] for name in _NEWS if each.kind is ChangeKind.UPDATE and name in each.changes]
        new_note = f" New: {', '.join(news)}." if news else ""
        shared_note = " Already booked for another calendar." if each.meeting_id in shared else ""
        table.add_row(
            Text(name, style=style),
            Text(f"{format_local(each.desired.start_time)}{moved}"),
            Text(sanitize(each.desired.title) or each.desired.meeting_url),
            Text(sanitize(f"{each.reason}{new_note}{shared_note}")),
        )
    return table


def left_out(events: Iterable[EventLeftOut]) -> Table:
    table = Table("Start", "Event", "Reason")
    for each in events:
        title = Text(sanitize(each.title) or "(no title)")
        table.add_row(Text(format_local(each.start_time)), title, Text(sanitize(each.reason)))
    return table


def counts(preview: PolicyPreview) -> str:
    """One sentence about the changes of a plan."""
    booked, moved, updated, cancelled = (preview.count(kind) for kind in _STEPS)
    changes = (
        f"{booked} to book, {moved} to move, {updated} to update, {cancelled} to cancel, {preview.kept} to keep"
    )
    unbooked = f", {len(preview.left_out)} left out by limits" if preview.left_out else ""
    return f"{amount(preview.events, 'event')} upcoming; meetings: {changes}{unbooked}."


def bot_load_facts(load: BotLoad) -> str:
    """One sentence about the number of bots of a plan."""
    if not load.bots:
        return "No bots."
    return (
        f"{amount(load.bots, 'bot')}: at most {_peak(load.busiest_hour)} in an hour, "
        f"{_peak(load.busiest_day)} in a day, {_peak(load.at_once)} at once."
    )


def _peak(peak: PeakLoad) -> str:
    return f"{peak.bots} (from {format_local(peak.since)})" if peak.since else str(peak.bots)


def _meeting(meeting: EventMeeting) -> Text:
    return status_text(meeting.status) if meeting.status else Text("none", style="dim")


def _state(state: CalendarSummaryState) -> Text:
    return Text(state.value, style=_STYLES.get(state, "yellow"))


def _when(instant: datetime | None) -> str:
    return format_local(instant) if instant else "not yet"
