"""Search attributes: what meetings can be found by in Temporal's UI and lists."""

import json
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from meetings.request import MeetingRequest
from meetings.status import MeetingStatus

MEETING_STATUS = SearchAttributeKey.for_keyword("MeetingStatus")
MEETING_PLATFORM = SearchAttributeKey.for_keyword("MeetingPlatform")
BOT_ID = SearchAttributeKey.for_keyword("BotId")
MEETING_URL = SearchAttributeKey.for_keyword("MeetingUrl")
CALENDAR_ID = SearchAttributeKey.for_keyword("CalendarId")
MEETING_START = SearchAttributeKey.for_datetime("MeetingStart")
MEETING_TITLE = SearchAttributeKey.for_text("MeetingTitle")

ALL_KEYS = (MEETING_STATUS, MEETING_PLATFORM, BOT_ID, MEETING_URL, CALENDAR_ID, MEETING_START, MEETING_TITLE)

_KEYWORD_CHARACTERS = 255
"""What a keyword may hold where Temporal's visibility lies in PostgreSQL."""
_TEXT_BYTES = 2000
"""Temporal refuses an attribute over 2,048 bytes, counted as JSON with everything but ASCII escaped."""


def at_start(request: MeetingRequest) -> TypedSearchAttributes:
    """The attributes of a meeting that was just booked; given at start they cost nothing."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(MEETING_STATUS, MeetingStatus.SCHEDULED.value),
        SearchAttributePair(MEETING_PLATFORM, request.platform.value),
        SearchAttributePair(MEETING_URL, request.meeting_url[:_KEYWORD_CHARACTERS]),
        SearchAttributePair(MEETING_START, request.start_time),
    ]
    if request.title:
        pairs.append(SearchAttributePair(MEETING_TITLE, _clipped(request.title)))
    if request.calendar is not None:
        pairs.append(SearchAttributePair(CALENDAR_ID, request.calendar.calendar_id[:_KEYWORD_CHARACTERS]))
    return TypedSearchAttributes(pairs)


def as_updates(request: MeetingRequest) -> list[SearchAttributeUpdate[Any]]:
    """The same for a meeting that runs already: it was started without them, or it moved."""
    pairs = at_start(request).search_attributes
    return [pair.key.value_set(pair.value) for pair in pairs if pair.key is not MEETING_STATUS]


def _clipped(text: str) -> str:
    while len(json.dumps(text)) > _TEXT_BYTES:
        text = text[:-10]
    return text


def as_keyword(text: str) -> str:
    """The part of a text that a keyword holds: what is searched for has to be cut alike."""
    return text[:_KEYWORD_CHARACTERS]
