"""Texts of a bot that name its event: what a policy may write into them, and what becomes of it. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.meetings.fields import MAX_BOT_NAME, MAX_ENTRY_MESSAGE
from minutekeeper.text import balanced, one_line

PLACEHOLDERS = ("title", "organizer", "user")
"""What a text may name, each in braces."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SHOWN = 40


def _known_placeholders(text: str) -> str:
    for name in _PLACEHOLDER.findall(text):
        if name not in PLACEHOLDERS:
            near = difflib.get_close_matches(name.strip().casefold(), PLACEHOLDERS, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"known are {_listed(PLACEHOLDERS)}"
            # Any other word in braces is most likely a typing error.
            raise ValueError(f"{one_line(f'{{{name[:_SHOWN]}}}')} is unknown; {hint}")
    return text


BotNameText = Annotated[str, Field(min_length=1, max_length=MAX_BOT_NAME), AfterValidator(_known_placeholders)]
EntryMessageText = Annotated[str, Field(max_length=MAX_ENTRY_MESSAGE), AfterValidator(_known_placeholders)]


def values_of(event: CalendarEvent, my_emails: Iterable[str] = ()) -> dict[str, str]:
    """What the placeholders stand for, empty where it is not known: people by their names, else their addresses."""
    given = [(each.email, each.name) for each in event.attendees] + [(event.organizer_email, event.organizer_name)]
    names = {email.casefold(): name for email, text in given if email and (name := one_line(text))}
    own = [*event.own_emails, *([event.organizer_email] if event.is_organizer else []), *my_emails]
    named = [email for email in own if email.casefold() in names]
    user = next(iter([*named, *own]), "")
    return {
        "title": event.title,
        "organizer": names.get(event.organizer_email.casefold(), event.organizer_email),
        "user": names.get(user.casefold(), user),
    }


def filled(text: str, values: Mapping[str, str], longest: int) -> str:
    """The text with its values, each on one line and without what cannot be seen, cut to so many characters.

    What looks like a placeholder in a value stays as it is, because people outside write titles and names.
    """
    whole = _PLACEHOLDER.sub(lambda match: one_line(values[match[1]]), text).strip()
    return whole if len(whole) <= longest else f"{balanced(whole[: longest - 1]).rstrip()}…"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
