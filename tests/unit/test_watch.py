"""Deadlines, ends and verdicts."""

from datetime import UTC, datetime, timedelta

import pytest

from meetings import story, watch
from meetings.bot import BotState
from meetings.deadlines import Deadlines
from meetings.ending import FinalEvent
from meetings.events import BotEventKind, EventSource
from meetings.outcome import Artifact
from meetings.record import MeetingRecord
from meetings.request import MeetingRequest, Reschedule
from meetings.status import FailureReason, MeetingStatus
from meetings.timeline import MAX_ENTRIES, TimelineEntry, record
from tests.bot_events import bot_event

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
END = T0 + timedelta(hours=1)
D = Deadlines()


def bot(**fields: object) -> BotState:
    return BotState.model_validate({"dispatch": 0, "bot_id": "b", "sent_at": T0, "join_at": T0} | fields)


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


EVENT = bot_event(kind=BotEventKind.STATUS, bot_id="b", code="joining_call", occurred_at=T0)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bot(join_at=at(minutes=4)), at(minutes=4, seconds=D.first_sign)),
        (bot(events=(EVENT,), heard_at=at(minutes=1)), at(minutes=1, seconds=D.joining)),
        (
            bot(events=(EVENT,), heard_at=T0, phase=MeetingStatus.RECORDING),
            END + timedelta(seconds=D.recording),
        ),
        (bot(events=(EVENT,), heard_at=T0, phase=MeetingStatus.ENDED), at(seconds=D.ended)),
        (bot(asked_at=at(minutes=1), asked_in_vain=2), at(minutes=1, seconds=4 * D.first_sign)),
        (bot(asked_at=at(minutes=1), asked_in_vain=99), at(minutes=1, seconds=D.recording)),
        (bot(shared_with="w", asked_in_vain=5), at(seconds=D.shared)),
        (bot(withdrawn_at=at(minutes=9)), at(minutes=9, seconds=D.removal)),
        (bot(final_heard_at=at(minutes=9)), at(minutes=9, seconds=D.grace)),
        (
            bot(events=(EVENT,), asked_at=at(hours=4, minutes=59), phase=MeetingStatus.RECORDING),
            at(seconds=D.longest),
        ),
    ],
)
def test_one_deadline_at_a_time(state: BotState, expected: datetime) -> None:
    assert watch.next_question(state, END, D) == expected


FAILED = FinalEvent(kind=BotEventKind.FAILED, at=T0, reason=FailureReason.PROVIDER_ERROR)


def test_when_a_story_is_over() -> None:
    assert not watch.is_over(bot())
    assert not watch.is_over(bot(final=FAILED)), "a recording may follow"
    assert watch.is_over(bot(final=FAILED, asked_after_final=True))
    early = T0 - timedelta(seconds=1)
    assert watch.is_over(bot(final=FAILED, withdrawn_at=early)), "it was taken back before it could be there"
    assert not watch.is_over(bot(final=FAILED, withdrawn_at=T0))
    assert not watch.is_over(bot(final=FAILED, withdrawn_at=early, recording_seen=True))
    assert watch.is_over(bot(final=FAILED, has_recording=True))
    assert watch.is_over(bot(given_up=True))


def test_another_try_only_for_what_it_can_cure() -> None:
    assert watch.may_try_again([bot(final=FAILED)])
    assert watch.may_try_again([bot(final=FAILED), bot(final=FAILED)])
    assert not watch.may_try_again([bot()])
    assert not watch.may_try_again([bot(final=FAILED, withdrawn_at=T0)])
    assert not watch.may_try_again([bot(final=FAILED, has_recording=True)])
    refused = FAILED.model_copy(update={"reason": FailureReason.NOT_ACCEPTED})
    assert not watch.may_try_again([bot(final=refused)])
    assert not watch.may_try_again([bot(final=FAILED), bot(final=refused)])
    stopped = FAILED.model_copy(update={"reason": FailureReason.STOPPED})
    assert not watch.may_try_again([bot(final=stopped)])
    assert watch.may_try_again([bot(final=stopped, shared_with="another")]), "its owner took it away from us"


def test_what_nobody_understands_is_tried_once_more() -> None:
    unknown = FAILED.model_copy(update={"reason": FailureReason.UNKNOWN})
    assert watch.may_try_again([bot(final=unknown)])
    assert not watch.may_try_again([bot(final=unknown, withdrawn_at=T0)])
    assert not watch.may_try_again([bot(final=unknown, has_recording=True)])
    assert watch.may_try_again([bot(final=FAILED), bot(final=unknown)])
    assert watch.may_try_again([bot(final=unknown), bot(final=FAILED)])
    assert not watch.may_try_again([bot(final=unknown), bot(final=unknown)])
    assert not watch.may_try_again([bot(final=unknown), bot(final=FAILED), bot(final=unknown)])


