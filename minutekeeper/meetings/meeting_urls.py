"""Links to meetings: recognise the platform and bring every spelling of a link to one form.

The normal form keeps what admits a person (passwords and personal tokens), because the bot needs it. What is shown,
logged and searched for is `public_url`. Nothing is fetched.
"""

import base64
import html
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from minutekeeper.meetings.link_wrappers import unwrap_link

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

    @property
    def public(self) -> str:
        """The link without what admits a person."""
        return public_url(self.url)


class MeetingUrlError(ValueError):
    """The text is no link to a meeting that a bot can join; the message says why and what is accepted."""


class _Link(NamedTuple):
    scheme: str
    host: str
    path: str
    params: dict[str, str]
    fragment: str


INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
"""Characters without width, which editors put into links."""

# What copying from mails, chats and Markdown leaves around a link. A closing brace is not among it:
# the context of a Teams link may end with one.
_LEFT_OVER_BEFORE = "<([{\"'`*"
_LEFT_OVER_AFTER = ">)]\"'`*.,;:!?"
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE | re.ASCII)
_SHELL_ESCAPE = re.compile(r"\\([?=&])")
_ENCODED = re.compile(r"(?:%(?:25)*3C)*(?:https?|zoommtg|zoomus)%(?:25)*3A", re.IGNORECASE | re.ASCII)
_PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE | re.ASCII)
_ENCODED_QUERY = re.compile(r"%(?:25)*3F", re.IGNORECASE | re.ASCII)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE | re.ASCII)
_WEB_SCHEMES = {"http", "https"}
_ZOOM_APP_SCHEMES = {"zoommtg", "zoomus"}
_TEAMS_APP = re.compile(r"msteams:(?://(?:teams\.microsoft\.com)?)?/?(?=[l_]|meet/)", re.IGNORECASE)
# A mail gateway may wrap a calendar's wrapper; deeper nesting than this is not a meeting invitation.
_MAX_WRAPPERS = 4

_PASSCODE_NAMES = (
    r"passcode|pass\s?code|password|pwd|kenncode|kennwort|passwort|mot de passe|code secret|contrase\S{1,3}a"
    r"|c\S{1,3}digo de acceso|senha|wachtwoord|toegangscode|密码|密碼|パスコード|パスワード|비밀번호|암호"
)
PASSCODE = re.compile(
    rf"(?:(?:meeting|webinar)\s+)?(?:(?:{_PASSCODE_NAMES})\s*[:：]\s*"  # noqa: RUF001 - as it is written in Chinese
    rf"|(?<![\w?&/=%.-])(?:{_PASSCODE_NAMES})\s+(?:is\s+)?(?=\S*[0-9]))(\S+)",
    re.IGNORECASE,
)
_AROUND_PASSCODE = ">)]\"'`.,;:」』】）。，"  # noqa: RUF001 - likewise

_MEET_CODE = re.compile(r"[a-z]{3}-[a-z]{4}-[a-z]{3}", re.IGNORECASE | re.ASCII)
# What stands before the name tells a nickname from a code.
_MEET_PATHS = {
    "meet.google.com": re.compile(r"/(?:_meet/|u/[0-9]+/)?(lookup/)?([\w-]+)/?", re.ASCII),
    "tel.meet": re.compile(r"/()([\w-]+)/?", re.ASCII),
    "g.co": re.compile(r"/(meet/)([\w-]+)/?", re.ASCII),
}

_ZOOM_HOST = re.compile(r"(?:[a-z0-9-]+\.)*(?:zoom\.us|zoom\.com|zoom\.com\.cn|zoomgov\.com)", re.ASCII)
_ZOOM_NUMBER = re.compile(r"[0-9]{9,11}")
_ZOOM_NUMBER_PATH = re.compile(
    r"/(j|w|s|wc/join|wc|launch/[a-z]+|join|meeting|webinar)/([0-9][0-9 -]{7,13}[0-9])(?:/(?:join|start))?/?",
    re.ASCII,
)
_ZOOM_PERSONAL_PATH = re.compile(r"/my/(\w(?:[\w.-]*\w)?)/?", re.ASCII)

_TEAMS_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)*teams\.microsoft\.(?:com|us)|teams\.live\.com|teams\.microsoftonline\.cn", re.ASCII
)
# The newer name of the global cloud: the same meetings under the name that every client knows.
_TEAMS_ALIASES = {"teams.cloud.microsoft": "teams.microsoft.com", "www.teams.microsoft.com": "teams.microsoft.com"}
_TEAMS_THREAD_PATH = re.compile(
    r"/(?:l/meetup-join|pre-join-calling)/([0-9]+:[\w.:+=-]+@[\w.-]+)(?:/([0-9]+))?/?", re.IGNORECASE | re.ASCII
)
_TEAMS_NUMBER_PATH = re.compile(r"/meet/([0-9]{9,20})/?", re.IGNORECASE | re.ASCII)
_TEAMS_THREAD = re.compile(r"[0-9]+:[\w.:+=-]+@[\w.-]+", re.ASCII)


