"""Describes a calendar in Markdown, for the details pane of Temporal's UI. Pure."""

from datetime import datetime

from minutekeeper.calendars.health import CalendarHealthView, suggested_fix
from minutekeeper.calendars.messages import CalendarView
from minutekeeper.meetings import descriptions
from minutekeeper.text import one_line


def calendar_markdown(view: CalendarView) -> str:
    """How the calendar is, what the last reconcile did, and when the next one is due."""
    counts = view.counts
    meetings = (
        f"{counts.booked} booked, {counts.moved} moved, {counts.updated} updated, {counts.released} released, "
        f"{counts.deferred} deferred{f', {counts.lost} lost and booked again' if counts.lost else ''}"
    )
    left_out = f"- **Left out by limits:** {counts.left_out}; `minutekeeper calendar show` names them"
    rules = ", ".join(rule.name for rule in view.policy.rules) or "no rules"
    synced = f"the last {_when(view.last_reconciled_at)}, the last full sync {_when(view.last_full_sync_at)}"
    lines = [
        f"## Calendar {one_line(view.calendar_id)}",
        "",
        f"- **Status:** {view.status.value}{f': {one_line(view.error)}' if view.error else ''}",
        *_what_to_do(view),
        f"- **Reconciled:** {view.reconcile_count} times, {synced}",
        f"- **Last reconcile:** {counts.events} events read; meetings: {meetings}",
        *([left_out] if counts.left_out else []),
        f"- **Next reconcile:** {_when(view.next_reconcile_at)}, or when something changes",
        f"- **Policy:** {rules}; otherwise {view.policy.otherwise}",
    ]
    return "\n".join(lines)


def health_markdown(view: CalendarHealthView) -> str:
    """What the last check of all calendars found."""
    problems = view.findings.problems
    lines = [
        "## Access to calendars",
        "",
        f"- **Last check:** {_when(view.last_check_at)}{f': {view.error}' if view.error else ''}",
        f"- **Calendars:** {view.calendars}, of which {len(problems)} cannot be read",
        f"- **What to do:** {'see `minutekeeper calendar doctor`' if problems else 'nothing'}",
    ]
    return "\n".join(lines)


def _what_to_do(view: CalendarView) -> list[str]:
    fix = suggested_fix(view.problem, view.calendar_id, view.user, view.platform, view.provider)
    return [f"- **What to do:** {fix}; `minutekeeper calendar doctor` shows all that is needed"] if fix else []


def _when(instant: datetime | None) -> str:
    return descriptions.format_utc(instant) if instant else "not yet"
