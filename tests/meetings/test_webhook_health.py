"""Silence noticed: which bot counts as silent, and when that is an alarm."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource, ObservedBot
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, WebhookState
from minutekeeper.meetings.webhook_health import (
    WINDOW,
    AlarmChange,
    WebhookHealthWindow,
    is_silent,
    should_alarm,
    status_query_for,
)
from minutekeeper.meetings.webhook_health import webhook_state as webhooks_of
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


def bot(**fields: object) -> BotState:
    return BotState.model_validate({"dispatch": 0, "bot_id": "b", "sent_at": T0, "join_at": T0} | fields)


def event(source: EventSource, occurred_at: datetime, code: str = "in_call_not_recording") -> BotEvent:
    return bot_event(kind=BotEventKind.STATUS, bot_id="b", code=code, occurred_at=occurred_at, source=source)


def told(occurred_at: datetime) -> BotEvent:
    return event(EventSource.API, occurred_at)


def reported(occurred_at: datetime) -> BotEvent:
    return event(EventSource.WEBHOOK, occurred_at)


AT_WORK = ObservedBot(text="it has not ended")


@pytest.mark.parametrize(
    ("state", "asked_at", "seen", "silent"),
    [
        (bot(), at(minutes=3), AT_WORK, True),
        (bot(), at(minutes=3), ObservedBot(events=(told(at(minutes=1)),)), True),
        (bot(), at(minutes=3), ObservedBot(gone=True, text="404"), False),
        (bot(join_at=at(minutes=4)), at(minutes=3), AT_WORK, False),
        (bot(shared_with="another"), at(minutes=3), AT_WORK, False),
        (bot(reported_until=at(minutes=1)), at(hours=1), AT_WORK, False),
        (bot(reported_until=at(minutes=1)), at(hours=1), ObservedBot(events=(told(at(minutes=1.5)),)), False),
        (bot(reported_until=at(minutes=1)), at(hours=1), ObservedBot(events=(told(at(minutes=40)),)), True),
        (bot(reported_until=at(minutes=1)), at(minutes=40), ObservedBot(events=(told(at(minutes=39.5)),)), False),
    ],
    ids=[
        "at work and not a word",
        "in the call and not a word",
        "nobody knows such a bot",
        "not due yet",
        "another meeting's bot",
        "reported, and nothing has happened since",
        "reported almost the same",
        "reported once, then never again",
        "its report may still be on the way",
    ],
)
def test_who_is_silent(state: BotState, asked_at: datetime, seen: ObservedBot, *, silent: bool) -> None:
    assert is_silent(status_query_for(state, asked_at), seen) is silent


def test_what_a_meeting_shows_of_its_webhooks() -> None:
    state = bot(join_at=at(minutes=4))
    assert webhooks_of(state) is WebhookState.AWAITED
    assert webhooks_of(bot(shared_with="another")) is WebhookState.NOT_EXPECTED
    asked_early = state.model_copy(update={"polled_at": at(minutes=2)})
    assert webhooks_of(asked_early) is WebhookState.AWAITED, "it did not have to report yet"
    asked = state.model_copy(update={"polled_at": at(minutes=7)})
    assert webhooks_of(asked) is WebhookState.SILENT
    assert status_query_for(asked, at(minutes=9)).known_to_be_silent
    assert webhooks_of(apply_bot_event(asked, told(at(minutes=5)))) is WebhookState.SILENT
    heard = apply_bot_event(asked, reported(at(minutes=5)))
    assert webhooks_of(heard) is WebhookState.HEARD
    fell_silent = apply_bot_event(heard, told(at(minutes=50)))
    assert webhooks_of(fell_silent) is WebhookState.SILENT
    was_late = apply_bot_event(fell_silent, reported(at(minutes=50)))
    assert webhooks_of(was_late) is WebhookState.HEARD


def test_a_bot_that_the_provider_does_not_know_is_not_called_silent() -> None:
    gone = bot_event(
        kind=BotEventKind.FAILED,
        bot_id="b",
        reason=FailureReason.NO_ANSWER,
        occurred_at=at(minutes=9),
        source=EventSource.API,
    )
    for state in (bot(), bot(reported_until=at(minutes=1))):
        asked = apply_bot_event(state, gone).model_copy(update={"polled_at": at(minutes=9)})
        assert webhooks_of(asked) is not WebhookState.SILENT


def test_the_view_speaks_of_the_newest_bot() -> None:
    request = MeetingRequest.model_validate(
        {"meeting_url": "https://meet.google.com/abc-defg-hij", "start_time": T0}
    )
    meeting = MeetingState.initial(request, ("m", "meeting-m", "run"), T0)
    assert meeting_view(meeting).webhooks is WebhookState.NOT_EXPECTED
    meeting.add_session(T0).bot = bot(polled_at=at(minutes=3))
    assert meeting_view(meeting).webhooks is WebhookState.SILENT
    assert "the bot does not report" in descriptions.meeting_markdown(meeting_view(meeting))
    meeting.add_session(T0).bot = bot(dispatch=1, reported_until=at(minutes=5))
    assert meeting_view(meeting).webhooks is WebhookState.HEARD
    assert "the bot does not report" not in descriptions.meeting_markdown(meeting_view(meeting))


@pytest.mark.parametrize(
    ("silent", "known", "alarming"),
    [
        (0, 0, False),
        (0, 9, False),
        (1, 1, True),
        (1, 2, False),
        (2, 2, True),
        (2, 5, False),
        (3, 30, True),
        (3, 31, False),
        (40, 400, True),
    ],
)
def test_how_many_are_an_alarm(silent: int, known: int, *, alarming: bool) -> None:
    assert should_alarm(silent, known) is alarming


def test_one_alarm_and_one_all_clear() -> None:
    window = WebhookHealthWindow()

    def take(bot_id: str, minute: float, *, silent: bool) -> AlarmChange | None:
        return window.record(bot_id, at(minutes=minute), silent=silent)

    assert take("well", 0, silent=False) is None
    assert take("a", 1, silent=True) is None
    assert take("b", 1, silent=True) is None
    assert take("c", 2, silent=True) == AlarmChange(silent=3, known=4)
    assert take("d", 3, silent=True) is None, "it was said already"
    for bot_id in ("a", "b", "c"):
        assert take(bot_id, 4, silent=False) is None
    assert take("d", 5, silent=False) == AlarmChange(silent=0, known=5)
    assert take("a", 6, silent=True) is None
    assert take("b", 6, silent=True) is None
    assert take("c", 6, silent=True) == AlarmChange(silent=3, known=5)


def test_what_is_long_ago_does_not_count() -> None:
    window = WebhookHealthWindow()
    for number in range(50):
        window.record(f"early-{number}", T0, silent=False)
    later = T0 + WINDOW + timedelta(seconds=1)
    assert window.record("one", later, silent=True) == AlarmChange(silent=1, known=1)
    assert window.record("other", later + WINDOW * 2, silent=False) == AlarmChange(silent=0, known=1)
