"""The connect pages: their building blocks and their texts."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as as_html
from typing import NamedTuple
from urllib.parse import urlsplit

from aiohttp import web

from bridge.connect.error_messages import ERROR_PAGES
from bridge.connect.errors import ConnectErrorCode
from bridge.connect.oauth import NAMES
from bridge.connect.page_style import PAGE_STYLE
from bridge.connect.session_cookies import ConnectedAccount
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.calendars.preferences import PolicySource
from minutekeeper.calendars.user_connection import (
    REVOKING,
    CalendarPlatform,
    UserConnection,
    calendar_title,
    format_account,
)
from minutekeeper.providers.calendar_base import AvailableCalendar
from minutekeeper.text import balanced

_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)

_HASH = base64.b64encode(hashlib.sha256(PAGE_STYLE.encode()).digest()).decode()

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class ServiceInfo(NamedTuple):
    """The name of the service, and the contact for its users, which may be empty."""

    name: str
    contact: str = ""


class Choice(NamedTuple):
    """An option of a form: the value that is sent, and the label."""

    value: str
    label: str
    is_chosen: bool


def page(
    title: str, body: str, service: ServiceInfo, *, status: int = 200, form_leads_to: Iterable[str] = ()
) -> web.Response:
    """Renders a page.

    `form_leads_to` are the URLs that the answer to its form may redirect to (CSP form-action).
    """
    html = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n<header>{escape(service.name)}</header>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n"
        f"<footer>{_contact(service)}</footer>\n</body>\n</html>\n"
    )
    targets = " ".join(["'self'", *sorted({_origin(address) for address in form_leads_to if address})])
    policy = (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action {targets}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    headers = _HEADERS | {"Content-Security-Policy": policy}
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8", headers=headers)


def redirect(address: str) -> web.Response:
    """Redirects with 303, so that the browser sends a GET, and without a referrer."""
    return web.Response(status=303, headers=_HEADERS | {"Location": address})


def text(words: str) -> str:
    """A text as HTML."""
    return escape(words)


def link(address: str, words: str = "") -> str:
    return f'<a href="{escape(address)}" rel="noreferrer">{escape(words or address)}</a>'


def button(words: str, address: str) -> str:
    return f'<p><a class="button" href="{escape(address)}">{escape(words)}</a></p>'


def paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def facts(shown: Mapping[str, str]) -> str:
    lines = [f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in shown.items() if value]
    return f"<dl>\n{chr(10).join(lines)}\n</dl>"


def notice(heading: str, words: str) -> str:
    """A highlighted note."""
    return f'<p class="notice"><strong>{escape(heading)}</strong> {escape(words)}</p>'


def step_list(heading: str, items: Sequence[str]) -> str:
    """`items` are HTML."""
    if not items:
        return ""
    listed = "\n".join(f"<li>{item}</li>" for item in items)
    return f"<h2>{escape(heading)}</h2>\n<ul>\n{listed}\n</ul>"


def code(name: str) -> str:
    return f'<p class="code">Code: <code>{escape(name)}</code></p>'


def form(words: str, fields: str = "") -> str:
    """A form that is posted to the page's own URL by a button with this label."""
    return f'<form method="post">\n{fields}\n<button type="submit">{escape(words)}</button>\n</form>'


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def choices(question: str, name: str, options: Iterable[Choice]) -> str:
    lines = [
        f'<label><input type="radio" name="{escape(name)}" value="{escape(option.value)}" required'
        f"{' checked' if option.is_chosen else ''}> <span>{escape(option.label)}</span></label>"
        for option in options
    ]
    return f"<fieldset>\n<legend>{escape(question)}</legend>\n{chr(10).join(lines)}\n</fieldset>"


def _contact(service: ServiceInfo) -> str:
    if not service.contact:
        return f"{escape(service.name)} runs this page. Questions? Ask the people who gave you the link."
    if service.contact.startswith("https://"):
        whom = link(service.contact)
    elif _EMAIL.fullmatch(service.contact):
        whom = link(f"mailto:{service.contact}", service.contact)
    else:
        whom = escape(service.contact)
    return f"{escape(service.name)} runs this page. Questions? Ask {whom}."


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def escape(text: str) -> str:
    """Untrusted text as HTML, isolated so that its writing direction does not affect the text around it."""
    return as_html(balanced(text))


_SHOWN_ID = 8
"""Characters at the end of an id that are shown to tell calendars without a name apart."""


