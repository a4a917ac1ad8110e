"""One meeting, one name: in all calendars and after all changes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.event import CalendarEvent, Response, meeting_id_for_event
from minutekeeper.meetings.ids import folder_for
from tests.calendars.support import DAY, START, an_event

GOOGLE = {"uid": "4f2k@google.com", "provider_event_id": "4f2k"}
GOOGLE_INSTANCE = {
    "uid": "4f2k@google.com",
    "provider_event_id": "4f2k_20261201T100000Z",
    "is_recurring": True,
    "recurring_event_id": "4f2k",
    "original_start": START,
}
HEAD, TAIL = "040000008200E00074C5B7101A82E008", "5025D461E473C8010000000000000000100000002A5844B3A444F74A"
OUTLOOK_SERIES = f"{HEAD}00000000{TAIL}"
OUTLOOK_INSTANCE = {
    "uid": f"{HEAD}07EA0C01{TAIL}",
    "provider_event_id": "AAMkAGI0=",
    "is_recurring": True,
    "recurring_event_id": "AAMkMaster=",
    "original_start": START,
}

instants = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants it bare
changes = st.fixed_dictionaries(
    {},
    optional={
        "start_time": instants,
        "end_time": st.none() | instants,
        "title": st.text(),
        "meeting_url": st.text(),
        "response": st.sampled_from(Response),
        "is_organizer": st.booleans(),
        "deleted": st.booleans(),
        "updated_at": instants,
        "attendees": st.just(({"email": "bob@acme.com"},)),
        "event_id": st.text(min_size=1),
        "calendar_id": st.text(),
        "time_zone": st.sampled_from(["", "Europe/Berlin"]),
    },
)


@pytest.mark.parametrize("kind", [GOOGLE, GOOGLE_INSTANCE, OUTLOOK_INSTANCE])
@given(changes=changes)
def test_no_change_and_no_other_calendar_makes_it_another_meeting(
    kind: dict[str, object], changes: dict[str, object]
) -> None:
    assert meeting_id_for_event(an_event(**kind | changes)) == meeting_id_for_event(an_event(**kind))


@given(a=instants, b=instants, moved=st.booleans())
def test_two_instances_of_a_series_are_two_meetings(a: datetime, b: datetime, *, moved: bool) -> None:
    a, b = a.replace(microsecond=0), b.replace(microsecond=0)
    where = START if moved else b
    first = an_event(**GOOGLE_INSTANCE | {"original_start": a, "start_time": a})
    second = an_event(**GOOGLE_INSTANCE | {"original_start": b, "start_time": where})
    assert (meeting_id_for_event(first) == meeting_id_for_event(second)) == (a == b)


def test_outlooks_mailbox_ids_do_not_matter() -> None:
    elsewhere = OUTLOOK_INSTANCE | {"provider_event_id": "AAMkOther=", "recurring_event_id": "AAMkOtherMaster="}
    assert meeting_id_for_event(an_event(**OUTLOOK_INSTANCE)) == meeting_id_for_event(an_event(**elsewhere))


@pytest.mark.parametrize("original_start", [START, None])
def test_googles_event_id_stands_in_for_the_original_start(original_start: datetime | None) -> None:
    moved = {"start_time": START + DAY, "original_start": original_start}
    assert meeting_id_for_event(an_event(**GOOGLE_INSTANCE | moved)) == meeting_id_for_event(
        an_event(**GOOGLE_INSTANCE)
    )


def test_an_outlook_series_in_a_google_calendar_is_the_same_meeting() -> None:
    in_google = GOOGLE_INSTANCE | {"uid": OUTLOOK_SERIES.lower()}
    assert meeting_id_for_event(an_event(**in_google)) == meeting_id_for_event(an_event(**OUTLOOK_INSTANCE))


def wrapped(uid: str, date: str = "00000000") -> str:
    """The UID that Outlook gives to another calendar's event."""
    data = b"vCal-Uid\x01\x00\x00\x00" + uid.encode() + b"\x00"
    return f"{HEAD}{date}{'00' * 16}{len(data).to_bytes(4, 'little').hex()}{data.hex()}".upper()


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_an_outlook_copy_of_a_google_event_is_the_same_meeting(spelling: Callable[[str], str]) -> None:
    copy = {"uid": spelling(wrapped("4f2k@google.com")), "provider_event_id": "AAMkAGI0="}
    assert meeting_id_for_event(an_event(**copy)) == meeting_id_for_event(an_event(**GOOGLE))
    in_series = OUTLOOK_INSTANCE | {"uid": spelling(wrapped("4f2k@google.com", "07EA0C01"))}
    assert meeting_id_for_event(an_event(**in_series)) == meeting_id_for_event(an_event(**GOOGLE_INSTANCE))
    other = an_event(**copy | {"uid": wrapped("4F2K@google.com")})
    assert meeting_id_for_event(other) != meeting_id_for_event(an_event(**GOOGLE))


@pytest.mark.parametrize("cut", [1, 2, 40, 54])
def test_a_wrapped_uid_that_is_cut_off_stays_one_name(cut: int) -> None:
    uid = wrapped("4f2k@google.com")[:-cut]
    assert meeting_id_for_event(an_event(uid=uid)) == meeting_id_for_event(an_event(uid=uid.lower()))


