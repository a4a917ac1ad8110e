"""When the provider is asked about a bot, what its end means, and how all that is told."""

from datetime import UTC, datetime, timedelta

import pytest

from minutekeeper.meetings import descriptions, polling_policy
from minutekeeper.meetings.bot_events import BotEventKind, EventSource
from minutekeeper.meetings.bot_state import BotState, FinalEvent
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import MAX_ENTRIES, TimelineEntry, add_entry
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
END = T0 + timedelta(hours=1)
D = Deadlines()


def bot(**fields: object) -> BotState:
    return BotState.model_validate({"dispatch": 0, "bot_id": "b", "sent_at": T0, "join_at": T0} | fields)


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


EVENT = bot_event(kind=BotEventKind.STATUS, bot_id="b", code="joining_call", occurred_at=T0)


def heard(status: MeetingStatus, **fields: object) -> BotState:
    """A bot that reported at T0 that it is in a status."""
    return bot(**({"events": (EVENT,), "last_event_at": T0, "status": status} | fields))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bot(join_at=at(minutes=4)), at(minutes=4, seconds=D.first_webhook)),
        (heard(MeetingStatus.JOINING, last_event_at=at(minutes=1)), at(minutes=1, seconds=D.joining)),
        (heard(MeetingStatus.JOINING, join_at=at(minutes=4)), at(minutes=4, seconds=D.joining)),
        (heard(MeetingStatus.WAITING_ROOM, join_at=at(minutes=4)), at(seconds=D.waiting_room)),
        (heard(MeetingStatus.IN_CALL), at(seconds=D.in_call)),
        (heard(MeetingStatus.RECORDING), at(seconds=D.recording)),
        (heard(MeetingStatus.PAUSED), at(seconds=D.recording)),
        (heard(MeetingStatus.ENDED), at(seconds=D.ended)),
        (bot(polled_at=at(minutes=1), polls_without_news=2), at(minutes=1, seconds=4 * D.first_webhook)),
        (bot(polled_at=at(minutes=1), polls_without_news=99), at(minutes=1, seconds=D.recording)),
        (
            heard(MeetingStatus.RECORDING, polled_at=at(hours=1), polls_without_news=3),
            at(hours=1, seconds=D.recording),
        ),
        (bot(shared_with="w", polls_without_news=5), at(seconds=D.shared_bot)),
        (bot(shared_with="w", join_at=at(minutes=4)), at(seconds=D.shared_bot)),
        (bot(shared_with="w", join_at=at(minutes=4), polled_at=at(minutes=3, seconds=30)), at(minutes=4)),
        (bot(shared_with="w", join_at=at(minutes=4), polled_at=at(minutes=4)), at(minutes=4, seconds=D.shared_bot)),
        (bot(removed_at=at(minutes=9)), at(minutes=9, seconds=D.removed_bot)),
        (
            bot(removed_at=at(minutes=9), polled_at=at(minutes=11), polls_without_news=1),
            at(minutes=11, seconds=2 * D.removed_bot),
        ),
        (bot(final_event_at=at(minutes=9)), at(minutes=9, seconds=D.grace)),
        (bot(final_event_at=at(minutes=9), polled_at=at(minutes=5)), at(minutes=9, seconds=D.grace)),
        (bot(final_event_at=at(minutes=9), polled_at=at(minutes=20)), at(minutes=20, seconds=D.grace)),
        (bot(final_event_at=at(minutes=9), removed_at=at(minutes=8)), at(minutes=9, seconds=D.removed_bot)),
        (
            heard(MeetingStatus.RECORDING, polled_at=at(hours=4, minutes=45)),
            at(seconds=D.max_bot_lifetime - D.relief),
        ),
        (
            heard(MeetingStatus.ENDED, polled_at=at(hours=4, minutes=45)),
            at(hours=4, minutes=45, seconds=D.ended),
        ),
    ],
)
def test_one_check_at_a_time(state: BotState, expected: datetime) -> None:
    assert polling_policy.next_status_check(state, D) == expected


