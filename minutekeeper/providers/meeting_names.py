"""What names a meeting in its URL, for searches in the lists of providers."""

import re
from urllib.parse import unquote, urlsplit

_ROUTES = frozenset({"j", "l", "lookup", "meet", "meetup-join", "my", "w"})
"""Parts of paths that lead to every meeting of a platform."""


def meeting_name(meeting_url: str) -> str:
    """The part that identifies the meeting in any spelling of its URL: a code, a number or a thread."""
    return max(names_in_meeting_url(meeting_url), key=len, default=meeting_url.partition("?")[0])


def names_in_meeting_url(meeting_url: str) -> set[str]:
    """All parts of the path that may be such a name."""
    try:
        path = unquote(urlsplit(meeting_url).path)
    except ValueError:
        return set()
    return set(re.findall(r"[\w-]+", path.lower())) - _ROUTES
