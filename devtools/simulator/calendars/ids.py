"""Ids as Google and Microsoft make them."""

import base64
import hashlib
from datetime import datetime

from devtools.simulator.calendars.provider_events import ProviderEvent
from devtools.simulator.calendars.wire import Platform

_OUTLOOK_UID = "040000008200E00074C5B7101A82E008"
"""How every iCalendar id from Outlook begins; the next eight digits are the day of an occurrence."""
_NO_DAY = "00000000"


def new_uid(base: str, platform: Platform) -> str:
    """The iCalendar id that the organizer's provider gives an event; a series has only one."""
    if platform == "Google":
        return f"{base}@google.com"
    return f"{_OUTLOOK_UID}{_NO_DAY}{hashlib.sha256(base.encode()).hexdigest()[:48].upper()}"


def graph_uid(event: ProviderEvent) -> str:
    """The iCalendar id as Microsoft shows it: with the day of an occurrence in it, and around that of others."""
    uid, start = event.uid, event.original_start
    if not uid.startswith(_OUTLOOK_UID):
        uid = _wrapped(uid)
    if start is None:
        return uid
    return f"{_OUTLOOK_UID}{start.year:04X}{start.month:02X}{start.day:02X}{uid[len(_OUTLOOK_UID + _NO_DAY) :]}"


def _wrapped(uid: str) -> str:
    data = b"vCal-Uid\x01\x00\x00\x00" + uid.encode() + b"\x00"
    # The time of its making and eight bytes without meaning, which are all zero, and the length.
    head = bytes(16) + len(data).to_bytes(4, "little")
    return f"{_OUTLOOK_UID}{_NO_DAY}{(head + data).hex().upper()}"


def graph_id(email: str, identifier: str) -> str:
    """An id at Microsoft: each mailbox has its own for the same event."""
    digest = hashlib.sha256(f"{email}\n{identifier}".encode()).digest()
    return f"AAMkAG{base64.urlsafe_b64encode(digest).decode()}"


def occurrence_id(series: str, start: datetime, *, all_day: bool) -> str:
    """An id at Google: that of the series, and when the occurrence would have been if nobody had moved it."""
    return f"{series}_{start:%Y%m%d}" if all_day else f"{series}_{start:%Y%m%dT%H%M%SZ}"
