"""Links to meetings: recognise the platform and bring every spelling of a link to one form.

Two links to the same meeting become the same string, so the result serves both as the address that a
bot is sent to and as the key by which meetings are compared. Nothing is fetched.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

MAX_LENGTH = 2048


class Platform(StrEnum):
    GOOGLE_MEET = "google_meet"
    ZOOM = "zoom"
    MICROSOFT_TEAMS = "microsoft_teams"


@dataclass(frozen=True, slots=True)
class MeetingUrl:
    """A link to a meeting in its one normal form, with what is needed to join and nothing else."""

    platform: Platform
    url: str


class MeetingUrlError(ValueError):
    """The text is no link to a meeting that a bot can join; the message says why and what is accepted."""


class _Link(NamedTuple):
    scheme: str
    host: str
    path: str
    params: dict[str, str]
    fragment: str


# What copying from mails, chats and Markdown leaves around a link. A closing brace is not among it:
# the context of a Teams link may end with one.
_LEFT_OVER_BEFORE = "<([{\"'*\u200b\u2060\ufeff "
_LEFT_OVER_AFTER = ">)]\"'*.,;:!?\u200b\u2060\ufeff "
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE | re.ASCII)
_WEB_SCHEMES = {"http", "https"}
_ZOOM_APP_SCHEMES = {"zoommtg", "zoomus"}
# A mail gateway may wrap a calendar's wrapper; deeper nesting than this is not a meeting invitation.
_MAX_WRAPPERS = 4

_MEET_CODE = re.compile(r"[a-z]{3}-[a-z]{4}-[a-z]{3}", re.IGNORECASE | re.ASCII)
# What stands before the name tells a nickname from a code.
_MEET_PATHS = {
    "meet.google.com": re.compile(r"/(lookup/)?([\w-]+)/?", re.ASCII),
    "g.co": re.compile(r"/(meet/)([\w-]+)/?", re.ASCII),
}

_ZOOM_HOST = re.compile(r"(?:[a-z0-9-]+\.)*(?:zoom\.us|zoom\.com|zoom\.com\.cn|zoomgov\.com)", re.ASCII)
_ZOOM_NUMBER = re.compile(r"[0-9]{9,11}")
_ZOOM_NUMBER_PATH = re.compile(r"/(?:[jws]|wc/join|wc|launch/[a-z]+)/([0-9]{9,11})(?:/(?:join|start))?/?", re.ASCII)
_ZOOM_PERSONAL_PATH = re.compile(r"/my/(\w(?:[\w.-]*\w)?)/?", re.ASCII)

_TEAMS_HOST = re.compile(r"(?:[a-z0-9-]+\.)*teams\.microsoft\.(?:com|us)|teams\.live\.com", re.ASCII)
# The newer name of the global cloud: the same meetings under the name that every client knows.
_TEAMS_ALIASES = {"teams.cloud.microsoft": "teams.microsoft.com"}
_TEAMS_THREAD_PATH = re.compile(
    r"/l/meetup-join/([0-9]+:[\w.:+=-]+@[\w.-]+)(?:/([0-9]+))?/?", re.IGNORECASE | re.ASCII
)
_TEAMS_NUMBER_PATH = re.compile(r"/meet/([0-9]{9,20})/?", re.IGNORECASE)


def parse_meeting_url(text: str) -> MeetingUrl:
    """Read a link to a Google Meet, Zoom or Microsoft Teams meeting, however it was copied.

    Kept are the meeting and the password or context needed to join; tracking parameters, personal Zoom
    registration tokens and the wrappers of Google and Outlook are dropped.

    Raises:
        MeetingUrlError: for everything else. The message never repeats more of the text than its host,
            since a link carries the meeting's password.
    """
    link = _unwrapped(_split(text))
    if link.scheme in _ZOOM_APP_SCHEMES and not _ZOOM_HOST.fullmatch(link.host):
        raise _refusal(f"{link.scheme}: links open Zoom, but this one leads to {link.host!r}")
    if link.host in _MEET_PATHS:
        meeting = MeetingUrl(Platform.GOOGLE_MEET, _google_meet(link))
    elif _ZOOM_HOST.fullmatch(link.host):
        meeting = MeetingUrl(Platform.ZOOM, _zoom(link))
    elif link.host in _TEAMS_ALIASES or _TEAMS_HOST.fullmatch(link.host):
        meeting = MeetingUrl(Platform.MICROSOFT_TEAMS, _teams(link))
    else:
        raise _refusal(f"{link.host!r} is not a host of these services")
    if len(meeting.url) > MAX_LENGTH:
        raise _refusal(f"it is longer than {MAX_LENGTH:,} characters")
    return meeting


def _refusal(problem: str) -> MeetingUrlError:
    return MeetingUrlError(
        f"Not a link to a meeting: {problem}. Give one such as https://meet.google.com/abc-defg-hij, "
        "https://zoom.us/j/12345678901?pwd=…, https://teams.microsoft.com/l/meetup-join/… or "
        "https://teams.live.com/meet/…"
    )


def _split(text: str) -> _Link:
    if len(text) > MAX_LENGTH:
        raise _refusal(f"it is longer than {MAX_LENGTH:,} characters")
    text = text.strip().lstrip(_LEFT_OVER_BEFORE).rstrip(_LEFT_OVER_AFTER).replace("&amp;", "&")
    if not text:
        raise _refusal("it is empty")
    if " " in text or not text.isprintable():
        raise _refusal("it contains blanks, control characters or invisible characters")
    if not _SCHEME.match(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError as error:
        raise _refusal("its host or port is malformed") from error
    if parts.scheme not in _WEB_SCHEMES | _ZOOM_APP_SCHEMES:
        raise _refusal(f"its scheme is {parts.scheme!r} instead of https")
    if "@" in parts.netloc:
        raise _refusal("it hides its host behind a user name")
    if port not in {None, 80, 443}:
        raise _refusal(f"its port is {port}")
    return _Link(parts.scheme, host, parts.path, _params(parts.query), parts.fragment)


def _params(query: str) -> dict[str, str]:
    # A plus sign stays one: Zoom passwords are base64, and none of the values kept holds a blank.
    pairs = (pair.partition("=") for pair in reversed(query.split("&")))
    params = {name: unquote(value) for name, _, value in pairs}
    if not all(value.isprintable() for value in params.values()):
        raise _refusal("it contains encoded control characters or invisible characters")
    return params


def _unwrapped(link: _Link) -> _Link:
    for _ in range(_MAX_WRAPPERS):
        if link.host in {"www.google.com", "google.com"} and link.path == "/url":
            target = link.params.get("q") or link.params.get("url", "")
        elif link.host.endswith(".safelinks.protection.outlook.com"):
            target = link.params.get("url", "")
        else:
            break
        link = _split(target)
    return link


def _url(host: str, path: str, **params: str | None) -> str:
    query = "&".join(f"{name}={quote(value, safe='=/')}" for name, value in params.items() if value)
    url = f"https://{host}{path}?{query}" if query else f"https://{host}{path}"
    # A final full stop belongs to the link here, but to the sentence around it when it is read again.
    return f"{url[:-1]}%2E" if url.endswith(".") else url


def _google_meet(link: _Link) -> str:
    match = _MEET_PATHS[link.host].fullmatch(link.path)
    if match and _MEET_CODE.fullmatch(match[2]):
        return _url("meet.google.com", f"/{match[2].lower()}")
    if match and match[1]:
        return _url("meet.google.com", f"/lookup/{match[2]}")
    raise _refusal("this Google Meet link carries no meeting code of the form abc-defg-hij")


def _zoom(link: _Link) -> str:
    # The web client's own host serves no invitations; www is the same site as the bare name.
    host = link.host.removeprefix("app.").removeprefix("www.")
    password = link.params.get("pwd")
    if personal := _ZOOM_PERSONAL_PATH.fullmatch(link.path):
        return _url(host, f"/my/{personal[1]}", pwd=password)
    in_path = _ZOOM_NUMBER_PATH.fullmatch(link.path)
    number = in_path[1] if in_path else link.params.get("confno", "")
    if not _ZOOM_NUMBER.fullmatch(number):
        raise _refusal("this Zoom link carries no meeting number of 9 to 11 digits")
    return _url(host, f"/j/{number}", pwd=password)


def _teams(link: _Link) -> str:
    host = _TEAMS_ALIASES.get(link.host, link.host)
    path, params = link.path, link.params
    # The launcher and the web client carry the real link in a parameter or behind the hash sign.
    inner = params.get("url", "") if path.startswith("/dl/launcher/") else link.fragment
    if "/" in inner:
        path, _, query = inner.rpartition("#")[2].partition("?")
        params = _params(query)
    path = unquote(path)
    if thread := _TEAMS_THREAD_PATH.fullmatch(path):
        message = thread[2] or "0"
        return _url(host, f"/l/meetup-join/{quote(thread[1], safe='')}/{message}", context=params.get("context"))
    if number := _TEAMS_NUMBER_PATH.fullmatch(path):
        return _url(host, f"/meet/{number[1]}", p=params.get("p"))
    raise _refusal("this Microsoft Teams link is neither a /l/meetup-join/19:…@thread… nor a /meet/… link")
