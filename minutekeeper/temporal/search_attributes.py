"""Search attributes: what meetings can be found by in Temporal's UI and lists."""

import json
import re
from collections.abc import Iterable
from typing import Any

from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    SearchAttributeUpdate,
    TypedSearchAttributes,
)

from minutekeeper.calendars.messages import CalendarStatus
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus

MEETING_STATUS = SearchAttributeKey.for_keyword("MeetingStatus")
MEETING_PLATFORM = SearchAttributeKey.for_keyword("MeetingPlatform")
BOT_ID = SearchAttributeKey.for_keyword("BotId")
BOT_PROVIDER = SearchAttributeKey.for_keyword("BotProvider")
"""The provider of the bot that `BotId` names."""
MEETING_URL = SearchAttributeKey.for_keyword("MeetingUrl")
CALENDAR_ID = SearchAttributeKey.for_keyword_list("CalendarId")
"""All calendars that want a meeting; `CalendarId = "…"` finds what has that one among others."""
MEETING_START = SearchAttributeKey.for_datetime("MeetingStart")
MEETING_TITLE = SearchAttributeKey.for_text("MeetingTitle")
MEETING_META = SearchAttributeKey.for_keyword_list("MeetingMeta")
"""The caller's own data of a meeting, each as `key=value`."""
CALENDAR_STATUS = SearchAttributeKey.for_keyword("CalendarStatus")
"""Of calendars alone: how each of them is."""

ALL_KEYS = (
    *(
        MEETING_STATUS,
        MEETING_PLATFORM,
        BOT_ID,
        BOT_PROVIDER,
        MEETING_URL,
        CALENDAR_ID,
        MEETING_START,
        MEETING_TITLE,
        MEETING_META,
    ),
    CALENDAR_STATUS,
)

_KEYWORD_CHARACTERS = 255
"""The longest keyword if Temporal's visibility store is PostgreSQL."""
_TEXT_BYTES = 2000
"""Temporal refuses an attribute over 2,048 bytes, counted as JSON with everything but ASCII escaped.

That is fifty calendars by the names that Meeting BaaS gives them.
"""


_UNSEARCHABLE = re.compile(r"[:'\\\x00-\x1f\x7f-\x9f]+")
"""What PostgreSQL's cast of a text to `tsvector` reads as syntax, and what it cannot store at all.

Temporal's visibility schema casts every Text attribute so, and a value that the cast refuses costs the whole
row: the meeting would be in no list.
"""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def initial_attributes(request: MeetingRequest) -> TypedSearchAttributes:
    """The attributes of a meeting that was just booked; given at start they cost nothing."""
    pairs: list[SearchAttributePair[Any]] = [
        SearchAttributePair(MEETING_STATUS, MeetingStatus.SCHEDULED.value),
        SearchAttributePair(MEETING_PLATFORM, request.platform.value),
        SearchAttributePair(MEETING_URL, as_keyword(request.public_url)),
        SearchAttributePair(MEETING_START, request.start_time),
    ]
    if title := as_text(request.title):
        pairs.append(SearchAttributePair(MEETING_TITLE, title))
    if request.metadata:
        listed = _listed(f"{key}={value}" for key, value in request.metadata.items())
        pairs.append(SearchAttributePair(MEETING_META, listed))
    if request.calendar is not None:
        pairs.append(SearchAttributePair(CALENDAR_ID, _listed([request.calendar.calendar_id])))
    return TypedSearchAttributes(pairs)


def initial_attribute_updates(request: MeetingRequest) -> list[SearchAttributeUpdate[Any]]:
    """The same for a meeting that was started without them."""
    return [pair.key.value_set(pair.value) for pair in initial_attributes(request).search_attributes]


def updated_attributes(request: MeetingRequest) -> list[SearchAttributeUpdate[Any]]:
    """What of it is new when a meeting has moved. Its status and its calendars change by themselves."""
    apart = {MEETING_STATUS.name, CALENDAR_ID.name}
    return [update for update in initial_attribute_updates(request) if update.key.name not in apart]


def calendar_pair(calendar_ids: Iterable[str]) -> SearchAttributePair[Any]:
    """The calendars that want a meeting: as many as there is room for."""
    return SearchAttributePair(CALENDAR_ID, _listed(calendar_ids))


def bot_pairs(bot_id: str, provider: str) -> list[SearchAttributePair[Any]]:
    """The bot that a meeting can be found by: its newest one."""
    pairs: list[SearchAttributePair[Any]] = [SearchAttributePair(BOT_ID, as_keyword(bot_id))]
    if provider:
        pairs.append(SearchAttributePair(BOT_PROVIDER, as_keyword(provider)))
    return pairs


def calendar_attribute(calendar_ids: Iterable[str]) -> SearchAttributeUpdate[Any]:
    """The calendars that a meeting, or a calendar itself, can be found by: as many as there is room for."""
    return CALENDAR_ID.value_set(_listed(calendar_ids))


def calendar_status_attribute(status: CalendarStatus) -> SearchAttributeUpdate[Any]:
    return CALENDAR_STATUS.value_set(status.value)


def _listed(names: Iterable[str]) -> list[str]:
    listed = [as_keyword(name) for name in names]
    while len(json.dumps(listed, separators=(",", ":"))) > _TEXT_BYTES:
        listed.pop()
    return listed


def as_text(text: str) -> str:
    """The text as every visibility store takes it: blanks for what PostgreSQL refuses, and not too long."""
    words = _UNSEARCHABLE.sub(" ", text).strip()
    while len(json.dumps(words)) > _TEXT_BYTES:
        words = words[:-10]
    return words


def as_keyword(text: str) -> str:
    """The part of a text that a keyword holds: what is searched for has to be treated alike."""
    return _CONTROLS.sub(" ", text)[:_KEYWORD_CHARACTERS]
