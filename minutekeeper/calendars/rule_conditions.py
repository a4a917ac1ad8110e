"""The conditions of a rule that concern people, working hours and patterns."""

import difflib
import re
import unicodedata
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Literal, NamedTuple, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

T = TypeVar("T")

OneOrMore = Annotated[
    tuple[T, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
]
"""A list with at least one entry; a single entry needs no brackets."""


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _domain(text: str) -> str:
    domain = text.strip().casefold().removeprefix("@")
    if not re.fullmatch(r"[^\s@/*?,;:]+", domain):
        raise ValueError(f"{text!r} is no mail domain; write it as acme.com")
    return domain


Pattern = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]
"""`*` stands for any characters, `?` for one; capitals do not matter."""

Domain = Annotated[str, Field(max_length=253), AfterValidator(_domain)]
"""A mail domain; its subdomains belong to it."""


def matches_title(pattern: str, title: str) -> bool:
    """Whether a title has these whole words somewhere; where the pattern has wildcards, whether all of it is so."""
    if "*" in pattern or "?" in pattern:
        return _is_like(pattern, title)
    return re.search(rf"(?<!\w){re.escape(_tidy(pattern))}(?!\w)", _tidy(title)) is not None


def matches_address(patterns: Iterable[str], address: str) -> bool:
    return any(_is_like(pattern, address) for pattern in patterns)


def is_of(domains: Iterable[str], address: str) -> bool:
    """Whether a mail address belongs to one of the domains or to a subdomain of one."""
    host = address.strip().casefold().rpartition("@")[2] if "@" in address else ""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _is_like(pattern: str, text: str) -> bool:
    # Square brackets are letters here: titles such as "[external] review" are common.
    return fnmatchcase(_tidy(text), _tidy(pattern).replace("[", "[[]"))


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError(f"{text!r} is no time of day; write it as 09:00")
    return text


def _time_zone(name: str) -> str:
    try:
        return zoneinfo.ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        zones = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
        near = difflib.get_close_matches(name.casefold(), zones, n=1)
        hint = f"did you mean {zones[near[0]]}?" if near else "write it as Europe/Berlin"
        raise ValueError(f"{name!r} is no time zone; {hint}") from None


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
"""`HH:MM` from 00:00 to 24:00; as texts they sort like the times they stand for."""

TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""An IANA name, such as Europe/Berlin."""


class WorkingHours(BaseModel):
    """Holds for what starts at or after `from` and before `to`, by the clock of `time_zone` (else the policy's)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    days: OneOrMore[Day] = _WEEK[:5]
    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.to <= self.from_:
            raise ValueError(
                f"to {self.to} must be later than from {self.from_}; hours over midnight need two rules"
            )
        return self

    def include(self, start_time: datetime, time_zone: str) -> bool:
        local = start_time.astimezone(zoneinfo.ZoneInfo(self.time_zone or time_zone))
        return _WEEK[local.weekday()] in self.days and self.from_ <= local.strftime("%H:%M") < self.to

    def describe(self, time_zone: str) -> str:
        return f"it starts on {'/'.join(self.days)} from {self.from_} to {self.to}, {self.time_zone or time_zone}"


_MAX_SHOWN = 3

_HIDDEN = " (not all guests are known: the guest list is hidden or cut off)"

Heads = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class ConditionResult(NamedTuple):
    holds: bool
    text: str


class PolicyContext(BaseModel):
    """What a policy is evaluated with: the mail domains that count as internal, and the time zone."""

    model_config = ConfigDict(frozen=True)

    my_domains: tuple[Domain, ...] = ()
    time_zone: TimeZone = "UTC"


class StrictModel(BaseModel):
    """A part of a policy. Unknown fields are errors, because they are most likely typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganizerCondition(StrictModel):
    """Holds for an organiser whose address matches a pattern or belongs to one of the domains."""

    emails: OneOrMore[Pattern] | None = None
    domains: OneOrMore[Domain] | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.emails is None and self.domains is None:
            raise ValueError("name emails, domains or both")
        return self

    def finding(self, email: str) -> ConditionResult:
        wanted = (*(self.emails or ()), *(self.domains or ()))
        holds = matches_address(self.emails or (), email) or is_of(self.domains or (), email)
        return ConditionResult(holds, f"the organiser is of {either(wanted)}")


class AttendeesCondition(StrictModel):
    """Holds when everything that is given holds for those who take part, the organiser included."""

    external: StrictBool | None = None
    internal_only: StrictBool | None = None
    any_domain: OneOrMore[Domain] | None = None
    any_email: OneOrMore[Pattern] | None = None
    at_least: Heads | None = None
    at_most: Heads | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"name at least one of {', '.join(AttendeesCondition.model_fields)}")
        if self.external and self.internal_only:
            raise ValueError("external and internal_only cannot both be true")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is more than at_most {self.at_most}")
        return self

    def findings(
        self, people: frozenset[str], home: PolicyContext, *, all_known: bool = True
    ) -> Iterator[ConditionResult]:
        """A condition that needs all guests to be internal does not hold where `all_known` is False."""
        inside = {person for person in people if is_of(home.my_domains, person)}
        hidden = "" if all_known else _HIDDEN
        if self.external is not None:
            outside = any("@" in person for person in people - inside)
            text = f"{'a guest' if self.external else 'no guest'} is external"
            holds = outside if self.external else all_known and not outside
            yield ConditionResult(holds, text if outside else text + hidden)
        if self.internal_only is not None:
            text = f"{'only' if self.internal_only else 'not only'} people from inside take part"
            only_inside = bool(people) and people == inside
            yield ConditionResult(
                (only_inside and all_known) is self.internal_only, text + hidden if only_inside else text
            )
        if self.any_domain is not None:
            holds = any(is_of(self.any_domain, person) for person in people)
            yield ConditionResult(holds, f"a guest is from {either(self.any_domain)}")
        if self.any_email is not None:
            holds = any("@" in person and matches_address(self.any_email, person) for person in people)
            yield ConditionResult(holds, f"a guest matches {either(self.any_email)}")
        if self.at_least is not None:
            yield ConditionResult(len(people) >= self.at_least, f"at least {self.at_least} take part")
        if self.at_most is not None:
            holds = all_known and len(people) <= self.at_most
            yield ConditionResult(holds, f"at most {self.at_most} take part{hidden}")


def either(values: Sequence[str]) -> str:
    """`a, b or c`; of many only the first few."""
    shown = [str(value) for value in values[:_MAX_SHOWN]]
    if len(values) > _MAX_SHOWN:
        shown.append(f"{len(values) - _MAX_SHOWN} more")
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
