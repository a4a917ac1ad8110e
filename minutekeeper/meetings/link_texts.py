"""Finding the meeting's link in what people and programs write: HTML, running text, descriptions and locations."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from minutekeeper.meetings.meeting_keys import fullest_url
from minutekeeper.meetings.meeting_urls import (
    INVISIBLE,
    MAX_LENGTH,
    PASSCODE,
    MeetingUrl,
    MeetingUrlError,
    parse_meeting_url,
    passcode_in,
    public_url,
    without_entities,
)

_MAX_READ = 100_000
_NEAR = 400
"""Characters behind a link in which a passcode is taken for its own."""

_HOSTS = (
    r"(?:(?:[a-z0-9-]+\.)*(?:zoom\.us|zoom\.com(?:\.cn)?|zoomgov\.com|teams\.microsoft\.(?:com|us))"
    r"|teams\.cloud\.microsoft|teams\.live\.com|meet\.google\.com|tel\.meet|g\.co/meet)/"
)
# The host of a link is told from the text in front of it where no company can have a part of its own in it.
_GLUED_HOSTS = r"(?:meet\.google\.com|teams\.(?:microsoft|live)\.com|us[0-9]{2}web\.zoom\.us|(?<=[0-9])zoom\.us)/"
_START = re.compile(
    r"(?:https?|zoommtg|zoomus)(?::|%(?:25)*3A)|msteams:"
    rf"|(?<![\w@./%-]){_HOSTS}|(?<![@./%-]){_GLUED_HOSTS}",
    re.IGNORECASE | re.ASCII,
)
_BROKEN_SCHEME = re.compile(rf"(?:\bhttps?(?::/?|//?)|(?<![\w:/])//)(?={_HOSTS})", re.IGNORECASE | re.ASCII)
_DOUBLE_SCHEME = re.compile(r"(?:https?://)+(?=https?://)", re.IGNORECASE | re.ASCII)
_MEETING = re.compile(rf"(?:[a-z]+://)?{_HOSTS}", re.IGNORECASE | re.ASCII)
_NEXT_TO_MEETING = re.compile(
    rf"(?:https?|zoommtg|zoomus)://|(?<![@./%-]){_GLUED_HOSTS}|(?<=\w)www\.", re.IGNORECASE | re.ASCII
)
_NEXT_TO_OTHER = re.compile(r"(?<=[a-z0-9])https?://", re.IGNORECASE | re.ASCII)
# No link has these but a Teams link whose context is not encoded, and those of Proofpoint.
_END = re.compile(r"[^\x21-\x7e]|[<>\"'`;()\[\]{}|]|,(?=https?:|\Z|\s)|\\(?![?=&])", re.ASCII)
_BARE_CONTEXT = re.compile(r"\{[^{}\s<>]*\}")
# Nothing in it is tried twice: anybody may send a long text of half such links.
_PROOFPOINT = re.compile(r"(?>https://urldefense\.(?:com|us)/v3/__[^\s<>\"]+?__;[\w=*-]*!!)[^\s<>\"$]*\$", re.ASCII)
_TAG = re.compile(r"<[^<>]*>")


def best_meeting_url(places: Iterable[str], notes: str = "") -> MeetingUrl | None:
    """The first link that a bot can join; of the links to that meeting, the one that admits best to it.

    In `notes` there may be links to anything, so they only serve to find a way into a meeting that is known.
    """
    found = [each for place in places for each in meeting_urls_in(place)]
    if not found:
        return None
    best = fullest_url(*(each.url for each in [*found, *meeting_urls_in(notes)]))
    return MeetingUrl(found[0].platform, best)


def meeting_urls_in(text: str) -> Iterator[MeetingUrl]:
    """Every link in a text that a bot can join, in order, with the passcode that stands behind it."""
    text = _plain(text)
    starts = [match.start() for match in _START.finditer(text)]
    position = 0
    for start, following in pairwise([*starts, len(text)]):
        if start < position:
            continue
        position = _end_of(text, start)
        behind = _TAG.sub(" ", text[position : max(position, min(following, position + _NEAR))])
        try:
            found = parse_meeting_url(text[start:position])
            passcode = "" if _admits(found) else passcode_in(behind)
            yield parse_meeting_url(f"{found.url} Passcode: {passcode}") if passcode else found
        except MeetingUrlError:
            continue


def _admits(found: MeetingUrl) -> bool:
    return public_url(found.url) != found.url


def _plain(text: str) -> str:
    text = without_entities(text[:_MAX_READ].translate(dict.fromkeys(map(ord, INVISIBLE))))
    return _DOUBLE_SCHEME.sub("", _BROKEN_SCHEME.sub("https://", text))


def _end_of(text: str, start: int) -> int:
    longest = start + MAX_LENGTH
    if whole := _PROOFPOINT.match(text, start, longest):
        return whole.end()
    end = _END.search(text, start, longest + 1)
    if end and end[0] == "{" and (context := _BARE_CONTEXT.match(text, end.start())):
        end = _END.search(text, context.end(), longest + 1)
    position = end.start() if end else min(len(text), longest + 1)
    # People and programs put the next link, or the word for the passcode, at the link without a blank.
    following = _NEXT_TO_MEETING if _MEETING.match(text, start) else _NEXT_TO_OTHER
    if next_link := following.search(text, start + 1, position):
        position = next_link.start()
    passcode = PASSCODE.search(text, start, position + _NEAR)
    return min(position, passcode.start()) if passcode else position
