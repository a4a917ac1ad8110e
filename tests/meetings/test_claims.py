"""Claims and releases of a meeting in whatever order they arrive."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from minutekeeper.meetings.claims import (
    Claim,
    ClaimRelease,
    MeetingClaims,
    add_claim,
    claim_to_apply,
    claiming_calendars,
    leading_claim,
    release_claim,
)

NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
LINK = "https://meet.google.com/abc-defg-hij"


def claim(calendar_id: str = "anna", seen: int = 0, **fields: Any) -> Claim:
    return Claim(
        **{
            "calendar_id": calendar_id,
            "event_id": f"event-{calendar_id}",
            "seen_at": NOON + timedelta(minutes=seen),
        }
        | {"start_time": NOON, "meeting_url": LINK}
        | fields
    )


def release(calendar_id: str = "anna", seen: int = 0) -> ClaimRelease:
    return ClaimRelease(calendar_id=calendar_id, seen_at=NOON + timedelta(minutes=seen))


def after(*words: Claim | ClaimRelease) -> MeetingClaims:
    interest = MeetingClaims()
    for word in words:
        interest = add_claim(interest, word) if isinstance(word, Claim) else release_claim(interest, word)
    return interest


def test_the_latest_look_counts_in_whatever_order_the_words_arrive() -> None:
    words: list[Claim | ClaimRelease] = [
        claim(seen=1),
        release(seen=2),
        claim(seen=3, title="again"),
        release("ben", seen=2),
        claim("ben", 1),
    ]
    for order in itertools.permutations(words):
        interest = after(*order)
        assert {name: each.title for name, each in interest.claims.items()} == {"anna": "again"}, order
        assert set(interest.released) == {"ben"}


def test_a_claim_that_wakes_up_late_raises_nothing_from_the_dead() -> None:
    gone = after(claim(seen=1), release(seen=2))
    assert add_claim(gone, claim(seen=1)) is gone


def test_the_organiser_leads_whatever_the_others_changed_since() -> None:
    organiser = claim("olga", is_organizer=True, updated_at=NOON)
    attendee = claim("anna", updated_at=NOON + timedelta(hours=1))
    interest = after(organiser, attendee)
    assert leading_claim(interest) == organiser
    assert [each.calendar_id for each in claiming_calendars(interest)] == ["olga", "anna"]


def test_without_an_organiser_the_newest_copy_is_followed_and_never_an_older_one() -> None:
    old = claim("anna", updated_at=NOON)
    new = claim("ben", updated_at=NOON + timedelta(hours=1), start_time=NOON + timedelta(days=1))
    interest = after(old).model_copy(update={"followed": old})
    interest = add_claim(interest, new)
    assert claim_to_apply(interest) == new
    interest = release_claim(interest.model_copy(update={"followed": new}), release("ben", 5))
    assert leading_claim(interest) == old
    assert claim_to_apply(interest) is None, "the copy of the one who stays is only out of date"


def test_nothing_is_followed_without_claims() -> None:
    assert claim_to_apply(MeetingClaims()) is None
    assert leading_claim(after(claim(), release(seen=1))) is None


def test_releases_are_forgotten_when_there_are_very_many() -> None:
    interest = after(*(release(f"calendar-{number}", seen=number) for number in range(300)))
    assert len(interest.released) == 200
    assert "calendar-299" in interest.released


def test_of_very_many_releases_the_newest_are_kept_in_whatever_order_they_came() -> None:
    for order in (range(300), reversed(range(300))):
        interest = after(*(release(f"calendar-{number}", seen=number) for number in order))
        kept = {int(name.partition("-")[2]) for name in interest.released}
        assert 299 in kept
        assert len(kept) == 200
    interest = after(*(release(f"calendar-{number}", seen=number) for number in range(300)))
    assert {int(name.partition("-")[2]) for name in interest.released} == set(range(100, 300))


def test_the_last_word_of_a_calendar_is_the_later_of_its_claim_and_its_release() -> None:
    released_late = after(claim(seen=1), release(seen=5))
    assert add_claim(released_late, claim(seen=3)) is released_late
    claimed_late = after(release(seen=1), claim(seen=5))
    assert release_claim(claimed_late, release(seen=3)) is claimed_late
    assert add_claim(claimed_late, claim(seen=3, title="old")) is claimed_late


def test_of_copies_that_were_changed_at_one_instant_the_one_seen_last_leads() -> None:
    first = claim("ben", seen=1, updated_at=NOON)
    second = claim("anna", seen=2, updated_at=NOON)
    assert leading_claim(after(first, second)) == leading_claim(after(second, first)) == second
    unknown = claim("olga", seen=3)
    assert leading_claim(after(first, second, unknown)) == unknown, (
        "without a time of change, when it was seen counts"
    )
