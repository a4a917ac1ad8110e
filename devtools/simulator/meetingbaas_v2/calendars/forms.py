"""Calendars, series and events as the API shows them, and the webhooks that tell of them."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from devtools.simulator.calendars.google import google_event
from devtools.simulator.calendars.graph import graph_event
from devtools.simulator.calendars.provider_events import Guest
from devtools.simulator.meetingbaas_v2.calendars.models import platform_name
from devtools.simulator.meetingbaas_v2.calendars.store import Event, Series, V2Calendar
from devtools.simulator.meetingbaas_v2.payloads import millis
from devtools.simulator.meetingbaas_v2.settings import Wording
from devtools.simulator.state import now

Change = Literal["created", "updated", "cancelled"]
_INSTANCES: dict[Change, str] = {
    "created": "instances",
    "updated": "affected_instances",
    "cancelled": "cancelled_instances",
}


def calendar(connected: V2Calendar) -> dict[str, Any]:
    return {
        "calendar_id": str(connected.uuid),
        "calendar_platform": platform_name(connected.raw.account.platform),
        "account_email": connected.email,
        "status": connected.status,
        "created_at": millis(connected.created_at),
    }


def calendar_item(connected: V2Calendar) -> dict[str, Any]:
    return calendar(connected) | {"synced_at": millis(connected.synced_at)}


def calendar_details(connected: V2Calendar) -> dict[str, Any]:
    return calendar_item(connected) | {
        "status_message": connected.status_message,
        "subscription_id": str(connected.subscription_id),
        "subscription_expires_at": millis(connected.subscription_expires_at),
        "sync_status": connected.sync_status,
        "sync_error": connected.sync_error,
        "provider_metadata": {"calendar_id": connected.raw.id, "name": connected.raw.name},
        "updated_at": millis(connected.updated_at),
    }


def series(one: Series, events: Sequence[Event], calendar_id: str) -> dict[str, Any]:
    return {
        "series_id": str(one.uuid),
        "event_type": one.event_type,
        "calendar_id": calendar_id,
        "created_at": millis(one.created_at),
        "events": [_event(event) for event in events],
    }


def event_item(event: Event) -> dict[str, Any]:
    """Without people, zone and description, which only the event by itself has."""
    return {"series_id": str(event.series.uuid), "event_type": event.series.event_type} | _event(event)


def event_details(event: Event) -> dict[str, Any]:
    provider_event, account = event.provider_event, event.calendar.raw.account
    raw = google_event if account.platform == "Google" else graph_event
    item = event_item(event)
    del item["is_exception"]
    people = [*provider_event.people_seen_by(account.email), *provider_event.rooms]
    return item | {
        "description": provider_event.text_of("description") or None,
        "location": provider_event.text_of("location") or None,
        "timezone": provider_event.time_zone,
        "is_all_day": provider_event.all_day,
        "organizer_email": provider_event.organizer.email,
        "organizer_name": provider_event.organizer.name or None,
        "attendees": [_attendee(guest, event) for guest in people],
        "calendar_platform": platform_name(account.platform),
        "raw_payload": raw(provider_event, account.email),
        "updated_at": millis(event.updated_at),
    }


def connection_webhook(
    connected: V2Calendar, change: Literal["created", "updated", "deleted"], wording: Wording
) -> Any:
    """Of a connection; with the wording of the pages one that has no access any more is told as an error."""
    event, data = f"calendar.connection_{change}", calendar(connected)
    if change == "updated":
        data["updated_at"] = millis(connected.updated_at)
    if change == "deleted":
        data = {name: data[name] for name in ("calendar_id", "calendar_platform")}
        data["deleted_at"] = millis(now())
    if wording == "pages":
        data["platform"] = data.pop("calendar_platform")
        if change == "updated" and connected.status != "active":
            event, data["error"] = "calendar.connection_error", connected.status_message
        if change == "created":
            data["calendar_name"] = connected.raw.name
    return {"event": event, "data": data}


def synced_webhook(connected: V2Calendar, events: Sequence[Event], wording: Wording) -> Any:
    """Of the first sync: all events, or with the wording of the pages how many they are."""
    data: dict[str, Any] = {"calendar_id": str(connected.uuid)}
    if wording == "pages":
        data |= {"events_synced": len(events), "sync_type": "full"}
    else:
        data["events"] = [_group(group, "created", wording) for group in by_series(events)]
    return {"event": "calendar.events_synced", "data": data}


def change_webhook(connected: V2Calendar, events: Sequence[Event], change: Change, wording: Wording) -> Any:
    """Of the events of one series that changed in the same way."""
    data = {"calendar_id": str(connected.uuid)} | _group(events, change, wording)
    if change == "updated" and wording == "spec":
        data["is_exception"] = all(event.provider_event.is_exception for event in events)
    if change == "cancelled" and wording == "spec":
        del data["series_bot_scheduled"]
    return {"event": f"calendar.event_{change}", "data": data}


def by_series(events: Sequence[Event]) -> list[list[Event]]:
    """Each series with those of the events that belong to it, in the order of their starts."""
    ordered = sorted(events, key=lambda event: (event.series.created_at, str(event.series.uuid), _start(event)))
    return [list(group) for _, group in groupby(ordered, key=lambda event: event.series)]


def _start(event: Event) -> datetime:
    return event.provider_event.start


def _event(event: Event) -> dict[str, Any]:
    provider_event = event.provider_event
    return {
        "event_id": str(event.uuid),
        "title": provider_event.title,
        "start_time": millis(provider_event.start),
        "end_time": millis(provider_event.end),
        "status": event.status,
        "is_exception": provider_event.is_exception,
        "meeting_url": event.meeting_url,
        "meeting_platform": event.meeting_platform,
        "calendar_id": str(event.calendar.uuid),
        "bot_scheduled": event.bot_scheduled,
        "created_at": millis(event.created_at),
    }


def _group(events: Sequence[Event], change: Change, wording: Wording) -> dict[str, Any]:
    one = events[0].series
    return {
        "event_type": one.event_type,
        "series_id": str(one.uuid),
        "series_bot_scheduled": one.bot is not None,
        _INSTANCES[change]: [_instance(event, wording) for event in events],
    }


def _instance(event: Event, wording: Wording) -> dict[str, Any]:
    provider_event = event.provider_event
    start, end = ("start", "end") if wording == "spec" else ("start_time", "end_time")
    return {
        "event_id": str(event.uuid),
        start: millis(provider_event.start),
        end: millis(provider_event.end),
        "title": provider_event.title,
        "status": event.status,
        "is_all_day": provider_event.all_day,
        "is_exception": provider_event.is_exception,
        "bot_scheduled": event.bot_scheduled,
        "meeting_url": event.meeting_url,
        "meeting_platform": event.meeting_platform,
    }


def _attendee(guest: Guest, event: Event) -> dict[str, Any]:
    """Whether a room can be told from a person only the raw object says."""
    told: dict[str, Any] = {"email": guest.email, "name": guest.name or None, "response_status": guest.response}
    if guest == event.provider_event.organizer:
        told["organizer"] = True
    if guest.email == event.calendar.email:
        told["self"] = True
    return told
