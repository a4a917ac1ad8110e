"""Derives ids and paths, the same in every process and on every call."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from minutekeeper.meetings.meeting_keys import meeting_key

INBOX = "inbox"
"""The folder of the artifact store for webhooks that the bridge could not forward yet; not the id of a meeting."""
CALENDARS = "calendars"
"""The folder for the state of calendars; not the id of a meeting."""
USERS = "users"
"""The folder for the connections of users; not the id of a meeting."""
PREFERENCES = "preferences"
"""The folder for what people decided about recording; not the id of a meeting."""
RECORDS = "records"
"""The folder for the records of meetings that have ended; not the id of a meeting."""
ENDPOINTS = "endpoints"
"""The folder for the endpoints of outgoing events; not the id of a meeting."""
DELIVERIES = "deliveries"
"""The folder for the records of events that were sent to other services; not the id of a meeting."""
WEBHOOKS = "webhooks"
"""The folder for when each provider reported last; not the id of a meeting."""
ACCESS = "access"
"""The folder for links to the pages that were used; not the id of a meeting."""

_RESERVED = frozenset({INBOX, CALENDARS, USERS, PREFERENCES, RECORDS, ENDPOINTS, DELIVERIES, WEBHOOKS, ACCESS})
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}")
_WORKFLOW_PREFIX = "meeting-"
_ADOPTED_PREFIX = "bot-"
_CALENDAR_PREFIX = "calendar-"
_MAX_OCCURRENCES = 50
_OCCURRENCE = re.compile(r"-([0-9]{1,3})\Z")


def meeting_id_for(meeting_url: str, start_time: datetime) -> str:
    """The meeting id of a normalised URL and a start time: readable, and the same for everyone who books it."""
    stamp = start_time.astimezone(UTC).strftime("%Y%m%d-%H%MZ")
    return f"{stamp}-{_digest(meeting_url, start_time)[:10]}"


def adopted_meeting_id(bot_id: str) -> str:
    """The meeting id of a bot that the provider's scheduler sent."""
    return f"{_ADOPTED_PREFIX}{bot_id}"


def is_adopted(meeting_id: str) -> bool:
    """Whether a meeting follows a bot that the provider's scheduler sent."""
    return meeting_id.startswith(_ADOPTED_PREFIX)


def workflow_id_for(meeting_id: str) -> str:
    return f"{_WORKFLOW_PREFIX}{meeting_id}"


def meeting_id_from_workflow_id(workflow_id: str) -> str:
    """The meeting id of any workflow id; an id that a caller chose is its own meeting id."""
    return workflow_id.removeprefix(_WORKFLOW_PREFIX)


def base_meeting_id(meeting_id: str) -> str:
    """The id of an event's first meeting; later ones have a number appended."""
    return _OCCURRENCE.sub("", meeting_id)


def occurrences_of(meeting_id: str) -> Iterator[str]:
    """The ids of an event's meeting and of possible later ones, in order."""
    number = _OCCURRENCE.search(meeting_id)
    first = int(number[1]) if number else 1
    yield meeting_id
    for later in range(first + 1, first + _MAX_OCCURRENCES):
        yield f"{base_meeting_id(meeting_id)}-{later}"


def calendar_workflow_id_for(calendar_id: str) -> str:
    return f"{_CALENDAR_PREFIX}{calendar_id}"


def calendar_id_from_workflow_id(workflow_id: str) -> str:
    """The calendar id of the workflow id of a calendar."""
    return workflow_id.removeprefix(_CALENDAR_PREFIX)


def folder_for(meeting_id: str) -> str:
    """The folder of a meeting in the artifact store: its id if that is a safe name, else a derived one."""
    # Some file systems take `Inbox` and `inbox` for one name.
    is_reserved = meeting_id.lower() in _RESERVED
    if _PLAIN_NAME.fullmatch(meeting_id) and not is_reserved:
        return meeting_id
    slug = re.sub(r"[^A-Za-z0-9]+", "-", meeting_id).strip("-")[:60]
    digest = hashlib.sha256(meeting_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{slug}~{digest[:16]}"


def dispatch_key(meeting_url: str, start_time: datetime, dispatch: int, provider: str = "") -> str:
    """The deduplication key of one dispatch.

    It is made of the meeting's URL and start, not of the workflow, so that the provider itself refuses a second
    bot when two workflows turn out to be the same meeting. Only letters, digits and dashes: the provider's filter
    syntax uses colons and commas. A provider that was chosen of several is part of it.
    """
    key = f"mk-{_digest(meeting_url, start_time)[:24]}-{dispatch}"
    return f"{key}-{provider}" if provider else key


def jitter_fraction(workflow_id: str) -> float:
    """A number in [0, 1) that spreads the wake-ups of meetings which start at the same instant."""
    return int(hashlib.sha256(workflow_id.encode()).hexdigest()[:8], 16) / 0x1_0000_0000


def _digest(meeting_url: str, start_time: datetime) -> str:
    instant = start_time.astimezone(UTC).isoformat(timespec="seconds")
    return hashlib.sha256(f"{meeting_key(meeting_url)}|{instant}".encode()).hexdigest()