def test_one_timer_serves_the_checks_before_the_planned_end_and_the_one_after_it() -> None:
    slack = timedelta(seconds=D.recording * 2 / 3)
    late = {"last_event_at": at(minutes=45)}
    after_end = END + timedelta(seconds=D.ended)
    assert polling_policy.timer_instant(heard(MeetingStatus.RECORDING, **late), END, D) == after_end
    assert polling_policy.timer_instant(heard(MeetingStatus.PAUSED, **late), END, D) == after_end
    early = heard(MeetingStatus.RECORDING)
    assert polling_policy.timer_instant(early, END, D) == at(seconds=D.recording) + slack
    overtime = heard(MeetingStatus.RECORDING, last_event_at=at(minutes=90))
    assert polling_policy.timer_instant(overtime, END, D) == at(minutes=90, seconds=D.recording), (
        "no timer fires before its check is due"
    )
    long = heard(MeetingStatus.RECORDING, last_event_at=at(hours=4, minutes=40), join_at=T0)
    assert polling_policy.timer_instant(long, END, D) == polling_policy.relief_at(long, D)


@pytest.mark.parametrize(
    "state",
    [
        heard(MeetingStatus.IN_CALL, last_event_at=at(minutes=90)),
        heard(MeetingStatus.ENDED, last_event_at=at(minutes=59)),
        heard(MeetingStatus.RECORDING, removed_at=at(minutes=59)),
        bot(final_event_at=at(minutes=59), status=MeetingStatus.ENDED),
    ],
    ids=["not recording yet", "has left", "was removed", "has ended"],
)
def test_any_other_timer_fires_when_its_check_is_due(state: BotState) -> None:
    assert polling_policy.timer_instant(state, END, D) == polling_policy.next_status_check(state, D)


def test_only_the_checks_of_a_recording_and_of_a_bot_that_has_left_may_come_late() -> None:
    assert polling_policy.timer_tolerance(heard(MeetingStatus.ENDED), D) == timedelta(seconds=D.ended / 4)
    assert polling_policy.timer_tolerance(heard(MeetingStatus.PAUSED), D) == timedelta(minutes=20)
    exact = (
        heard(MeetingStatus.IN_CALL),
        heard(MeetingStatus.ENDED, removed_at=T0),
        heard(MeetingStatus.ENDED, final=FAILED),
    )
    assert {polling_policy.timer_tolerance(state, D) for state in exact} == {timedelta()}


def test_a_bot_is_relieved_before_its_longest_lifetime_ends() -> None:
    early = bot(join_at=at(minutes=4))
    assert polling_policy.max_lifetime_end(early, D) == at(hours=5, minutes=4)
    assert polling_policy.relief_at(early, D) == at(hours=4, minutes=54)
    late = bot(sent_at=at(minutes=20))
    assert polling_policy.max_lifetime_end(late, D) == at(hours=5, minutes=20)


def test_a_provider_that_gives_no_answer_is_given_up_after_a_week() -> None:
    assert not polling_policy.has_given_up(bot(), at(seconds=D.give_up - 1), D)
    assert polling_policy.has_given_up(bot(), at(seconds=D.give_up), D)


FAILED = FinalEvent(kind=BotEventKind.FAILED, at=T0, reason=FailureReason.PROVIDER_ERROR, text="said so")


def test_when_nothing_more_is_to_be_expected() -> None:
    assert not polling_policy.is_over(bot())
    assert not polling_policy.is_over(bot(has_recording=True)), "it may not be the whole of it"
    assert not polling_policy.is_over(bot(polled_after_final=True))
    assert not polling_policy.is_over(bot(final=FAILED)), "a recording may follow"
    assert polling_policy.is_over(bot(final=FAILED, polled_after_final=True))
    early = T0 - timedelta(seconds=1)
    assert polling_policy.is_over(bot(final=FAILED, removed_at=early)), "it was removed before it could be there"
    assert not polling_policy.is_over(bot(final=FAILED, removed_at=T0))
    assert not polling_policy.is_over(bot(final=FAILED, removed_at=early, recording_seen=True))
    assert polling_policy.is_over(bot(final=FAILED, has_recording=True))


