"""Which meeting an event is: one name in every invited calendar, and the same name after every change.

Two colleagues who both connect their calendars hold two copies of one invitation. Both copies must lead to one
meeting, and a meeting that is moved must stay itself. So its name is made of what neither copies nor moves change:

- Google: the copies share the iCalendar UID and mostly the event id, but all instances of a series share the UID
  as well. An instance is told by its original start, which stays when it is moved. Its event id ends with that
  instant (`4f2k…_20261201T100000Z`), which helps out where `originalStartTime` is missing.
- Microsoft: the event id differs from mailbox to mailbox. `iCalUId` is the same for all copies, and different for
  each instance of a series: the date of the instance is written into it. Without that date it is the UID of the
  series, which is also what an invited Google calendar shows.
- Everything else: the provider's event id, and where even that is missing the event's id at the meeting-bot API.
"""

import hashlib
import re
from datetime import UTC

from meetings.calendars.event import CalendarEvent

_GOOGLE_INSTANCE = re.compile(r"_([0-9]{8}T[0-9]{6}Z)\Z")
_OUTLOOK_UID = re.compile(r"(040000008200E00074C5B7101A82E008)([0-9A-F]{8})([0-9A-F]+)")
_NO_DATE = "00000000"


def meeting_id_for_event(event: CalendarEvent) -> str:
    """The meeting id of an event, for instance `cal-5f0c…`: letters, digits and a dash, 28 characters."""
    digest = hashlib.sha256("|".join(_key(event)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"cal-{digest[:24]}"


def _key(event: CalendarEvent) -> tuple[str, ...]:
    uid, date = _split(event.uid.strip())
    original = _original_start(event)
    is_instance = event.is_recurring or bool(event.recurring_event_id)
    if uid and (original or date or not is_instance):
        return ("uid", uid, original or date)
    if event.provider_event_id:
        return ("provider", event.provider_event_id)
    return ("event", event.event_id)


def _original_start(event: CalendarEvent) -> str:
    if event.original_start is not None:
        return event.original_start.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    stamp = _GOOGLE_INSTANCE.search(event.provider_event_id)
    return stamp[1] if stamp else ""


def _split(uid: str) -> tuple[str, str]:
    """The UID of a series, and the date of the instance that Outlook writes into it, empty if there is none."""
    outlook = _OUTLOOK_UID.fullmatch(uid.upper())
    if not outlook:
        return uid, ""
    return f"{outlook[1]}{_NO_DATE}{outlook[3]}", "" if outlook[2] == _NO_DATE else outlook[2]
