"""A bot's events in every order, as often as they like: its state is that of what happened, not of what came last.

What the state must be after some events is said once more here, by `expected`, which sorts and looks instead of
folding.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.bot_state import BotState, FinalEvent, apply_bot_event
from minutekeeper.meetings.dispatch import DispatchedBot, DispatchMode
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.meetingbaas.status_codes import STATUS_CODES
from tests.bot_events import bot_event

pytestmark = pytest.mark.no_cover

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
FRESH = BotState(dispatch=0, bot_id="b", sent_at=T0, join_at=T0)
CODES = list(STATUS_CODES)
STATUSES = list(MeetingStatus)


def status(code: str, second: float, source: EventSource = EventSource.WEBHOOK) -> BotEvent:
    at = T0 + timedelta(seconds=second)
    return bot_event(kind=BotEventKind.STATUS, bot_id="b", code=code, occurred_at=at, source=source)


def final(kind: BotEventKind, second: float, **fields: Any) -> BotEvent:
    return bot_event(kind=kind, bot_id="b", occurred_at=T0 + timedelta(seconds=second), **fields)


JOINING = status("joining_call", 1)
WAITING = status("in_waiting_room", 2)
IN_CALL = status("in_call_not_recording", 3)
RECORDING = status("in_call_recording", 4)
PAUSED = status("recording_paused", 5)
REMOVED = status("bot_removed", 6)
COMPLETE = final(BotEventKind.COMPLETE, 7, has_recording=True, has_transcript=True, body="raw/complete.json")
FAILED = final(BotEventKind.FAILED, 8, code="oh dear", body="raw/failed.json")

LIFE = (JOINING, WAITING, IN_CALL, RECORDING, PAUSED, REMOVED, COMPLETE, FAILED)
"""One event for each state that a bot can show, and its two ends."""

ODDITIES = (
    status("in_call_recording", 3),
    status("recording_resumed", 9),
    status("levitating", 2.5),
    status("in_call_not_recording", 3, EventSource.API),
    final(BotEventKind.COMPLETE, 6.5, source=EventSource.API),
    final(BotEventKind.FAILED, 8.5, code="gone", reason=FailureReason.NO_ANSWER, source=EventSource.API),
    final(BotEventKind.TRANSCRIPTION_COMPLETE, 9, has_transcript=True),
)
"""What else may come: two at one instant, one after the end, a word that nobody knows, the same by asking, an empty
`complete`, a provider that knows no such bot, and a transcript of its own."""


def expected(happened: Collection[BotEvent]) -> dict[str, object]:
    """What must be known after these events, in whatever order they came."""
    steps = [event for event in happened if event.kind is BotEventKind.STATUS and event.code in STATUS_CODES]
    steps.sort(key=_place)
    ends = [event for event in happened if event.kind in {BotEventKind.COMPLETE, BotEventKind.FAILED}]
    end = min(ends, key=_precedence) if ends else None
    last = end or (steps[-1] if steps else None)
    own = [event.occurred_at for event in happened if event.source is EventSource.WEBHOOK]
    latest = STATUS_CODES[steps[-1].code] if steps else MeetingStatus.JOINING
    return {
        "status": MeetingStatus.ENDED if end else latest,
        "status_since": last.occurred_at if last else None,
        "end": end.kind if end else None,
        "ended_at": end.occurred_at if end else None,
        "words": end.code if end else "",
        "reason": _reason(end, steps) if end else None,
        "recording_seen": any(STATUS_CODES[event.code] is MeetingStatus.RECORDING for event in steps),
        "has_recording": any(event.has_recording for event in happened),
        "has_transcript": any(event.has_transcript for event in happened),
        "transcript_finished": any(event.kind is BotEventKind.TRANSCRIPTION_COMPLETE for event in happened),
        "reported_until": max(own, default=None),
        "known": {event.identity for event in happened},
    }


def _place(step: BotEvent) -> tuple[datetime, int, bool, str]:
    """Of one instant, the further status is later; of equal ones, that which says why the bot ended."""
    return (step.occurred_at, STATUSES.index(STATUS_CODES[step.code]), step.reason is not None, step.code)


def _precedence(end: BotEvent) -> tuple[bool, bool, bool, datetime, str]:
    """A recording before a reason, a reason before an empty `complete`, that before ignorance; then the first."""
    brings_something = end.kind is BotEventKind.COMPLETE and (end.has_recording or end.has_transcript)
    is_ignorance = end.reason is FailureReason.NO_ANSWER
    is_failure = end.kind is BotEventKind.FAILED
    return (not brings_something, is_ignorance, not is_failure, end.occurred_at, end.code)


def _reason(end: BotEvent, steps: Sequence[BotEvent]) -> FailureReason | None:
    if end.kind is BotEventKind.COMPLETE:
        return None
    if end.reason is not FailureReason.UNKNOWN:
        return end.reason
    before = [step for step in steps if step.occurred_at <= end.occurred_at]
    return (before[-1].reason if before else None) or FailureReason.UNKNOWN


def known(state: BotState) -> dict[str, object]:
    """The same as `expected`, read from a state."""
    end = state.final or FinalEvent(kind=BotEventKind.STATUS, at=T0)
    return {
        "status": state.status,
        "status_since": state.status_since,
        "end": end.kind if state.final else None,
        "ended_at": end.at if state.final else None,
        "words": end.text,
        "reason": end.reason,
        "recording_seen": state.recording_seen,
        "has_recording": state.has_recording,
        "has_transcript": state.has_transcript,
        "transcript_finished": state.transcript_finished,
        "reported_until": state.reported_until,
        "known": {event.identity for event in state.events},
    }


def run(events: Sequence[BotEvent], state: BotState = FRESH) -> BotState:
    for event in events:
        state = apply_bot_event(state, event)
    return state


def test_all_sequences_up_to_six_events() -> None:
    """8 + 8² + 8³ + 8⁴ + 8⁵ + 8⁶ = 299,592 sequences, repeats included; each goes on from its beginning's state.

    The state after a sequence is compared whole, `delivery_path` included, with that of its events in order, each
    once.
    """
    right = {frozenset(some): run(some) for size in range(9) for some in combinations(LIFE, size)}
    assert all(known(state) == expected(some) for some, state in right.items())
    count = 0

    def go_on(state: BotState, happened: frozenset[BotEvent], left: int) -> None:
        nonlocal count
        for event in LIFE:
            after, then = apply_bot_event(state, event), happened | {event}
            count += 1
            assert after == right[then]
            if left > 1:
                go_on(after, then, left - 1)

    go_on(FRESH, frozenset(), 6)
    assert count == 299_592


def test_one_more_event_leads_from_any_state_to_the_right_one() -> None:
    """So any sequence of these events does, however long: an induction over 2¹³ sets, with 13 next events for each.

    The events of a set were applied in the order of time; the next one may belong anywhere among them.
    """
    alphabet = sorted((*LIFE[2:], *ODDITIES), key=lambda event: event.occurred_at)
    right = cache(lambda some: expected(_members(alphabet, some)))
    reached = {0: FRESH}
    for some in range(2 ** len(alphabet)):
        state = reached[some]
        for place, event in enumerate(alphabet):
            after = apply_bot_event(state, event)
            then = some | 1 << place
            assert known(after) == right(then), (_members(alphabet, some), event)
            reached.setdefault(then, after)


def _members(alphabet: Sequence[BotEvent], some: int) -> list[BotEvent]:
    return [event for place, event in enumerate(alphabet) if some & 1 << place]


@pytest.mark.parametrize("order", [CODES, CODES[::-1]], ids=["as_listed", "backwards"])
def test_any_three_codes_of_the_provider_in_any_order(order: list[str]) -> None:
    """18³ = 5,832 triples, each code at its own second."""
    events = [status(code, second) for second, code in enumerate(order)]
    for triple in product(events, repeat=3):
        assert known(run(triple)) == expected(set(triple))


moments = st.integers(0, 30)


def _reason_of(kind: BotEventKind, code: str) -> dict[str, Any]:
    """The workflow says itself that the provider knows no such bot; the other words are the provider's."""
    return {"reason": FailureReason.NO_ANSWER} if kind is BotEventKind.FAILED and code == "gone" else {}