def test_another_try_only_for_what_it_can_cure() -> None:
    assert polling_policy.may_try_again([bot(final=FAILED)])
    assert polling_policy.may_try_again([bot(final=FAILED), bot(final=FAILED)])
    assert not polling_policy.may_try_again([bot()])
    assert not polling_policy.may_try_again([bot(final=FinalEvent(kind=BotEventKind.COMPLETE, at=T0))])
    assert not polling_policy.may_try_again([bot(final=FAILED, removed_at=T0)])
    assert not polling_policy.may_try_again([bot(final=FAILED, has_recording=True)])
    refused = FAILED.model_copy(update={"reason": FailureReason.NOT_ACCEPTED})
    assert not polling_policy.may_try_again([bot(final=refused)])
    assert not polling_policy.may_try_again([bot(final=FAILED), bot(final=refused)])
    stopped = FAILED.model_copy(update={"reason": FailureReason.STOPPED})
    assert not polling_policy.may_try_again([bot(final=stopped)])


BROKEN = {"final": FAILED, "recording_seen": True, "has_recording": True}


@pytest.mark.parametrize("changes", [{}, {"has_recording": False}, {"recording_seen": False}])
def test_a_recording_that_broke_off_early_is_gone_on_with(changes: dict[str, object]) -> None:
    broken = bot(**(BROKEN | changes))
    assert polling_policy.broke_off(broken, at(minutes=5))
    assert not polling_policy.broke_off(broken, at(minutes=5, seconds=-1))


@pytest.mark.parametrize(
    "changes",
    [
        {"final": None},
        {"final": FinalEvent(kind=BotEventKind.COMPLETE, at=T0, has_content=True)},
        {"final": FAILED.model_copy(update={"reason": FailureReason.REMOVED})},
        {"final": FAILED.model_copy(update={"reason": FailureReason.UNKNOWN})},
        {"recording_seen": False, "has_recording": False},
        {"removed_at": T0},
        {"shared_with": "another"},
    ],
)
def test_no_other_end_of_a_recording_brings_another_bot(changes: dict[str, object]) -> None:
    assert not polling_policy.broke_off(bot(**(BROKEN | changes)), END)


def test_words_that_are_unknown_are_worth_one_more_try() -> None:
    unknown = FAILED.model_copy(update={"reason": FailureReason.UNKNOWN})
    assert polling_policy.may_try_again([bot(final=unknown)])
    assert not polling_policy.may_try_again([bot(final=unknown, removed_at=T0)])
    assert not polling_policy.may_try_again([bot(final=unknown, has_recording=True)])
    assert polling_policy.may_try_again([bot(final=FAILED), bot(final=unknown)])
    assert polling_policy.may_try_again([bot(final=unknown), bot(final=FAILED)])
    assert not polling_policy.may_try_again([bot(final=unknown), bot(final=unknown)])
    assert not polling_policy.may_try_again([bot(final=unknown), bot(final=FAILED), bot(final=unknown)])


def test_why_a_bot_brought_no_recording() -> None:
    silent = polling_policy.failure_reason_for(bot(polled_at=at(minutes=3)))
    assert silent.reason is FailureReason.NO_ANSWER
    assert (silent.evidence.event, silent.evidence.at) == ("deadline", at(minutes=3))
    assert polling_policy.failure_reason_for(bot()).evidence.at == T0
    failed = polling_policy.failure_reason_for(bot(final=FAILED))
    assert failed.reason is FailureReason.PROVIDER_ERROR
    assert (failed.evidence.event, failed.evidence.at, failed.evidence.text) == ("failed", T0, "said so")
    empty = FinalEvent(kind=BotEventKind.COMPLETE, at=T0)
    assert polling_policy.failure_reason_for(bot(final=empty)).reason is FailureReason.EMPTY_RECORDING
    wordless = FAILED.model_copy(update={"reason": None})
    assert polling_policy.failure_reason_for(bot(final=wordless)).reason is FailureReason.UNKNOWN


