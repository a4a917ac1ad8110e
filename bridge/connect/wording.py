"""What the connect pages say."""

from collections.abc import Sequence

from aiohttp import web

from bridge.connect import pages
from bridge.connect.apps import NAMES
from bridge.connect.explanations import EXPLANATIONS
from bridge.connect.problems import Problem
from meetings.calendars.connection import REVOKING, Connection
from providers.calendars import CalendarPlatform, RawCalendar


def welcome(platform: CalendarPlatform, replaced: Connection | None, form_leads_to: Sequence[str]) -> web.Response:
    name = NAMES[platform]
    body = [
        pages.paragraph(
            f"{name} will ask you to let Minutekeeper read your calendar. Nothing in your calendar is changed."
        ),
        pages.paragraph(
            "Meetings in it that have a video link can then be recorded, as the rules of this service say."
        ),
    ]
    if replaced:
        body += [
            _replacing(name, replaced),
            pages.paragraph(f"Connecting {replaced.title} again renews the access and keeps its meetings."),
        ]
    body += [pages.form(f"Continue to {name}", _told(replaced)), _ending(platform)]
    return pages.page(f"Connect your {name} calendar", "\n".join(body), form_leads_to=form_leads_to)


def choosing(
    platform: CalendarPlatform,
    calendars: Sequence[RawCalendar],
    replaced: Connection | None,
    form_leads_to: Sequence[str],
) -> web.Response:
    name = NAMES[platform]
    has_primary = any(each.is_primary for each in calendars)
    options = [
        pages.Choice(each.raw_id, _label(each), each.is_primary or (number == 0 and not has_primary))
        for number, each in enumerate(calendars)
    ]
    fields = [
        _told(replaced),
        pages.choices("Your calendars", "calendar", options),
    ]
    body = [pages.paragraph("One calendar can be connected.")]
    if replaced:
        body.append(_replacing(name, replaced))
    body.append(pages.form("Connect this calendar", "\n".join(fields)))
    title = f"Which {name} calendar?"
    return pages.page(title, "\n".join(body), form_leads_to=form_leads_to)


def done(platform: CalendarPlatform) -> web.Response:
    name = NAMES[platform]
    body = [
        pages.paragraph("The meetings that are to come are being looked at now. You can close this page."),
        _ending(platform),
    ]
    return pages.page(f"Your {name} calendar is connected", "\n".join(body))


def trouble(problem: Problem) -> web.Response:
    told = EXPLANATIONS[problem]
    body = [
        pages.paragraph(told.what),
        pages.steps("What you can do", told.user),
        pages.steps("For those who run this service", told.owner),
        pages.code(problem.value),
    ]
    return pages.page(told.title, "\n".join(body), status=told.status)


def _replacing(name: str, replaced: Connection) -> str:
    return pages.notice(
        f"your {name} calendar {replaced.title} is connected. Another one takes its place: the meetings "
        "to come that were booked for the old one are cleared, unless they are in the new one too."
    )


def _told(replaced: Connection | None) -> str:
    """Brings back which calendar the page spoke of."""
    return pages.hidden("told", replaced.calendar_id if replaced else "")


def _ending(platform: CalendarPlatform) -> str:
    return pages.steps(
        "If you change your mind",
        (
            "Ask the people who gave you the link to disconnect the calendar.",
            (
                f"Disconnecting does not take back what you granted at {NAMES[platform]}. You do that yourself at "
                f"{REVOKING[platform]}."
            ),
        ),
    )


def _label(calendar: RawCalendar) -> str:
    # Meeting BaaS may name nothing but the account, which is the same for all of them.
    told = dict.fromkeys((calendar.name or calendar.raw_id, calendar.email))
    return " - ".join(text for text in told if text) + (" (your main calendar)" if calendar.is_primary else "")
