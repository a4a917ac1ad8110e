"""Which links lead into one meeting, and which of them admits best to it.

A number or a thread is one meeting under each of a service's many host names, with or without what admits a person.
"""

import re

from minutekeeper.meetings.meeting_urls import public_url

# The American government's Zoom is a service of its own, with numbers of its own.
_ZOOM_ROOM = re.compile(r"https://(?:[a-z0-9-]+\.)*zoom\.(?:us|com\.cn)/j/([0-9]+)", re.ASCII)
_TEAMS_ROOM = re.compile(r"https://[a-z0-9.-]+/l/meetup-join/([^/]+)/([0-9]+)", re.ASCII)
# A channel has one thread for all its meetings, which the message tells apart. This one is made for one meeting.
_TEAMS_OWN_THREAD = re.compile(r"[0-9]+%3Ameeting_", re.ASCII)


def meeting_key(url: str) -> str:
    """What tells meetings apart, from a link in its normal form: the same for every way into one meeting."""
    head = public_url(url).partition("?")[0]
    if number := _ZOOM_ROOM.fullmatch(head):
        return f"https://zoom.us/j/{number[1]}"
    if thread := _TEAMS_ROOM.fullmatch(head):
        message = "0" if _TEAMS_OWN_THREAD.match(thread[1]) else thread[2]
        return f"https://teams.microsoft.com/l/meetup-join/{thread[1]}/{message}"
    return head


def fullest_url(*urls: str) -> str:
    """The link that admits best to the meeting of the first one, of links in their normal form."""
    same = (url for url in urls if meeting_key(url) == meeting_key(urls[0]))
    return max(same, key=_fullness)


def _fullness(url: str) -> tuple[int, int]:
    """How many parameters a link has, and how much its context says: no other parameter says more by its length."""
    query = url.partition("?")[2]
    return len(query.split("&")) if query else 0, len(query) if query.startswith("context=") else 0