def test_the_timeline_is_sorted_and_bounded() -> None:
    timeline: tuple[TimelineEntry, ...] = ()
    for minute in reversed(range(MAX_ENTRIES + 50)):
        timeline = add_entry(timeline, TimelineEntry(at=at(minutes=minute), event="e", text="t"))
    assert len(timeline) == MAX_ENTRIES
    assert timeline[0].at == T0
    assert list(timeline) == sorted(timeline, key=lambda entry: entry.at)


def test_details_cannot_be_broken_by_what_comes_from_outside() -> None:
    request = MeetingRequest(
        meeting_url="https://meet.google.com/abc-defg-hij", start_time=T0, title="# <script>|alert(1)|\n[x](y)"
    )
    state = MeetingState.initial(request, ("m", "meeting-m", "run"), T0)
    state.note(T0, "in_call|_|", "a | b\n\n| c")
    details = descriptions.meeting_markdown(meeting_view(state))
    assert "<script" not in details.replace("\\<script", "")
    table = [line for line in details.splitlines() if line.startswith("| 2026")]
    assert len(table) == 1
    assert table[0].replace("\\|", "").count("|") == 4


@pytest.mark.parametrize(
    ("seconds", "words"), [(240, "4 min"), (5400, "1 h 30 min"), (45, "45 s"), (0, "0 s"), (-60, "1 min")]
)
def test_spans_read_well(seconds: int, words: str) -> None:
    assert descriptions.format_duration(timedelta(seconds=seconds)) == words


def test_timers_say_what_they_wait_for() -> None:
    assert descriptions.sleep_summary(at(minutes=-4), T0) == "until 09:56:00Z, 4 min before the start"
    assert descriptions.sleep_summary(at(minutes=4), T0) == "until 10:04:00Z, at once"


@pytest.mark.parametrize("kind", BotEventKind)
def test_every_event_is_told_in_words(kind: BotEventKind) -> None:
    event = bot_event(kind=kind, bot_id="b", occurred_at=T0, code="odd", text="said so", source=EventSource.API)
    assert descriptions.describe_event(event).endswith("(said so) (found by asking)")


def test_a_bot_that_ended_without_having_recorded_is_asked_about_once_without_a_grace_period() -> None:
    ended = bot(final_event_at=at(minutes=9), polled_at=at(minutes=5))
    assert polling_policy.final_status_check(ended) == at(minutes=9)
    for state in (bot(), ended.model_copy(update={"recording_seen": True}), bot(final_event_at=T0, polled_at=T0)):
        assert polling_policy.final_status_check(state) is None


def test_a_bot_that_refuses_to_leave_is_told_again_after_pauses_that_grow() -> None:
    pauses = [polling_policy.removal_pause(refusals, D).total_seconds() for refusals in (0, 1, 2, 3, 4, 5, 1000)]
    assert pauses == [30, 60, 120, 240, 480, 480, 480]


@pytest.mark.parametrize(
    ("state", "is_final"),
    [
        (bot(), at(minutes=30)),
        (bot(join_at=at(hours=1)), at(minutes=90)),
        (heard(MeetingStatus.RECORDING), at(seconds=D.max_bot_lifetime)),
    ],
)
def test_a_bot_that_refuses_to_leave_is_gone_when_it_never_came_or_its_lifetime_is_over(
    state: BotState, is_final: datetime
) -> None:
    assert polling_policy.is_refusal_final(state, is_final, D)
    assert polling_policy.is_refusal_checked(state, is_final, D)
    assert not polling_policy.is_refusal_final(state, is_final - timedelta(seconds=1), D)