def start(
    service: ServiceInfo, link: ConnectLink, replaced: UserConnection | None, form_leads_to: Sequence[str]
) -> web.Response:
    platform = CalendarPlatform(link.platform)
    name = NAMES[platform]
    body = [
        facts({"Connected for": link.user, "Used by": service.name, "Access": "read only"}),
        paragraph(
            f"{name} will ask you to let {service.name} read your calendar. Nothing in your calendar is changed. "
            "Meetings in it that have a video link can then be recorded, as the rules of this service say."
        ),
        notice(
            f"Are you {link.user}?",
            f"If you continue, the calendar that you choose at {name} is connected for {link.user}, and so are the "
            "recordings of its meetings. If that is not you, or the link was meant for another person, close this "
            "page: nothing has happened yet.",
        ),
    ]
    if replaced:
        body += [
            _replacement_notice(name, replaced),
            paragraph(f"Connecting {replaced.title} again renews the access and keeps its meetings."),
        ]
    body += [form(f"Continue to {name}", _confirmed(replaced)), _revocation_steps(service, platform)]
    return page(f"Connect your {name} calendar", "\n".join(body), service, form_leads_to=form_leads_to)


def calendar_choice(
    service: ServiceInfo,
    link: ConnectLink,
    calendars: Sequence[AvailableCalendar],
    replaced: UserConnection | None,
    form_leads_to: Sequence[str],
) -> web.Response:
    name = NAMES[CalendarPlatform(link.platform)]
    has_primary = any(each.is_primary for each in calendars)
    options = [
        Choice(each.raw_id, _label(each, number), each.is_primary or (number == 1 and not has_primary))
        for number, each in enumerate(calendars, 1)
    ]
    fields = [
        _confirmed(replaced),
        choices("Your calendars", "calendar", options),
    ]
    body = [
        facts({"Connected for": link.user, "Used by": service.name}),
        paragraph("One calendar can be connected."),
    ]
    if replaced:
        body.append(_replacement_notice(name, replaced))
    body.append(form("Connect this calendar", "\n".join(fields)))
    title = f"Which {name} calendar?"
    return page(title, "\n".join(body), service, form_leads_to=form_leads_to)


_RULES = {
    PolicySource.GIVEN: "by the rules that were given for it",
    PolicySource.CARRIED_OVER: "by the rules and exceptions that it had before",
    PolicySource.LINK: "by the rules that this link names",
    PolicySource.INSTALLATION: "by the rules of this service",
    PolicySource.BUILT_IN: "all meetings that you have not declined",
    PolicySource.UNCHANGED: "by the rules that it has already",
}


def success(service: ServiceInfo, platform: CalendarPlatform, connected: ConnectedAccount | None) -> web.Response:
    """The success page; without the account if it is opened later, or by its plain URL."""
    name = NAMES[platform]
    shown: dict[str, str] = {}
    if connected:
        shown = {
            "Calendar": connected.calendar,
            "Account": connected.account,
            "Connected for": connected.user,
            "What is recorded": _RULES[connected.policy_source],
        }
    body = [
        facts(shown | {"Used by": service.name}),
        paragraph("Your upcoming meetings are being read now. You can close this page."),
        _revocation_steps(service, platform),
    ]
    return page(f"Your {name} calendar is connected", "\n".join(body), service)


def error(service: ServiceInfo, problem: ConnectErrorCode, link: str = "") -> web.Response:
    """An error page. `link` is the user's connect link, where another try makes sense."""
    shown = ERROR_PAGES[problem]
    body = [
        paragraph(shown.what),
        step_list("What you can do", [text(step) for step in shown.user]),
        button("Try again", link) if link else "",
        code(problem.value),
    ]
    return page(shown.title, "\n".join(body), service, status=shown.status)


def _replacement_notice(name: str, replaced: UserConnection) -> str:
    return notice(
        "Please note:",
        f"your {name} calendar {replaced.title} is connected. Another one takes its place: the meetings "
        "to come that were booked for the old one are cleared, unless they are in the new one too.",
    )


def _confirmed(replaced: UserConnection | None) -> str:
    """The hidden field with the calendar that the page said would be replaced."""
    return hidden("confirmed_calendar_id", replaced.calendar_id if replaced else "")


def _revocation_steps(service: ServiceInfo, platform: CalendarPlatform) -> str:
    places = [f"{link(address)} ({text(kind)})" for kind, address in REVOKING[platform].items()]
    return step_list(
        "If you change your mind",
        (
            text(f"Ask the people who run {service.name} to disconnect the calendar."),
            text(f"What you granted at {NAMES[platform]} stays until you take it back: ") + " or ".join(places),
        ),
    )


def _label(calendar: AvailableCalendar, number: int) -> str:
    title = calendar_title(calendar.name, calendar.email, calendar.raw_id)
    if not calendar.is_primary and not format_account(calendar.name) and not format_account(calendar.raw_id):
        # Meeting BaaS may name nothing but the account, which is the same for all of them.
        end = calendar.raw_id.partition("@")[0][-_SHOWN_ID:]
        title = f"Calendar {number} of {title}, whose id ends in {end}"
    return title + (" (your main calendar)" if calendar.is_primary else "")
