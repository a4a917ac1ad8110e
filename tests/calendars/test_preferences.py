"""Which policy and which overrides hold when a calendar is connected."""

from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy
from minutekeeper.calendars.preferences import (
    CalendarIdentity,
    CalendarPreferences,
    PolicySource,
    StartingRules,
    starting_rules,
)
from tests.calendars.support import NOW

IDENTITY = CalendarIdentity(platform="google", account="anna@acme.com", raw_id="team@group")
EARLIER = NOW - timedelta(days=30)
OVERRIDES = NO_OVERRIDES.with_event("m1", "never")
ONE, TWO, THREE = (Policy(otherwise="skip", my_domains=(f"{name}.example",)) for name in ("one", "two", "three"))
KEPT = CalendarPreferences(identity=IDENTITY, policy=ONE, overrides=OVERRIDES, changed_at=EARLIER)


@pytest.mark.parametrize(
    ("kept", "options", "expected"),
    [
        (None, {}, StartingRules(DEFAULT_POLICY, NO_OVERRIDES, PolicySource.BUILT_IN, None)),
        (None, {"default": TWO}, StartingRules(TWO, NO_OVERRIDES, PolicySource.INSTALLATION, None)),
        (None, {"default": TWO, "linked": THREE}, StartingRules(THREE, NO_OVERRIDES, PolicySource.LINK, NOW)),
        (None, {"given": TWO, "linked": THREE}, StartingRules(TWO, NO_OVERRIDES, PolicySource.GIVEN, NOW)),
        (
            KEPT,
            {"default": TWO, "linked": THREE},
            StartingRules(ONE, OVERRIDES, PolicySource.CARRIED_OVER, EARLIER),
        ),
        (KEPT, {"given": TWO}, StartingRules(TWO, OVERRIDES, PolicySource.GIVEN, NOW)),
    ],
)
def test_what_was_decided_for_the_calendar_goes_before_what_holds_for_all(
    kept: CalendarPreferences | None, options: dict[str, Any], expected: StartingRules
) -> None:
    assert starting_rules(kept, NOW, **options) == expected


def test_a_calendar_is_the_same_however_its_addresses_are_spelt() -> None:
    spelt = CalendarIdentity(platform="google", account=" Anna@Acme.COM", raw_id="Team@Group ")
    assert spelt.key == IDENTITY.key
    assert spelt.key.isalnum()


@pytest.mark.parametrize(
    "other",
    [
        {"platform": "microsoft"},
        {"account": "ben@acme.com"},
        {"raw_id": "teams@group"},
        {"account": "anna@acme.com\nteam@group", "raw_id": ""},
    ],
)
def test_calendars_of_other_accounts_platforms_and_ids_are_others(other: dict[str, str]) -> None:
    assert IDENTITY.model_copy(update=other).key != IDENTITY.key


def test_ids_that_are_no_addresses_differ_by_their_capitals() -> None:
    one, two = (CalendarIdentity(platform="microsoft", account="a@b.c", raw_id=raw) for raw in ("AAMkA", "AAmkA"))
    assert one.key != two.key