def test_outlooks_date_tells_instances_apart_where_the_original_start_is_missing() -> None:
    first = OUTLOOK_INSTANCE | {"original_start": None}
    second = first | {"uid": f"{HEAD}07EA0C02{TAIL}"}
    other_mailbox = first | {"provider_event_id": "AAMkOther="}
    assert meeting_id_for_event(an_event(**first)) != meeting_id_for_event(an_event(**second))
    assert meeting_id_for_event(an_event(**first)) == meeting_id_for_event(an_event(**other_mailbox))


@pytest.mark.parametrize("uid", ["series@example.com", OUTLOOK_SERIES])
def test_instances_are_never_confused_even_if_only_their_ids_tell_them_apart(uid: str) -> None:
    first = an_event(uid=uid, is_recurring=True, provider_event_id="one")
    second = an_event(uid=uid, recurring_event_id="series", provider_event_id="two")
    assert meeting_id_for_event(first) != meeting_id_for_event(second)
    assert meeting_id_for_event(an_event(uid=uid, is_recurring=True)) == meeting_id_for_event(an_event())


def test_without_a_uid_the_providers_id_counts_and_without_that_our_own() -> None:
    by_provider = an_event(provider_event_id="p1")
    assert meeting_id_for_event(by_provider) == meeting_id_for_event(
        an_event(provider_event_id="p1", event_id="e2")
    )
    assert meeting_id_for_event(an_event()) != meeting_id_for_event(an_event(event_id="e2"))
    assert meeting_id_for_event(an_event(event_id="p1")) != meeting_id_for_event(by_provider)


def test_the_start_is_compared_as_an_instant_and_not_as_a_text() -> None:
    berlin = "2026-12-01T11:00:00+01:00"
    assert meeting_id_for_event(an_event(**GOOGLE_INSTANCE | {"original_start": berlin})) == meeting_id_for_event(
        an_event(**GOOGLE_INSTANCE)
    )


@given(st.builds(lambda uid, own: an_event(uid=uid, event_id=own), st.text(), st.text(min_size=1)))
def test_every_id_is_a_plain_name(event: CalendarEvent) -> None:
    meeting_id = meeting_id_for_event(event)
    assert re.fullmatch(r"cal-[0-9a-f]{24}", meeting_id)
    assert folder_for(meeting_id) == meeting_id


def test_seconds_of_an_original_start_count() -> None:
    later = {"original_start": START + timedelta(seconds=1)}
    assert meeting_id_for_event(an_event(**GOOGLE_INSTANCE | later)) != meeting_id_for_event(
        an_event(**GOOGLE_INSTANCE)
    )


@pytest.mark.parametrize(
    "uid",
    [
        f"{HEAD}07EA0C01{TAIL}XYZ",
        f"X{HEAD}07EA0C01{TAIL}",
        f"{HEAD}07EA0C0Z{TAIL}",
        f"{HEAD.replace('8', '9', 1)}07EA0C01{TAIL}",
        f"{HEAD}07EA0C01",
    ],
)
def test_only_a_uid_of_outlook_has_a_date_in_it(uid: str) -> None:
    """What is nearly one of Outlook's stays a name of its own, with its capitals."""
    without_date = uid.replace("07EA0C01", "00000000")
    first, other = (an_event(uid=each, provider_event_id="p") for each in (uid, without_date))
    assert uid == without_date or meeting_id_for_event(first) != meeting_id_for_event(other)
    assert meeting_id_for_event(an_event(uid=uid.lower())) != meeting_id_for_event(an_event(uid=uid))


def test_each_mark_of_a_series_alone_makes_an_event_an_instance() -> None:
    """Without one the UID is enough, and two events of one UID would be one meeting."""
    for mark in ({"is_recurring": True}, {"recurring_event_id": "series"}):
        first = an_event(uid="u@example.com", provider_event_id="one", **mark)
        second = an_event(uid="u@example.com", provider_event_id="two", **mark)
        assert meeting_id_for_event(first) != meeting_id_for_event(second), mark
    assert meeting_id_for_event(an_event(uid="u@example.com", provider_event_id="one")) == meeting_id_for_event(
        an_event(uid="u@example.com", provider_event_id="two")
    )


def test_ids_of_different_kinds_are_never_the_same_meeting() -> None:
    """Nor do the parts of one kind run into each other."""
    ids = [
        meeting_id_for_event(an_event(uid="x", event_id="e")),
        meeting_id_for_event(an_event(uid="", provider_event_id="x", event_id="e")),
        meeting_id_for_event(an_event(uid="", event_id="x")),
    ]
    assert len(set(ids)) == len(ids)


def test_names_of_meetings_are_the_same_in_every_release() -> None:
    """Calendars live for years: another name for the same event would be a second bot."""
    assert meeting_id_for_event(an_event(**GOOGLE)) == "cal-03c408b464b95728f85e077c"
    assert meeting_id_for_event(an_event(**GOOGLE_INSTANCE)) == "cal-a4ee4d34a5584d27801005c8"
    assert meeting_id_for_event(an_event(**OUTLOOK_INSTANCE)) == "cal-dc0fe03faf27e5b519c2c956"
    assert meeting_id_for_event(an_event()) == "cal-245024c3e0492b6a2d887799"
    assert meeting_id_for_event(an_event(provider_event_id="p1")) == "cal-40a7b1af89b4ed5d1a8dda58"