def parse_meeting_url(text: str) -> MeetingUrl:
    """Read a link to a Google Meet, Zoom or Microsoft Teams meeting, however it was copied.

    Kept are the meeting and what admits a person to it: password, context, personal token, and a passcode that the
    text names behind the link. Tracking parameters and the wrappers of mails and chats are dropped.

    Raises:
        MeetingUrlError: for everything else. The message never repeats more of the text than its host,
            since a link carries the meeting's password.
    """
    text, passcode = _without_passcode(text)
    link = _split(_innermost(text))
    if link.scheme in _ZOOM_APP_SCHEMES and not _ZOOM_HOST.fullmatch(link.host):
        raise _refusal(f"{link.scheme}: links open Zoom, but this one leads to {link.host!r}")
    if link.host in _MEET_PATHS:
        meeting = MeetingUrl(Platform.GOOGLE_MEET, _google_meet(link))
    elif _ZOOM_HOST.fullmatch(link.host):
        meeting = MeetingUrl(Platform.ZOOM, _zoom(link, passcode))
    elif link.host in _TEAMS_ALIASES or _TEAMS_HOST.fullmatch(link.host):
        meeting = MeetingUrl(Platform.MICROSOFT_TEAMS, _teams(link, passcode))
    else:
        raise _refusal(f"{link.host!r} is not a host of these services")
    if len(meeting.url) > MAX_LENGTH:
        raise _refusal(f"it is longer than {MAX_LENGTH:,} characters")
    return meeting


def public_url(url: str) -> str:
    """A link in its normal form without what admits a person: what may be shown, logged and searched for."""
    head, _, query = url.partition("?")
    if query.startswith("context="):
        return f"{head}?{query.partition('&')[0]}"
    return re.sub(r"/w/([0-9]+)\Z", r"/j/\1", head)


def without_entities(text: str) -> str:
    """The text without the entities of HTML, also where they were made twice; `&para=1` is none."""
    for _ in range(2):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text


def passcode_in(text: str) -> str:
    """The passcode that a text names; empty if it names none."""
    match = PASSCODE.search(text)
    return match[1].strip(_AROUND_PASSCODE + "<(") if match else ""


def _refusal(problem: str) -> MeetingUrlError:
    return MeetingUrlError(
        f"Not a link to a meeting: {problem}. Give one such as https://meet.google.com/abc-defg-hij, "
        "https://zoom.us/j/12345678901?pwd=…, https://teams.microsoft.com/l/meetup-join/… or "
        "https://teams.live.com/meet/…"
    )


def _without_passcode(text: str) -> tuple[str, str]:
    """The link, and the passcode that stands behind it in words."""
    if len(text) > MAX_LENGTH:
        raise _refusal(f"it is longer than {MAX_LENGTH:,} characters")
    match = PASSCODE.search(text)
    before = text[: match.start()].split() if match else []
    # What stands between the two, such as the meeting's number, is no part of either.
    return (before[0].rstrip("([（,;|"), passcode_in(text)) if before else (text, "")  # noqa: RUF001 - as people type it


def _innermost(text: str) -> str:
    """The link itself, out of what copying left around it and out of its wrappers."""
    text = _cleaned(text)
    for _ in range(_MAX_WRAPPERS):
        inner = unwrap_link(text)
        if inner is None:
            break
        text = _cleaned(inner)
    return text


def _cleaned(text: str) -> str:
    text = text.translate(dict.fromkeys(map(ord, INVISIBLE))).strip()
    text = text.lstrip(_LEFT_OVER_BEFORE).rstrip(_LEFT_OVER_AFTER)
    while _ENCODED.match(text):
        text = unquote(text).lstrip(_LEFT_OVER_BEFORE)
    text = without_entities(text)
    text = _SHELL_ESCAPE.sub(r"\1", text).rstrip(_LEFT_OVER_AFTER)
    if not text:
        raise _refusal("it is empty")
    if " " in text or not text.isprintable():
        raise _refusal("it contains blanks, control characters or invisible characters")
    text = _TEAMS_APP.sub("https://teams.microsoft.com/", text)
    return text if _SCHEME.match(text) else f"https://{text}"


def _split(text: str) -> _Link:
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
    path, query = parts.path, parts.query
    if encoded := _ENCODED_QUERY.search(path):
        # The question mark was encoded with the rest of the link.
        path, query = path[: encoded.start()], f"{_decoded(path[encoded.end() :])}&{query}"
    return _Link(parts.scheme, host, path, _params(query), parts.fragment)


