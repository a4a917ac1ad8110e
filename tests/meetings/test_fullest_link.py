"""One meeting, several links, with and without what admits to it: the bot joins by the fullest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings import meeting_changes
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult, add_claim
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.ids import meeting_id_for
from minutekeeper.meetings.meeting_keys import fullest_url, meeting_key
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_urls import parse_meeting_url
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest
from minutekeeper.meetings.rooms import room_workflow_id
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
BARE = "https://zoom.us/j/85512341234"
OTHER_HOST = "https://acme.zoom.us/j/85512341234"
FULL = "https://us02web.zoom.us/j/85512341234?pwd=xY9"
THREAD = "19%3Ameeting_MjM0%40thread.v2"
TEAMS = f"https://teams.microsoft.com/l/meetup-join/{THREAD}/0"
CONTEXT = f"{TEAMS}?context=%7B%22Tid%22%3A%22t%22%2C%22Oid%22%3A%22o%22%7D"
CHANNEL = "https://teams.microsoft.com/l/meetup-join/19%3Aabc%40thread.tacv2"
MEET = "https://meet.google.com/abc-defg-hij"


@pytest.mark.parametrize(
    "links",
    [
        (FULL, BARE, OTHER_HOST, "https://acme.zoom.com.cn/j/85512341234", "https://zoom.us/w/85512341234?tk=t"),
        (
            CONTEXT,
            TEAMS,
            f"https://gov.teams.microsoft.us/l/meetup-join/{THREAD}/0",
            f"https://teams.microsoft.com/l/meetup-join/{THREAD}/1712345678",
        ),
    ],
)
def test_every_spelling_is_one_meeting_and_one_room(links: tuple[str, ...]) -> None:
    urls = [parse_meeting_url(link).url for link in links]
    assert len(set(urls)) == len(links)
    assert len({meeting_key(url) for url in urls}) == 1
    assert len({room_workflow_id(url) for url in urls}) == 1
    assert len({meeting_id_for(url, T0) for url in urls}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{CHANNEL}/1712345678", f"{CHANNEL}/1712345679"),
        (BARE, "https://zoom.us/j/85512341235"),
        (BARE, "https://acme.zoomgov.com/j/85512341234"),
        (TEAMS, TEAMS.replace("MjM0", "mjm0")),
        ("https://teams.live.com/meet/9321234567890", "https://teams.microsoft.com/meet/9321234567890"),
    ],
)
def test_what_may_be_two_meetings_stays_two(one: str, other: str) -> None:
    assert meeting_key(parse_meeting_url(one).url) != meeting_key(parse_meeting_url(other).url)


def test_the_link_that_says_most_is_the_fullest_and_of_equal_ones_the_first() -> None:
    assert fullest_url(BARE, OTHER_HOST, FULL) == FULL
    assert fullest_url(FULL, f"{BARE}?pwd=old") == FULL
    assert fullest_url(FULL, f"{BARE}?pwd=longer==") == FULL
    assert fullest_url(FULL, f"{BARE}?tk=t&pwd=x") == f"{BARE}?tk=t&pwd=x"
    assert fullest_url(BARE, MEET, f"{MEET}?x=1&y=2") == BARE, "another meeting's link is none"
    assert fullest_url(TEAMS, f"{TEAMS}?context=%7B%22Tid%22%3A%22t%22%7D", CONTEXT) == CONTEXT


def booked(url: str, *codes: str, **fields: Any) -> MeetingState:
    """A meeting that anna's calendar booked; with codes, its bot has reported them."""
    origin = CalendarEventRef(calendar_id="anna", event_id="event-anna")
    fields = {"calendar": origin, "claim": claim("anna", url)} | fields
    request = MeetingRequest(meeting_url=url, start_time=T0, **fields)
    state = MeetingState.initial(request, ("m", "meeting-m", "run"), T0 - timedelta(days=1))
    if codes:
        state.add_bot(state.add_session(T0), DispatchedBot(bot_id="a", sent_at=T0))
    for code in codes:
        state.apply_event(bot_event(bot_id="a", code=code, occurred_at=T0))
    return state


def claim(calendar_id: str, url: str, seen: int = 0, **fields: Any) -> Claim:
    at = T0 - timedelta(hours=2) + timedelta(minutes=seen)
    common = {"calendar_id": calendar_id, "event_id": f"event-{calendar_id}", "seen_at": at, "updated_at": at}
    return Claim.model_validate(common | {"start_time": T0, "meeting_url": url} | fields)


