"""What the connect pages say."""

from collections.abc import Sequence

from aiohttp import web

from bridge.connect import pages
from bridge.connect.apps import NAMES
from bridge.connect.explanations import EXPLANATIONS
from bridge.connect.journey import Arrival
from bridge.connect.pages import Service
from bridge.connect.problems import Problem
from meetings.calendars.connection import REVOKING, CalendarPlatform, UserConnection, calendar_title, for_people
from meetings.connect_link import ConnectLink
from providers.calendars import RawCalendar

_SHOWN_ID = 8
"""So much of the end of an id tells calendars without a name apart."""


def welcome(
    service: Service, link: ConnectLink, replaced: UserConnection | None, form_leads_to: Sequence[str]
) -> web.Response:
    platform = CalendarPlatform(link.platform)
    name = NAMES[platform]
    body = [
        pages.facts({"Connected for": link.user, "Used by": service.name, "Access": "read only"}),
        pages.paragraph(
            f"{name} will ask you to let {service.name} read your calendar. Nothing in your calendar is changed. "
            "Meetings in it that have a video link can then be recorded, as the rules of this service say."
        ),
        pages.notice(
            f"Are you {link.user}?",
            f"If you continue, the calendar that you choose at {name} is connected for {link.user}, and so are the "
            "recordings of its meetings. If that is not you, or the link was meant for another person, close this "
            "page: nothing has happened yet.",
        ),
    ]
    if replaced:
        body += [
            _replacing(name, replaced),
            pages.paragraph(f"Connecting {replaced.title} again renews the access and keeps its meetings."),
        ]
    body += [pages.form(f"Continue to {name}", _told(replaced)), _ending(service, platform)]
    return pages.page(f"Connect your {name} calendar", "\n".join(body), service, form_leads_to=form_leads_to)


def choosing(
    service: Service,
    link: ConnectLink,
    calendars: Sequence[RawCalendar],
    replaced: UserConnection | None,
    form_leads_to: Sequence[str],
) -> web.Response:
    name = NAMES[CalendarPlatform(link.platform)]
    has_primary = any(each.is_primary for each in calendars)
    options = [
        pages.Choice(each.raw_id, _label(each, number), each.is_primary or (number == 1 and not has_primary))
        for number, each in enumerate(calendars, 1)
    ]
    fields = [
        _told(replaced),
        pages.choices("Your calendars", "calendar", options),
    ]
    body = [
        pages.facts({"Connected for": link.user, "Used by": service.name}),
        pages.paragraph("One calendar can be connected."),
    ]
    if replaced:
        body.append(_replacing(name, replaced))
    body.append(pages.form("Connect this calendar", "\n".join(fields)))
    title = f"Which {name} calendar?"
    return pages.page(title, "\n".join(body), service, form_leads_to=form_leads_to)


def done(service: Service, platform: CalendarPlatform, arrival: Arrival | None) -> web.Response:
    """`arrival` is None for those who come back to the page later, or by its bare address."""
    name = NAMES[platform]
    told: dict[str, str] = {}
    if arrival:
        told = {"Calendar": arrival.calendar, "Account": arrival.account, "Connected for": arrival.user}
    body = [
        pages.facts(told | {"Used by": service.name}),
        pages.paragraph("The meetings that are to come are being looked at now. You can close this page."),
        _ending(service, platform),
    ]
    return pages.page(f"Your {name} calendar is connected", "\n".join(body), service)


def trouble(service: Service, problem: Problem, link: str = "") -> web.Response:
    """`link` is the user's own, where it is worth another try."""
    told = EXPLANATIONS[problem]
    body = [
        pages.paragraph(told.what),
        pages.steps("What you can do", [pages.text(step) for step in told.user]),
        pages.button("Try again", link) if link else "",
        pages.code(problem.value),
    ]
    return pages.page(told.title, "\n".join(body), service, status=told.status)


def _replacing(name: str, replaced: UserConnection) -> str:
    return pages.notice(
        "Please note:",
        f"your {name} calendar {replaced.title} is connected. Another one takes its place: the meetings "
        "to come that were booked for the old one are cleared, unless they are in the new one too.",
    )


def _told(replaced: UserConnection | None) -> str:
    """Brings back which calendar the page spoke of."""
    return pages.hidden("told", replaced.calendar_id if replaced else "")


def _ending(service: Service, platform: CalendarPlatform) -> str:
    places = [f"{pages.link(address)} ({pages.text(kind)})" for kind, address in REVOKING[platform].items()]
    return pages.steps(
        "If you change your mind",
        (
            pages.text(f"Ask the people who run {service.name} to disconnect the calendar."),
            pages.text(f"What you granted at {NAMES[platform]} stays until you take it back: ")
            + " or ".join(places),
        ),
    )


def _label(calendar: RawCalendar, number: int) -> str:
    title = calendar_title(calendar.name, calendar.email, calendar.raw_id)
    if not calendar.is_primary and not for_people(calendar.name) and not for_people(calendar.raw_id):
        # Meeting BaaS may name nothing but the account, which is the same for all of them.
        end = calendar.raw_id.partition("@")[0][-_SHOWN_ID:]
        title = f"Calendar {number} of {title}, whose id ends in {end}"
    return title + (" (your main calendar)" if calendar.is_primary else "")