def _params(query: str) -> dict[str, str]:
    # A plus sign stays one: Zoom passwords are base64, and none of the values kept holds a blank.
    parts = [part for pair in query.split("&") for part in (pair if "=" in pair else _decoded(pair)).split("&")]
    pairs = (part.partition("=") for part in reversed(parts))
    params = {name: _decoded(value) for name, _, value in pairs if value}
    if not all(value.isprintable() for value in params.values()):
        raise _refusal("it contains encoded control characters or invisible characters")
    return params


def _decoded(text: str) -> str:
    """Encoded once or several times: none of the values that are kept has a percent sign of its own."""
    while _PERCENT.search(text) and (plain := unquote(text)) != text:
        text = plain
    return text


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


def _zoom(link: _Link, passcode: str) -> str:
    # The web client's own host serves no invitations; www is the same site as the bare name, and so is .com.
    host = link.host.removeprefix("app.").removeprefix("www.")
    host = f"{host.removesuffix('.com')}.us" if host.endswith("zoom.com") else host
    named = {name.casefold(): value for name, value in link.params.items()}
    password = _first_word(named.get("pwd") or named.get("password") or named.get("passcode") or passcode)
    token = _first_word(named.get("tk", ""))
    if personal := _ZOOM_PERSONAL_PATH.fullmatch(link.path):
        return _url(host, f"/my/{personal[1]}", tk=token, pwd=password)
    in_path = _ZOOM_NUMBER_PATH.fullmatch(unquote(link.path))
    number = re.sub(r"[ -]", "", in_path[2] if in_path else named.get("confno", ""))
    if not _ZOOM_NUMBER.fullmatch(number):
        raise _refusal("this Zoom link carries no meeting number of 9 to 11 digits")
    # A webinar's personal link works under its own path alone.
    kind = "w" if token and in_path and in_path[1] == "w" else "j"
    return _url(host, f"/{kind}/{number}", tk=token, pwd=password)


def _first_word(value: str) -> str:
    """A value without what follows it in a text that was glued to the link."""
    return re.split(r"[&;<>\"'\s|]", value, maxsplit=1)[0]


def _teams(link: _Link, passcode: str) -> str:
    host = _TEAMS_ALIASES.get(link.host, link.host)
    if link.path.endswith("/light-meetings/launch"):
        return _light_meeting(host, link.params.get("coords", ""))
    # The launcher and the web client carry the real link in a parameter or behind the hash sign.
    launched = link.params.get("url", "") if link.path.startswith("/dl/launcher/") else ""
    for inner in (launched, link.fragment, ""):
        path, params = link.path, link.params
        if "/" in inner:
            path, _, query = inner.rpartition("#")[2].partition("?")
            params = _params(query)
        path = _decoded(path)
        if thread := _TEAMS_THREAD_PATH.fullmatch(path):
            return _thread(host, thread[1], thread[2] or "0", _context(params.get("context", "")))
        if number := _TEAMS_NUMBER_PATH.fullmatch(path):
            return _url(host, f"/meet/{number[1]}", p=_first_word(params.get("p") or passcode))
    raise _refusal("this Microsoft Teams link is neither a /l/meetup-join/19:…@thread… nor a /meet/… link")


def _thread(host: str, thread: str, message: str, context: str) -> str:
    return _url(host, f"/l/meetup-join/{quote(thread, safe='')}/{message}", context=context)


def _light_meeting(host: str, coords: str) -> str:
    """The page for those without an account names the meeting in a parameter of its own."""
    try:
        found = json.loads(unquote(base64.b64decode(coords.replace("-", "+").replace("_", "/") + "==").decode()))
        thread, tenant = str(found["conversationId"]), str(found["tenantId"])
        organizer, message = str(found.get("organizerId") or ""), str(found.get("messageId") or "0")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refusal("this Microsoft Teams link names no meeting in its coords") from None
    if not _TEAMS_THREAD.fullmatch(thread) or not re.fullmatch(r"[0-9]+", message, re.ASCII):
        raise _refusal("this Microsoft Teams link names no meeting in its coords")
    parts = {"Tid": tenant} | ({"Oid": organizer} if organizer else {})
    return _thread(host, thread, message, _context(json.dumps(parts)))


def _context(text: str) -> str:
    """Whose tenant and organiser it is, in one order and spelling; what is no such object stays as it is."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, dict):
        return text
    known = {name.casefold(): value for name, value in found.items()}
    first = {name: known[name.casefold()] for name in ("Tid", "Oid") if name.casefold() in known}
    rest = {name: value for name, value in found.items() if name.casefold() not in {"tid", "oid"}}
    context = json.dumps(first | rest, separators=(",", ":"))
    return context if context.isprintable() else text
