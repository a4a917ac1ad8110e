"""Finds the meeting link of a calendar event."""

import re

from minutekeeper.meetings.link_texts import best_meeting_url
from minutekeeper.meetings.meeting_urls import MeetingUrl, MeetingUrlError, parse_meeting_url
from minutekeeper.providers.raw_calendar_events import RawEvent

_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


def best_link(given: str, raw: RawEvent) -> str:
    """The link that a bot can join by, else the first that looks like one, else the `given` one of the API."""
    places = (given, *raw.links)
    if found := best_meeting_url(places, raw.notes):
        return next((place for place in places if " " not in place and _is(place, found)), found.url)
    urls = (url for place in places for url in _URL.findall(place))
    return next(urls, given)


def _is(place: str, link: MeetingUrl) -> bool:
    """Whether a text consists only of this link."""
    try:
        return parse_meeting_url(place) == link
    except MeetingUrlError:
        return False
