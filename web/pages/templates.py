"""Renders pages and their fragments from the templates beside this module.

Everything that a template prints is escaped, and marks of direction that would turn round what stands near are
dropped. A name that is not there is an error.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from minutekeeper.meetings.descriptions import format_duration, format_size
from minutekeeper.meetings.views import MeetingView
from minutekeeper.text import balanced, one_line, truncate_utf8
from minutekeeper.transcripts.formats import clock_position
from starter.meeting_models import MeetingSummary
from web.pages import words

_STATIC_NAMES = frozenset(each.name for each in files("web.pages").joinpath("static").iterdir())

_LONGEST_NAME_BYTES = 160
"""A title of many kilobytes would fill a list; its meeting's page shows more of it."""


class PageFrame(NamedTuple):
    """What stands around the content of a page.

    `here` is the address of the entry of the navigation that the page belongs to. `live` names the page for its
    stream (`/live?page=…`); empty if it has none. `form_token` is what its forms send with them.
    """

    here: str
    visitor: str = ""
    form_token: str = ""
    live: str = ""


NAVIGATION = (
    ("/", "Board"),
    ("/meetings", "Meetings"),
    ("/search", "Search"),
    ("/calendars", "Calendars"),
    ("/webhooks", "Webhooks"),
)


def render_page(template: str, frame: PageFrame, values: Mapping[str, Any]) -> str:
    """A whole page. The template extends `base.html`."""
    return _ENVIRONMENT.get_template(template).render(values, frame=frame, now=datetime.now(UTC))


def render_fragment(template: str, name: str, **values: Any) -> Markup:
    """The part of a page that the macro of this name in a template makes."""
    module = _ENVIRONMENT.get_template(template).make_module({"now": datetime.now(UTC)})
    return Markup(getattr(module, name)(**values))  # noqa: S704 - a macro has escaped what it was given


def time_element(instant: datetime, form: str = "short") -> Markup:
    """An instant as `<time>`: the script shows it in the reader's zone, and UTC stays at hand.

    Args:
        instant: When.
        form: `clock` (14:03), `exact` (14:03:07), `short` (Tue 1 Dec, 14:03), `full` (with year and seconds),
            `day` (Tue 1 Dec), or how long ago (`since`) or hence (`until`) it is, which the script keeps right.
    """
    instant = instant.astimezone(UTC)
    return Markup('<time datetime="{iso}" title="{utc} UTC" data-form="{form}">{shown}</time>').format(
        iso=instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc=instant.strftime("%Y-%m-%d %H:%M:%S"),
        form=form,
        shown=_shown_in_utc(instant, form),
    )


def _shown_in_utc(instant: datetime, form: str) -> str:
    day = f"{instant:%a} {instant.day} {instant:%b}"
    match form:
        case "clock":
            return f"{instant:%H:%M} UTC"
        case "exact":
            return f"{instant:%H:%M:%S} UTC"
        case "short":
            return f"{day}, {instant:%H:%M} UTC"
        case "full":
            return f"{day} {instant:%Y}, {instant:%H:%M:%S} UTC"
        case "day":
            return day
        case "since" | "until":
            return rough_duration(abs(datetime.now(UTC) - instant))
    raise ValueError(f"{form!r} is no form of an instant")


def rough_duration(length: timedelta) -> str:
    """A duration to the minute, as an open page counts it: `12 min`, `1 h 30 min`, `2 d 4 h`."""
    minutes = int(length.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return format_duration(timedelta(minutes=minutes)) if minutes else "less than 1 min"


def meeting_path(meeting_id: str) -> str:
    """The address of a meeting's page."""
    return f"/meetings/{quote(meeting_id, safe='')}"


def meeting_label(meeting: MeetingView | MeetingSummary) -> str:
    """What a meeting is called in a line: its title, else its link, else its id; shortened."""
    name = one_line(meeting.title) or meeting.meeting_url or meeting.meeting_id
    return truncate_utf8(name, _LONGEST_NAME_BYTES)


def _static_address(name: str) -> str:
    """Where a file of `web/pages/static` is served. Raises KeyError for one that is not there."""
    if name not in _STATIC_NAMES:
        raise KeyError(name)
    return f"/static/{name}"


def code_marked(text: str) -> Markup:
    """A text whose parts between backticks are shown as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _length(seconds: float | timedelta) -> str:
    return format_duration(seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds))


def _position(seconds: float) -> str:
    """A moment of a recording: `12:35`, `01:12:35`."""
    return clock_position(int(seconds)).removeprefix("00:")


def _harmless(value: object) -> object:
    return balanced(value) if type(value) is str else value


def _new_environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters |= {
        "instant": time_element,
        "duration": _length,
        "size": format_size,
        "status_word": words.STATUS_WORDS.__getitem__,
        "status_tone": words.status_tone,
        "reason_word": words.REASON_WORDS.__getitem__,
        "reason_tone": words.reason_tone,
        "transcript_word": words.TRANSCRIPT_WORDS.__getitem__,
        "meeting_path": meeting_path,
        "meeting_label": meeting_label,
        "one_line": one_line,
        "position": _position,
        "coded": code_marked,
    }
    environment.globals |= {"static": _static_address, "navigation": NAVIGATION}
    return environment


_ENVIRONMENT = _new_environment()
