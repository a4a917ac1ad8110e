"""The conditions of a rule that concern people."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, StrictBool, model_validator

from minutekeeper.calendars.event import CalendarEvent, Response
from minutekeeper.calendars.patterns import Domain, OneOrMore, Pattern, either, is_of, matches_address
from minutekeeper.calendars.people import Participant, participants
from minutekeeper.calendars.policy_context import ConditionResult, PolicyContext, StrictModel

_HIDDEN = " (not all guests are known: the guest list is hidden or cut off)"

Heads = Annotated[int, Field(strict=True, ge=0, le=100_000)]


class OrganizerCondition(StrictModel):
    """Holds for an organiser whose address matches a pattern or belongs to one of the domains."""

    emails: OneOrMore[Pattern] | None = None
    """Patterns for the organiser's address."""
    domains: OneOrMore[Domain] | None = None
    """Mail domains, with their subdomains."""

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
    """Whether a person from outside of my_domains takes part."""
    internal_only: StrictBool | None = None
    """Whether all are known to be inside."""
    external_at_least: Heads | None = None
    """At least this many people from outside of my_domains."""
    external_at_most: Heads | None = None
    """At most this many people from outside of my_domains."""
    any_domain: OneOrMore[Domain] | None = None
    """A person belongs to one of these mail domains."""
    any_email: OneOrMore[Pattern] | None = None
    """A person's address matches one of these patterns."""
    at_least: Heads | None = None
    """At least this many people."""
    at_most: Heads | None = None
    """At most this many people."""
    accepted_at_least: Heads | None = None
    """At least this many have accepted, the organiser included."""
    accepted_at_most: Heads | None = None
    """At most this many have accepted, the organiser included."""
    optional_at_least: Heads | None = None
    """At least this many are invited as optional."""
    optional_at_most: Heads | None = None
    """At most this many are invited as optional."""
    all_known: StrictBool | None = None
    """Whether the guest list is known to be complete."""

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"name at least one of {', '.join(AttendeesCondition.model_fields)}")
        if self.external and self.internal_only:
            raise ValueError("external and internal_only cannot both be true")
        for kind in ("", "external_", "accepted_", "optional_"):
            least, most = getattr(self, f"{kind}at_least"), getattr(self, f"{kind}at_most")
            if least is not None and most is not None and least > most:
                raise ValueError(f"{kind}at_least {least} is more than {kind}at_most {most}")
        return self

    def findings(self, event: CalendarEvent, home: PolicyContext) -> Iterator[ConditionResult]:
        """A condition for which all guests must be known does not hold where some are not."""
        people = participants(event, home.my_emails)
        outside = [person for person in people if not _is_inside(person, home)]
        yield from self._of_origin(people, outside, all_known=event.guests_known)
        yield from self._of_numbers(people, outside, all_known=event.guests_known)
        if self.all_known is not None:
            text = f"{'all' if self.all_known else 'not all'} guests are known"
            yield ConditionResult(event.guests_known is self.all_known, text)

    def _of_origin(
        self, people: Sequence[Participant], outside: Sequence[Participant], *, all_known: bool
    ) -> Iterator[ConditionResult]:
        hidden = "" if all_known else _HIDDEN
        if self.external is not None:
            strangers = any(_has_address(person) for person in outside)
            text = f"{'a guest' if self.external else 'no guest'} is external"
            holds = strangers if self.external else all_known and not strangers
            yield ConditionResult(holds, text if strangers else text + hidden)
        if self.internal_only is not None:
            text = f"{'only' if self.internal_only else 'not only'} people from inside take part"
            only_inside = bool(people) and not outside
            yield ConditionResult(
                (only_inside and all_known) is self.internal_only, text + hidden if only_inside else text
            )
        if self.any_domain is not None:
            holds = any(is_of(self.any_domain, name) for person in people for name in person.names)
            yield ConditionResult(holds, f"a guest is from {either(self.any_domain)}")
        if self.any_email is not None:
            addresses = [name for person in people for name in person.names if "@" in name]
            holds = any(matches_address(self.any_email, address) for address in addresses)
            yield ConditionResult(holds, f"a guest matches {either(self.any_email)}")

    def _of_numbers(
        self, people: Sequence[Participant], outside: Sequence[Participant], *, all_known: bool
    ) -> Iterator[ConditionResult]:
        """Of a list that is incomplete only the least is known: there may be more than it names."""
        hidden = "" if all_known else _HIDDEN
        for kind, words, count in (
            ("", "take part", len(people)),
            ("external_", "from outside take part", sum(map(_has_address, outside))),
            ("accepted_", "have accepted", sum(person.response is Response.ACCEPTED for person in people)),
            ("optional_", "are optional", sum(person.optional for person in people)),
        ):
            least, most = getattr(self, f"{kind}at_least"), getattr(self, f"{kind}at_most")
            if least is not None:
                holds = count >= least
                yield ConditionResult(holds, f"at least {least} {words}{'' if holds else hidden}")
            if most is not None:
                yield ConditionResult(all_known and count <= most, f"at most {most} {words}{hidden}")


def _is_inside(person: Participant, home: PolicyContext) -> bool:
    return any(is_of(home.my_domains, name) or name in home.my_emails for name in person.names)


def _has_address(person: Participant) -> bool:
    return any("@" in name for name in person.names)
