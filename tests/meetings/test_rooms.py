"""A room and what two workflows tell each other of it."""

from datetime import UTC, datetime, timedelta

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.meeting_view import bot_presence
from minutekeeper.meetings.next_steps import NextStep, NextStepKind
from minutekeeper.meetings.rooms import BotPresence, PresenceQuery, room_workflow_id
from minutekeeper.meetings.session_state import StopKind
from minutekeeper.meetings.webhook_health import WINDOW
from tests.meetings.test_meeting_state import final, meeting

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def test_every_link_into_a_room_leads_to_one_reservation() -> None:
    room = room_workflow_id("https://zoom.us/j/12345678901")
    assert room == "room-fba0c03e4e17cd8bf4a33d8ed08c75d0"
    assert room == room_workflow_id("https://acme.zoom.us/j/12345678901?pwd=x")
    assert room == room_workflow_id("https://us02web.zoom.us/w/12345678901?tk=x")
    assert room != room_workflow_id("https://zoom.us/j/12345678902")


def test_nothing_is_asked_or_known_of_a_bot_that_is_not_named() -> None:
    assert dict(PresenceQuery()) == {"run_id": "", "dispatch": 0, "bot_id": ""}
    unknown = BotPresence(is_known=False, is_gone=True, start_time=T0, end_time=T0)
    assert (unknown.bot_id, unknown.provider, unknown.is_leaving, unknown.was_removed) == ("", "", False, False)


def test_a_step_waits_for_a_change_alone_unless_it_says_until_when() -> None:
    assert NextStep(NextStepKind.WAIT) == (NextStepKind.WAIT, None, False)
    assert [*StopKind] == ["cancel", "leave"]


def test_of_two_bots_of_one_request_the_one_that_is_still_there_counts() -> None:
    state = meeting("a")
    state.add_unexpected_bot("b", 0, T0)
    both = PresenceQuery(run_id="run", dispatch=0)
    assert bot_presence(state, both).bot_id == "a"
    state.apply_event(final(BotEventKind.COMPLETE, 60, "a"))
    assert (bot_presence(state, both).bot_id, bot_presence(state, both).is_gone) == ("b", False)
    state.apply_event(final(BotEventKind.COMPLETE, 60, "b"))
    assert (bot_presence(state, both).bot_id, bot_presence(state, both).is_gone) == ("a", True)


def test_bots_of_a_quarter_of_an_hour_are_compared() -> None:
    assert timedelta(minutes=15) == WINDOW