def meeting(**fields: object) -> MeetingRecord:
    request = MeetingRequest.model_validate(
        {"meeting_url": "https://meet.google.com/abc-defg-hij", "start_time": T0} | fields
    )
    return MeetingRecord(request, "m", "meeting-m", known_since=T0 - timedelta(days=1))


def test_what_was_over_when_it_was_booked_was_not_missed() -> None:
    missed, over = meeting(), meeting()
    over.known_since = at(hours=2)
    for record_, reason in ((missed, FailureReason.MISSED), (over, FailureReason.MEETING_OVER)):
        record_.fail_too_late(at(hours=3))
        status, why, evidence = record_.verdict(cancelled=False, now=at(hours=3))
        assert (status, why) == (MeetingStatus.FAILED, reason)
        assert "10:00:00Z" in evidence.text


def test_a_recording_of_an_earlier_try_is_the_meetings() -> None:
    m = meeting()
    m.bots = [bot(final=FAILED, has_recording=True, stored=True), bot(dispatch=1, final=FAILED)]
    assert m.verdict(cancelled=False, now=T0)[0] is MeetingStatus.COMPLETED
    m.bots[0] = m.bots[0].model_copy(update={"superseded": True})
    assert m.verdict(cancelled=False, now=T0)[0] is MeetingStatus.FAILED


def test_a_transcript_alone_is_a_success_only_where_no_recording_was_wanted() -> None:
    complete = FinalEvent(kind=BotEventKind.COMPLETE, at=T0)
    for recording, status in ((True, MeetingStatus.FAILED), (False, MeetingStatus.COMPLETED)):
        m = meeting(wanted={"recording": recording})
        m.bots = [bot(final=complete, has_transcript=True)]
        assert m.verdict(cancelled=False, now=T0)[0] is status


def test_what_is_carried_over_comes_back() -> None:
    m = meeting(title="Weekly")
    m.note(T0, "booked", "Booked.")
    m.bots, m.dispatches = [bot()], 1
    m.artifacts = [Artifact(path="m/earlier/0/recording.mp4", size=1, sha256="0")]
    again = MeetingRecord(MeetingRequest.model_validate_json(m.carried().model_dump_json()), "m", "meeting-m", T0)
    assert again.view() == m.view()
    assert again.next_dispatch_key == m.next_dispatch_key


def test_a_move_forgets_what_failed_before() -> None:
    m = meeting()
    m.fail_too_late(at(hours=3))
    m.bots = [bot(), bot(dispatch=1)]
    assert m.tries == 2
    assert m.move(Reschedule(start_time=at(days=1)), at(hours=3))
    assert (m.failure, m.tries) == (None, 0)
    assert not m.move(Reschedule(start_time=at(days=1), title="New"), at(hours=3))


def test_the_timeline_is_sorted_and_bounded() -> None:
    timeline: tuple[TimelineEntry, ...] = ()
    for minute in reversed(range(MAX_ENTRIES + 50)):
        timeline = record(timeline, TimelineEntry(at=at(minutes=minute), event="e", text="t"))
    assert len(timeline) == MAX_ENTRIES
    assert timeline[0].at == T0
    assert list(timeline) == sorted(timeline, key=lambda entry: entry.at)


def test_details_cannot_be_broken_by_what_comes_from_outside() -> None:
    m = meeting(title="# <script>|alert(1)|\n[x](y)")
    m.note(T0, "in_call|_|", "a | b\n\n| c")
    details = story.details(m.view())
    assert "<script" not in details.replace("\\<script", "")
    table = [line for line in details.splitlines() if line.startswith("| 2026")]
    assert len(table) == 1
    assert table[0].replace("\\|", "").count("|") == 4


@pytest.mark.parametrize(
    ("seconds", "words"), [(240, "4 min"), (5400, "1 h 30 min"), (45, "45 s"), (0, "0 s"), (-60, "1 min")]
)
def test_spans_read_well(seconds: int, words: str) -> None:
    assert story.span(timedelta(seconds=seconds)) == words


def test_timers_say_what_they_wait_for() -> None:
    assert story.sleep_summary(at(minutes=-4), T0) == "until 09:56:00Z, 4 min before the start"
    assert story.sleep_summary(at(minutes=4), T0) == "until 10:04:00Z, at once"


@pytest.mark.parametrize("kind", BotEventKind)
def test_every_event_is_told_in_words(kind: BotEventKind) -> None:
    event = bot_event(kind=kind, bot_id="b", occurred_at=T0, code="odd", text="said so", source=EventSource.API)
    sentence = story.tell(event)
    assert sentence.endswith("(said so) (found by asking)")
