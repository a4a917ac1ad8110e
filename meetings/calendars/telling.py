"""A calendar in Markdown, for the details pane of Temporal's UI. Pure."""

from datetime import datetime

from meetings import story
from meetings.calendars.health import remedy
from meetings.calendars.keeping import CalendarView
from meetings.text import one_line


def details(view: CalendarView) -> str:
    """How the calendar is, what the last look brought, and when the next one is due."""
    counts = view.counts
    meetings = (
        f"{counts.booked} booked, {counts.moved} moved, {counts.updated} updated, {counts.released} let go of, "
        f"{counts.put_off} put off{f', {counts.lost} lost and booked again' if counts.lost else ''}"
    )
    rules = ", ".join(rule.name for rule in view.policy.rules) or "no rules"
    lines = [
        f"## Calendar {one_line(view.calendar_id)}",
        "",
        f"- **Status:** {view.status.value}{f': {one_line(view.trouble)}' if view.trouble else ''}",
        *_what_to_do(view),
        f"- **Looks:** {view.looks}, the last {_when(view.last_look_at)}, all of it {_when(view.last_full_at)}",
        f"- **Last look:** {counts.events} events read; meetings: {meetings}",
        f"- **Next look:** {_when(view.next_look_at)}, or when something changes",
        f"- **Policy:** {rules}; otherwise {view.policy.otherwise}",
    ]
    return "\n".join(lines)


def _what_to_do(view: CalendarView) -> list[str]:
    cure = remedy(view.ailment, view.calendar_id, view.user, view.platform)
    return [f"- **What to do:** {cure}; `minutekeeper calendar doctor` shows all that is needed"] if cure else []


def _when(instant: datetime | None) -> str:
    return story.clock(instant) if instant else "not yet"
