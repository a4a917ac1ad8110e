"""What a meeting, a bot and messages about them hold before anything is known, and the words that are stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource, ObservedBot, is_end_event
from minutekeeper.meetings.bot_state import BotState, FinalEvent
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult, MeetingClaims
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import (
    BotDispatch,
    DispatchedBot,
    DispatchMode,
    DispatchPlan,
    DispatchTerms,
    SendBotInput,
)
from minutekeeper.meetings.fields import BotOptions, WantedArtifacts
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import MAX_ENTRIES, RELEASED, Evidence, Outcome

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
URL = "https://meet.google.com/abc-defg-hij"
REQUEST = MeetingRequest(meeting_url=URL, start_time=T0)
STATUSES = (
    "scheduled dispatching joining waiting_room in_call recording paused ended collecting completed "
    "failed cancelled"
)
REASONS = (
    "missed send_timeout meeting_over invalid_meeting_url cannot_join not_accepted needs_authorisation "
    "waiting_timeout nobody_came nobody_spoke removed stopped recording_timeout streaming_failed provider_error "
    "provider_unreachable room_occupied account request_rejected invalid_request no_answer empty_recording "
    "recording_lost terminated unknown"
)


def test_the_words_that_are_stored_and_shown() -> None:
    assert [*MeetingStatus] == STATUSES.split()
    assert {*FailureReason} == {*REASONS.split()}
    assert [*TranscriptState] == ["not_asked", "pending", "ready", "empty", "failed"]
    assert [*WebhookState] == ["not_expected", "awaited", "heard", "silent"]
    assert [*BotEventKind] == [
        "status",
        "complete",
        "failed",
        "transcription_complete",
        "transcription_failed",
        "settled",
    ]
    assert [*EventSource] == ["webhook", "api"]
    assert [*DispatchMode] == ["reserved", "immediate"]
    assert [*ClaimResult] == ["taken", "held"]
    assert RELEASED == "released"


@pytest.mark.parametrize("status", MeetingStatus)
def test_three_statuses_are_final(status: MeetingStatus) -> None:
    assert status.is_final is (status in {"completed", "failed", "cancelled"})


def test_of_a_new_meeting_only_its_request_is_known() -> None:
    state = MeetingState.initial(REQUEST, ("m", "meeting-m", "run"), T0)
    assert dict(state) == {
        "request": REQUEST,
        "meeting_id": "m",
        "workflow_id": "meeting-m",
        "run_id": "run",
        "known_since": T0,
        "sessions": [],
        "dispatches": 0,
        "tried": [],
        "policy": DispatchTerms(),
        "storage_problem": "",
        "removed_bots": [],
        "held_change": "",
        **dict.fromkeys(("stop", "failure", "account_problem", "next_check_at", "outcome")),
        **dict.fromkeys(("send_requested", "retranscribe", "has_manifest", "is_reopened"), False),
        "unmatched_events": [],
        "artifacts": [],
        "timeline": (),
        "published": {},
        "transcript": TranscriptState.PENDING,
        "interest": MeetingClaims(),
        "told": {},
        "announced": 0,
    }
    assert state.revision == 0
    state.changed()
    assert state.revision == 1


def test_a_transcript_that_is_not_wanted_is_not_asked_for() -> None:
    request = REQUEST.model_copy(update={"wanted": WantedArtifacts(transcript=False)})
    assert MeetingState.initial(request, ("m", "w", "r"), T0).transcript is TranscriptState.NOT_ASKED


def test_of_a_new_bot_only_its_id_is_known() -> None:
    nothing: dict[str, Any] = {
        **dict.fromkeys(("provider", "shared_with", "delivery_path"), ""),
        **dict.fromkeys(("last_event_at", "reported_until", "polled_at", "removed_at", "final_event_at")),
        **dict.fromkeys(("status_since", "final", "settled_at")),
        **dict.fromkeys(("taken_away", "polled_after_final", "recording_seen", "has_recording"), False),
        **dict.fromkeys(("has_transcript", "transcript_finished"), False),
        "polls_without_news": 0,
        "status": MeetingStatus.JOINING,
        "events": (),
    }
    bot = BotState(bot_id="b", dispatch=0, sent_at=T0, join_at=T0)
    assert dict(bot) == {"bot_id": "b", "dispatch": 0, "sent_at": T0, "join_at": T0} | nothing
    final = FinalEvent(kind=BotEventKind.COMPLETE, at=T0)
    assert (final.reason, final.stated_reason, final.text, final.has_content) == (None, None, "", False)


def test_an_event_says_no_more_than_it_is_given() -> None:
    assert dict(BotEvent(bot_id="b", occurred_at=T0)) == {
        "bot_id": "b",
        "occurred_at": T0,
        "kind": BotEventKind.STATUS,
        "source": EventSource.WEBHOOK,
        **dict.fromkeys(("dispatch", "status", "reason")),
        **dict.fromkeys(("code", "text", "body"), ""),
        **dict.fromkeys(("has_recording", "has_transcript", "transcript_finished"), False),
    }
    assert dict(ObservedBot()) == {"events": (), "gone": False, "removed_by_owner": False, "text": ""}


@pytest.mark.parametrize("kind", BotEventKind)
def test_two_kinds_of_events_end_a_bot(kind: BotEventKind) -> None:
    event = BotEvent(bot_id="b", occurred_at=T0, kind=kind)
    assert is_end_event(event) is (kind in {"complete", "failed"})


def test_an_event_is_known_by_its_code_and_time_and_a_final_one_by_its_kind() -> None:
    status = BotEvent(bot_id="b", occurred_at=T0, code="call_ended")
    assert status.identity == ("status", "call_ended", T0)
    assert status.model_copy(update={"kind": BotEventKind.FAILED}).identity == ("failed", "", None)


@pytest.mark.parametrize("name", ["bot_id", "code", "text", "body"])
def test_no_text_of_an_event_is_longer_than_500_characters(name: str) -> None:
    event = BotEvent.model_validate({"bot_id": "b", "occurred_at": T0, name: "x" * 500})
    assert event.clipped is event
    longer = event.model_copy(update={name: "x" * 501})
    assert longer.clipped == event


def test_the_messages_about_a_dispatch() -> None:
    request = SendBotInput(key="k", meeting_url=URL, start_time=T0, requested_at=T0)
    assert dict(request) == {
        "key": "k",
        "meeting_url": URL,
        "start_time": T0,
        "requested_at": T0,
        "dispatch": 0,
        "run": "",
        "end_time": None,
        "first_requested_at": None,
        "transcript": True,
        "bot": BotOptions(),
        "provider": "",
        "metadata": {},
        "gone_bots": (),
        "search_first": False,
        "rebooked": False,
        "tried": (),
        "may_change": False,
    }
    assert dict(DispatchTerms()) == {"deadlines": Deadlines(), "max_dispatches": 3}
    plan = DispatchPlan(dispatch_at=T0, join_at=T0, mode=DispatchMode.IMMEDIATE)
    assert plan.terms == DispatchTerms()
    assert plan.model_copy(update={"max_dispatches": 5}).terms.max_dispatches == 5
    assert dict(DispatchedBot(bot_id="b", sent_at=T0)) == {
        "bot_id": "b",
        "provider": "",
        "sent_at": T0,
        "mode": DispatchMode.RESERVED,
        "join_at": None,
        "is_adopted": False,
        "shared_with": "",
        "notes": (),
        "terms": DispatchTerms(),
    }
    fields = request.model_dump(
        include={"key", "dispatch", "run", "meeting_url", "start_time", "transcript", "bot"}
    )
    assert BotDispatch(**fields, dispatch_at=T0, mode=DispatchMode.RESERVED).requested_since is None


def test_the_messages_about_a_claim() -> None:
    claim = Claim(calendar_id="c", event_id="e", seen_at=T0, start_time=T0, meeting_url=URL)
    assert (claim.end_time, claim.title, claim.bot, claim.is_organizer, claim.updated_at) == (
        None,
        "",
        None,
        False,
        None,
    )
    assert dict(ClaimRelease(calendar_id="c", seen_at=T0)) == {
        "calendar_id": "c",
        "seen_at": T0,
        "why": "",
        "deleted_at": None,
        "by_person": False,
        "for_all": False,
    }
    assert dict(MeetingClaims()) == {"claims": {}, "released": {}, "followed": None}
    with pytest.raises(ValueError, match=r"end_time .* must be after start_time"):
        claim.model_validate(claim.model_dump() | {"end_time": T0})
    for model, name, fields in (
        (Claim, "title", claim.model_dump()),
        (ClaimRelease, "why", {"calendar_id": "c", "seen_at": T0}),
    ):
        assert getattr(model.model_validate(fields | {name: "x" * 500}), name) == "x" * 500
        with pytest.raises(ValueError, match=name):
            model.model_validate(fields | {name: "x" * 501})


def test_an_outcome_says_no_more_than_is_known() -> None:
    evidence = Evidence.model_validate({"event": "complete", "at": T0, "text": None})
    assert evidence.text == ""
    assert evidence.model_dump(mode="json")["text"] is None
    assert evidence.model_copy(update={"text": "x"}).model_dump(mode="json")["text"] == "x"
    outcome = Outcome(meeting_id="m", status=MeetingStatus.COMPLETED, evidence=evidence)
    assert (outcome.reason, outcome.bot_id, outcome.artifacts) == (None, "", ())
    assert outcome.transcript is TranscriptState.NOT_ASKED


def test_a_note_is_cut_after_a_thousand_characters_and_two_hundred_are_kept() -> None:
    assert MAX_ENTRIES == 200
    state = MeetingState.initial(REQUEST, ("m", "w", "r"), T0)
    state.note(T0, "x", "x" * 1001)
    assert state.timeline[0].text == "x" * 1000
    for second in range(1, 300):
        state.note(T0 + timedelta(seconds=second), str(second), "")
    seconds = [0, *(int(entry.event) for entry in state.timeline[1:])]
    assert seconds == [*range(100), *range(200, 300)]