def take_in(state: MeetingState, *claims: Claim, at: datetime = T0) -> None:
    for each in claims:
        assert meeting_changes.claim(state, each, at) is ClaimResult.ACCEPTED


@pytest.mark.parametrize("leads", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "best"), [(BARE, FULL, FULL), (FULL, BARE, FULL), (TEAMS, CONTEXT, CONTEXT)]
)
def test_two_calendars_join_by_the_fuller_link_whichever_leads(
    first: str, second: str, best: str, leads: bool
) -> None:
    state = booked(first)
    take_in(state, claim("ben", second, seen=1 if leads else -1))
    assert state.request.meeting_url == best
    assert state.add_session(T0).meeting_url == best
    assert "rescheduled" not in [entry.event for entry in state.timeline]
    take_in(state, claim("anna", first, seen=2, title="New"))
    assert (state.request.meeting_url, state.request.title) == (best, "New")


def test_of_links_that_are_equally_full_that_of_the_newest_copy_is_taken() -> None:
    state = booked(BARE)
    take_in(state, claim("anna", BARE, seen=5, is_organizer=True))
    for calendar_id, url, seen in (("ben", f"{BARE}?pwd=old", 1), ("cleo", f"{BARE}?pwd=new", 2)):
        state.interest = add_claim(state.interest, claim(calendar_id, url, seen=seen))
    take_in(state, claim("dora", BARE, seen=3))
    assert state.request.meeting_url == f"{BARE}?pwd=new"


def test_an_event_that_loses_its_password_or_gets_one_keeps_the_fuller_link() -> None:
    state = booked(FULL)
    take_in(state, claim("anna", OTHER_HOST, seen=1, start_time=T0 + timedelta(hours=1)))
    assert state.request.meeting_url == FULL
    assert state.request.start_time == T0 + timedelta(hours=1)
    take_in(state, claim("anna", f"{BARE}?pwd=new", seen=2, start_time=T0 + timedelta(hours=1)))
    assert state.request.meeting_url == f"{BARE}?pwd=new", "a changed password counts"
    take_in(state, claim("anna", MEET, seen=3, start_time=T0 + timedelta(hours=1)))
    assert state.request.meeting_url == MEET, "so does another room"


def test_the_fuller_link_stays_when_its_calendar_lets_go() -> None:
    state = booked(FULL)
    take_in(state, claim("ben", BARE, seen=1))
    meeting_changes.release(state, ClaimRelease(calendar_id="anna", seen_at=T0), T0)
    take_in(state, claim("ben", BARE, seen=2, title="Ours"))
    assert state.request.meeting_url == FULL


def test_a_meeting_that_people_booked_by_a_bare_link_takes_the_fuller_one_and_nothing_else() -> None:
    state = booked(BARE, calendar=None, claim=None, title="As people booked it")
    take_in(state, claim("anna", FULL, start_time=T0 + timedelta(hours=1)))
    assert (state.request.meeting_url, state.request.start_time) == (FULL, T0)
    assert state.request.title == "As people booked it"
    assert state.timeline[-1].text == "Its bot joins by another link to the same meeting."


@pytest.mark.parametrize("code", ["in_waiting_room", "in_call_recording"])
def test_a_bot_that_has_reached_the_meeting_stays_when_a_fuller_link_turns_up(code: str) -> None:
    state = booked(BARE, code)
    take_in(state, claim("ben", FULL, seen=1))
    assert state.request.meeting_url == FULL
    assert not state.sessions[0].superseded


def test_a_bot_on_its_way_by_a_bare_link_is_replaced_while_there_is_time() -> None:
    state = booked(BARE, "joining_call", end_time=T0 + timedelta(hours=1))
    take_in(state, claim("ben", FULL, seen=-1))
    assert state.sessions[0].superseded
    assert state.timeline[-1].text == "Another bot joins by another link to the same meeting."
    late = booked(BARE, "joining_call", end_time=T0 + timedelta(hours=1))
    take_in(late, claim("ben", FULL, seen=-1), at=T0 + timedelta(minutes=59, seconds=30))
    assert not late.sessions[0].superseded