statuses = st.builds(status, st.sampled_from([*CODES, "never_heard_of"]), moments, st.sampled_from(EventSource))
ends = st.builds(
    lambda kind, second, recorded, code: final(
        kind, second, has_recording=recorded, code=code, **_reason_of(kind, code)
    ),
    st.sampled_from([BotEventKind.COMPLETE, BotEventKind.FAILED, BotEventKind.TRANSCRIPTION_COMPLETE]),
    moments,
    st.booleans(),
    st.sampled_from(["", "BotRemoved", "InternalError", "gone", "what nobody knows"]),
)
events = st.one_of(statuses, statuses, ends)


@given(st.lists(events, max_size=30), st.randoms())
def test_the_order_of_arrival_means_nothing(sequence: list[BotEvent], random: Random) -> None:
    mixed = sequence * 2
    random.shuffle(mixed)
    one, other = known(run(sequence)), known(run(mixed))
    assert one == other


@given(st.lists(events, max_size=30))
def test_a_final_state_absorbs(sequence: list[BotEvent]) -> None:
    state = FRESH
    for event in sequence:
        before, state = state, apply_bot_event(state, event)
        if before.final is not None:
            assert state.final is not None
            assert state.status is MeetingStatus.ENDED
            assert state.final.weight >= before.final.weight, "what is known of an end only grows"


