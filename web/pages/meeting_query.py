"""What the list of meetings is asked for in its address, and what of that cannot be understood."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError

from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.status import NEVER_JOINED, FailureReason, MeetingStatus, is_our_fault
from web.meetings_query import MeetingsQuery

_METADATA = "metadata."
_DAY_LENGTH = len("2027-01-11")
_LAST_PAGE = 200
_MOST_DIGITS = len(str(_LAST_PAGE))


class Fault(StrEnum):
    """Whose fault it is that there is no recording."""

    OURS = "ours"
    MEETING = "meeting"


class Joined(StrEnum):
    """Whether the bot of a meeting without a recording was let in."""

    YES = "yes"
    NO = "no"


_CHOICES = {"fault": frozenset(Fault), "joined": frozenset(Joined)}


class MeetingListQuery(NamedTuple):
    """The conditions of the API, and those of the page. `given` is what the address says, without empty fields."""

    conditions: MeetingsQuery
    reasons: Collection[FailureReason]
    page: int
    given: Mapping[str, str]

    def address(self, **changes: str) -> str:
        """The address of the list with other values; an empty one leaves a condition out."""
        values = {name: value for name, value in {**self.given, **changes}.items() if value}
        return f"/meetings?{urlencode(values)}" if values else "/meetings"

    @property
    def metadata(self) -> Mapping[str, str]:
        """The caller's own data that is looked for, by the names of the fields in the address."""
        return {name: value for name, value in self.given.items() if name.startswith(_METADATA)}


class ListQueryError(Exception):
    """Some fields cannot be understood; `errors` are sentences by the names of the fields."""

    def __init__(self, errors: Mapping[str, str], given: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = errors
        self.given = given


def read_list_query(query: Mapping[str, str]) -> MeetingListQuery:
    """Reads an address. Raises ListQueryError."""
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    fields = {name: value for name, value in given.items() if name in {"status", "platform", "title", "calendar"}}
    fields |= {name: _as_instant(given[name]) for name in ("from", "to") if name in given}
    fields |= {"reason": given["reason"]} if "reason" in given else {}
    metadata = {name.removeprefix(_METADATA): value for name, value in given.items() if name.startswith(_METADATA)}
    errors: dict[str, str] = {}
    for name, choices in _CHOICES.items():
        if given.get(name, next(iter(choices))) not in choices:
            errors[name] = f"This must be one of {', '.join(sorted(choices))}."
    page = given.get("page", "1")
    is_number = page.isascii() and page.isdigit() and len(page) <= _MOST_DIGITS
    is_page = is_number and 1 <= int(page) <= _LAST_PAGE
    if not is_page:
        errors["page"] = f"Pages have numbers from 1 to {_LAST_PAGE}; narrow the list down instead."
    try:
        conditions = MeetingsQuery.model_validate(fields | {"metadata": metadata})
    except ValidationError as error:
        errors |= {str(each["loc"][0]): _sentence(each["msg"]) for each in error.errors()}
        raise ListQueryError(errors, given) from None
    reasons = _reasons(given) if not errors else ()
    if reasons is None or (reasons and conditions.status not in {None, MeetingStatus.FAILED}):
        errors["status"] = "No meeting can be so: reasons and faults are of failed meetings."
    if errors:
        raise ListQueryError(errors, given)
    return MeetingListQuery(conditions, reasons or (), int(page), given)


def _reasons(given: Mapping[str, str]) -> Collection[FailureReason] | None:
    """The reasons that fit all conditions; empty if there is no condition, None if none can fit."""
    tests = {"fault", "joined", "reason"} & given.keys()
    fitting = {each for each in FailureReason if all(_fits(each, name, given[name]) for name in tests)}
    return (fitting or None) if tests else ()


def _fits(reason: FailureReason, name: str, value: str) -> bool:
    if name == "fault":
        return is_our_fault(reason) == (value == Fault.OURS)
    if name == "joined":
        return (reason not in NEVER_JOINED) == (value == Joined.YES)
    return reason == value


def _as_instant(value: str) -> str:
    """A day, as browsers send it, as its first instant (UTC)."""
    if len(value) != _DAY_LENGTH:
        return value
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return value
    return datetime.combine(day, time(), UTC).isoformat()


def _sentence(text: str) -> str:
    text = text.removeprefix("Value error, ")
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


PLATFORMS = tuple(Platform)
