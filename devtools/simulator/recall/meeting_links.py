"""Meeting links, which callers write as text and read back as an object."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

_ZOOM = re.compile(r"https://(?:[\w-]+\.)*zoom\.us/(?:j|w|my|s)/(?P<meeting_id>[\w.-]+)")
_TEAMS = re.compile(r"https://teams\.(?P<place>microsoft|live)\.com/(?:meet/(?P<meeting_id>\w+))?\S*")
_OTHERS: Mapping[str, re.Pattern[str]] = {
    "google_meet": re.compile(r"https://meet\.google\.com/(?P<meeting_id>[\w-]+(/[\w-]+)?)"),
    "webex": re.compile(r"https://(?P<meeting_subdomain>[\w-]+)\.webex\.com/(?P<meeting_personal_room_id>\S+)"),
    "goto_meeting": re.compile(r"https://(?:[\w-]+\.)*goto(?:meeting)?\.com/\S*?(?P<meeting_id>\d{6,})"),
}
_LINK = re.compile(r"https://[^\s<>\"']+")
_PARTS_OF_TEAMS = ("organizer_id", "tenant_id", "message_id", "thread_id")
_BUSINESS = ("business_meeting_id", "business_meeting_password")


def parsed_link(link: str) -> dict[str, Any] | None:
    """The link in parts with its `platform`; None if it is none of a meeting. Teams links lose most of theirs."""
    query = parse_qs(urlsplit(link).query)
    if match := _ZOOM.match(link):
        return {**match.groupdict(), "meeting_password": query.get("pwd", [None])[0], "platform": "zoom"}
    if match := _TEAMS.match(link):
        return {
            "meeting_id": match["meeting_id"],
            "meeting_password": query.get("p", [None])[0],
            **dict.fromkeys(_PARTS_OF_TEAMS + _BUSINESS),
            "platform": "microsoft_teams_live" if match["place"] == "live" else "microsoft_teams",
        }
    for platform, pattern in _OTHERS.items():
        if match := pattern.match(link):
            return {**match.groupdict(), "platform": platform}
    return None


def find_link(text: str) -> str:
    """The first meeting link in a text; empty if there is none."""
    return next((link for link in _LINK.findall(text) if parsed_link(link)), "")