@given(st.lists(events, max_size=30))
def test_a_recording_is_never_dropped(sequence: list[BotEvent]) -> None:
    state, recorded = FRESH, False
    for event in sequence:
        state = apply_bot_event(state, event)
        recorded |= event.has_recording
        assert state.has_recording == state.is_collectable == recorded


@given(st.lists(statuses, max_size=30))
def test_the_status_shown_is_that_of_the_latest_event(sequence: list[BotEvent]) -> None:
    assert known(run(sequence)) == expected(sequence)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(200, 260), ends)
def test_a_talkative_bot_still_shows_its_latest_status_and_its_end(seed: int, count: int, end: BotEvent) -> None:
    dice = Random(seed)  # noqa: S311 - a sequence, not a secret
    sequence = [status(dice.choice(CODES), second) for second in dice.sample(range(10_000), count)]
    state = run(sequence)
    assert len(state.events) == 200
    assert known(state) | {"known": None} == expected(sequence) | {"known": None}
    after = apply_bot_event(state, end)
    assert after.has_recording == end.has_recording


SENT = DispatchedBot(bot_id="b", sent_at=T0, mode=DispatchMode.IMMEDIATE)


def meeting() -> MeetingState:
    request = MeetingRequest.model_validate(
        {"meeting_url": "https://meet.google.com/abc-defg-hij", "start_time": T0}
    )
    return MeetingState.initial(request, ("m", "meeting-m", "run"), T0)


def bot_of(state: MeetingState) -> BotState:
    assert state.bot is not None
    return state.bot


@given(st.lists(events, max_size=30), st.integers(0, 30))
def test_it_does_not_matter_when_the_meeting_learns_of_its_bot(sequence: list[BotEvent], known_after: int) -> None:
    state = meeting()
    session = state.add_session(T0)
    for event in sequence[:known_after]:
        state.apply_event(event)
    assert state.bot is None
    assert state.unmatched_events == sequence[:known_after]
    state.add_bot(session, SENT)
    for event in sequence[known_after:]:
        state.apply_event(event)
    assert not state.unmatched_events
    assert known(bot_of(state)) == known(run(sequence))


def test_a_recording_of_a_bot_that_is_not_known_yet_outlasts_any_number_of_statuses() -> None:
    state = meeting()
    state.apply_event(COMPLETE)
    for second in range(300):
        state.apply_event(status("in_waiting_room", second))
    state.apply_event(FAILED)
    state.add_bot(state.add_session(T0), SENT)
    assert bot_of(state).has_recording
    assert FAILED.identity in {event.identity for event in bot_of(state).events}


def test_a_recording_that_comes_with_a_repeat_is_told() -> None:
    state = meeting()
    state.add_bot(state.add_session(T0), SENT)
    for event in (final(BotEventKind.COMPLETE, 6), COMPLETE, COMPLETE, FAILED, FAILED):
        state.apply_event(event)
    sentences = [entry.text for entry in state.timeline if entry.event in {"complete", "failed"}]
    assert sentences == [
        "The provider has finished, without a recording.",
        "The provider has finished: there is a recording.",
        "The provider says that the bot failed, in words that mean nothing to us yet: oh dear.",
    ]
