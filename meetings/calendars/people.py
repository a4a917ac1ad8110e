"""Conditions on the people of an event, and the result type of all conditions: whether one holds, and why."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from meetings.calendars.hours import TimeZone
from meetings.calendars.patterns import Domain, OneOrMore, Pattern, is_of, matches_address

_SHOWN = 3
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


class Strict(BaseModel):
    """A part of a policy. Unknown fields are errors, because they are most likely typing errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganizerCondition(Strict):
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


class AttendeesCondition(Strict):
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
            text = f"{'somebody' if self.external else 'nobody'} from outside takes part"
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
            yield ConditionResult(holds, f"somebody from {either(self.any_domain)} takes part")
        if self.any_email is not None:
            holds = any("@" in person and matches_address(self.any_email, person) for person in people)
            yield ConditionResult(holds, f"somebody like {either(self.any_email)} takes part")
        if self.at_least is not None:
            yield ConditionResult(len(people) >= self.at_least, f"at least {self.at_least} take part")
        if self.at_most is not None:
            holds = all_known and len(people) <= self.at_most
            yield ConditionResult(holds, f"at most {self.at_most} take part{hidden}")


def either(values: Sequence[str]) -> str:
    """`a, b or c`; of many only the first few."""
    shown = [str(value) for value in values[:_SHOWN]]
    if len(values) > _SHOWN:
        shown.append(f"{len(values) - _SHOWN} more")
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
