"""The calendar half of the API's answers, and its webhook."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.google import google_event
from devtools.simulator.calendars.graph import graph_event
from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import Guest
from devtools.simulator.settings import NoticeForm
from devtools.simulator.state import stamp

SYNC_EVENTS = "calendar.sync_events"

_RECOGNISED = re.compile(r"https://(meet\.google\.com|([\w-]+\.)*zoom\.us|teams\.(microsoft|live)\.com)/\S+")
"""Links that the service takes for one of a meeting."""


def raw_calendar(raw: RawCalendar) -> dict[str, Any]:
    return {"id": raw.id, "email": raw.account.email, "is_primary": raw.is_primary}


def calendar(connected: Connected) -> dict[str, Any]:
    """`google_id` holds the id at Microsoft as well."""
    raw = connected.raw
    return {
        "uuid": str(connected.uuid),
        "name": raw.name,
        "email": raw.account.email,
        "google_id": raw.id,
        "resource_id": f"resource-{connected.turn}",
    }


def meeting_url(entry: Entry) -> str:
    found = _RECOGNISED.search(entry.provider_event.link)
    return found[0] if found else ""


def event(entry: Entry) -> dict[str, Any]:
    provider_event, owner = entry.provider_event, entry.calendar.raw.account
    raw = google_event if owner.platform == "Google" else graph_event
    return {
        "uuid": str(entry.uuid),
        "calendar_uuid": str(entry.calendar.uuid),
        "google_id": entry.provider_id,
        "name": provider_event.title,
        "meeting_url": meeting_url(entry),
        "start_time": stamp(provider_event.start),
        "end_time": stamp(provider_event.end),
        "is_organizer": provider_event.organizer.email == owner.email,
        "is_recurring": bool(provider_event.series),
        "recurring_event_id": series_id(entry),
        "deleted": entry.deleted,
        "last_updated_at": stamp(entry.updated_at),
        "attendees": [
            _attendee(guest) for guest in (*provider_event.people_seen_by(owner.email), *provider_event.rooms)
        ],
        "bot_param": _bot_param(entry),
        "raw": raw(provider_event, owner.email),
    }


def series_id(entry: Entry) -> str | None:
    """The provider's id of the series."""
    owner, series = entry.calendar.raw.account, entry.provider_event.series
    if not series:
        return None
    return series if owner.platform == "Google" else graph_id(owner.email, series)


def notice(connected: Connected, at: datetime, events: Sequence[str], form: NoticeForm) -> dict[str, Any]:
    """A sync webhook as it looked at some time, or as handlers of third parties expect it."""
    data: dict[str, Any] = {"calendar_id": str(connected.uuid)}
    if form == "calendar_uuid":
        data = {"calendar_uuid": str(connected.uuid)}
    elif form == "uuid":
        data = {"uuid": str(connected.uuid)}
    data["last_updated_at" if form == "last_updated_at" else "last_updated_ts"] = stamp(at)
    if form in ("listed", "calendar_uuid", "uuid"):
        data["affected_event_uuids"] = list(events)
    elif form == "empty":
        data["affected_event_uuids"] = []
    elif form == "null":
        data["affected_event_uuids"] = None
    return {"event": SYNC_EVENTS, "data": data}


def _attendee(guest: Guest) -> dict[str, Any]:
    return {"email": guest.email, "name": guest.name or None}


def _bot_param(entry: Entry) -> dict[str, Any] | None:
    if entry.bot is None:
        return None
    param = entry.bot.model_dump(mode="json", exclude={"speech_to_text"})
    speech = entry.bot.transcriber
    return param | {
        "webhook_url": entry.bot.webhook_url or "",
        "speech_to_text_provider": speech and speech.provider,
        "speech_to_text_api_key": speech and speech.api_key,
    }
