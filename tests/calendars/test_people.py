"""Who takes part in an event: the owner once, nobody who declined, no room."""

from typing import Any

import pytest

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.people import organised_by_owner, owner_response, participants, those_who_declined
from tests.calendars.support import a_policy, an_event, decided

ANNA, ALIAS, BEN = "anna@acme.com", "anna@gmail.com", "ben@acme.com"


def guest(email: str, response: str = "accepted", **fields: Any) -> dict[str, Any]:
    return {"email": email, "response": response} | fields


def names(event: CalendarEvent, *my_emails: str) -> set[str]:
    return {each.name for each in participants(event, my_emails)}


def holds(when: dict[str, Any], event: CalendarEvent, *my_emails: str) -> bool:
    rule = {"name": "r", "when": when, "then": "record"}
    return decided(event, a_policy(rule, my_domains=["acme.com"], my_emails=my_emails, otherwise="skip")).record


def test_rooms_and_shared_calendars_are_nobody() -> None:
    event = an_event(
        organizer_email="team@group.calendar.google.com",
        attendees=[
            {"email": "Anna@Acme.com "},
            {"email": "anna@acme.com", "name": "Anna"},
            {"email": "room-7@resource.calendar.google.com"},
            {"name": "Bob"},
            {},
        ],
    )
    assert names(event) == {"anna@acme.com", "bob"}


def test_who_declined_does_not_take_part() -> None:
    event = an_event(organizer_email=ANNA, attendees=[guest("bob@customer.com", "declined"), guest(BEN)])
    assert names(event) == {ANNA, BEN}
    assert [each.name for each in those_who_declined(event)] == ["bob@customer.com"]
    assert holds({"attendees": {"internal_only": True, "external": False, "at_most": 2}}, event)
    assert not holds({"attendees": {"any_domain": "customer.com"}}, event)
    assert not holds({"attendees": {"any_email": "bob@*"}}, event)
    everybody = an_event(attendees=[guest(BEN, "declined")])
    assert not holds({"attendees": {"internal_only": True}}, everybody)


@pytest.mark.parametrize("response", ["tentative", "needs_action", "unknown"])
def test_who_did_not_decline_takes_part(response: str) -> None:
    assert names(an_event(attendees=[guest(BEN, response)])) == {BEN}


def test_an_organiser_takes_part_unless_they_declined() -> None:
    assert holds({"attendees": {"accepted_at_least": 1}}, an_event(organizer_email=ANNA))
    unanswered = an_event(organizer_email=ANNA, attendees=[guest(ANNA, "needs_action")])
    assert holds({"attendees": {"accepted_at_least": 1, "at_most": 1}}, unanswered)
    assert names(an_event(organizer_email=ANNA, attendees=[guest(ANNA, "declined")])) == set()


def test_an_alias_that_the_calendar_tells_is_its_owner() -> None:
    event = an_event(
        organizer_email=ALIAS, own_emails=[ALIAS, ANNA], attendees=[guest(ANNA), guest(BEN)], response="accepted"
    )
    assert names(event) == {ANNA, BEN}
    assert organised_by_owner(event)
    assert holds({"organizer": "me", "attendees": {"at_most": 2, "internal_only": True}}, event)


def test_an_alias_that_the_policy_tells_is_its_owner() -> None:
    event = an_event(organizer_email=ALIAS, attendees=[guest(ANNA, "needs_action"), guest(BEN)])
    assert names(event) == {ALIAS, ANNA, BEN}
    assert not holds({"organizer": "me"}, event)
    assert not holds({"attendees": {"internal_only": True}}, event)
    assert names(event, ANNA, ALIAS) == {ANNA, BEN}
    mine = {"organizer": "me", "attendees": {"internal_only": True, "at_most": 2}, "response": "accepted"}
    assert holds(mine, event, ANNA.upper(), ALIAS)
    assert not holds({"organizer": "others"}, event, ANNA, ALIAS)
    assert not holds({"attendees": {"external": True}}, event, ALIAS)


def test_the_owners_answer_is_that_of_any_of_their_addresses() -> None:
    invited = an_event(organizer_email=BEN, attendees=[guest(ALIAS, "declined")])
    assert owner_response(invited) == "unknown"
    assert owner_response(invited, [ALIAS]) == "declined"
    twice = an_event(organizer_email=BEN, attendees=[guest(ALIAS, "declined"), guest(ANNA, "tentative")])
    assert owner_response(twice, [ALIAS, ANNA]) == "tentative"
    assert names(twice, ALIAS, ANNA) == {ALIAS, BEN}


def test_what_the_calendar_says_of_its_owner_goes_before_an_old_guest_list() -> None:
    event = an_event(organizer_email=BEN, attendees=[guest(ANNA, "needs_action")], response="declined")
    assert names(event, ANNA) == {BEN}
    assert owner_response(event, [ANNA]) == "declined"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"external_at_least": 2}, True),
        ({"external_at_least": 3}, False),
        ({"external_at_most": 2}, True),
        ({"external_at_most": 1}, False),
        ({"accepted_at_least": 2}, True),
        ({"accepted_at_least": 3}, False),
        ({"accepted_at_most": 2}, True),
        ({"accepted_at_most": 1}, False),
        ({"optional_at_least": 1}, True),
        ({"optional_at_least": 2}, False),
        ({"optional_at_most": 1}, True),
        ({"optional_at_most": 0}, False),
        ({"all_known": True}, True),
        ({"all_known": False}, False),
    ],
)
def test_people_are_counted(when: dict[str, Any], *, expected: bool) -> None:
    event = an_event(
        organizer_email=ANNA,
        attendees=[
            guest("bob@customer.com", "accepted"),
            guest("eve@customer.com", "tentative", optional=True),
            guest("dan@customer.com", "declined", optional=True),
            guest(BEN, "needs_action"),
            {"name": "Carl"},
        ],
    )
    assert holds({"attendees": when}, event) is expected


@pytest.mark.parametrize("kind", ["", "external_", "accepted_", "optional_"])
def test_of_an_incomplete_list_only_the_least_is_known(kind: str) -> None:
    bob = guest("bob@customer.com", optional=True)
    event = an_event(attendees=[bob], guests_known=False)
    assert holds({"attendees": {f"{kind}at_least": 1}}, event)
    assert not holds({"attendees": {f"{kind}at_least": 2}}, event)
    assert not holds({"attendees": {f"{kind}at_most": 1}}, event)
    assert holds({"attendees": {f"{kind}at_most": 1}}, an_event(attendees=[bob]))


def test_an_incomplete_list_can_be_asked_for() -> None:
    event = an_event(attendees=[guest(BEN)], guests_known=False)
    assert holds({"attendees": {"all_known": False}}, event)
    rule = {"name": "r", "unless": {"attendees": {"external": True}}, "then": "record"}
    assert decided(event, a_policy(rule, my_domains=["acme.com"], otherwise="skip")).record
    for asked in ({"internal_only": True}, {"external": False}, {"all_known": True}):
        assert not holds({"attendees": asked}, event)
