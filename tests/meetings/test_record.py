"""The record of a meeting: what it holds, and what it never holds."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.collection import CollectResult
from minutekeeper.meetings.conclusion import (
    conclude,
    meeting_record,
    record_before_collecting,
    with_collected,
    withdraw_conclusion,
)
from minutekeeper.meetings.dispatch import DispatchedBot
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.record import MAX_RECORD_BYTES, MeetingRecord
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import TimelineEntry
from tests.bot_events import bot_event
from tests.records import NOON, URL, a_record

T0 = NOON


def at(**duration: float) -> datetime:
    return T0 + timedelta(**duration)


def send(state: MeetingState, bot_id: str) -> None:
    state.add_bot(state.add_session(T0), DispatchedBot(bot_id=bot_id, sent_at=T0))


def status(code: str, second: float) -> BotEvent:
    return bot_event(bot_id="a", code=code, occurred_at=at(seconds=second))


def ended(**fields: object) -> MeetingState:
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": T0} | fields)
    state = MeetingState.initial(request, ("m", "meeting-m", "run-1"), T0 - timedelta(days=1))
    state.note(T0 - timedelta(days=1), "booked", "Booked.")
    send(state, "a")
    state.apply_event(status("joining_call", 10))
    state.apply_event(status("in_call_recording", 60))
    state.apply_event(status("call_ended", 660))
    complete: dict[str, Any] = {"kind": BotEventKind.COMPLETE, "has_recording": True, "has_transcript": True}
    state.apply_event(bot_event(bot_id="a", occurred_at=at(seconds=700), **complete))
    return state


def test_it_is_the_last_view_and_what_the_bots_told() -> None:
    state = ended(bot={"entry_message": "This meeting is recorded."}, metadata={"deal": "7"})
    conclude(state, at(seconds=800))

    record = meeting_record(state, at(seconds=800))

    assert record.view == meeting_view(state)
    assert (record.run, record.booked_at, record.written_at) == ("run-1", T0 - timedelta(days=1), at(seconds=800))
    assert (record.duration_seconds, record.notice) == (600, "This meeting is recorded.")
    (bot,) = record.bots
    assert (bot.first_seen_at, bot.recording_from, bot.ended_at) == (
        at(seconds=10),
        at(seconds=60),
        at(seconds=660),
    )
    assert MeetingRecord.model_validate_json(record.to_bytes()) == record


def test_a_notice_was_shown_only_in_a_call() -> None:
    request = MeetingRequest.model_validate({"meeting_url": URL, "start_time": T0, "bot": {"entry_message": "Hi."}})
    state = MeetingState.initial(request, ("m", "meeting-m", "run-1"), T0)
    send(state, "a")
    state.apply_event(status("in_waiting_room", 10))
    conclude(state, at(hours=1))

    assert (meeting_record(state, at(hours=1)).notice, state.current_status) == ("", MeetingStatus.FAILED)


def test_what_is_expected_of_a_collection_is_what_its_end_brings() -> None:
    state = ended()
    expected = record_before_collecting(state, state.sessions[0], at(seconds=710))
    brought = CollectResult(
        files={"recording.mp4": 5000, "transcript.json": 30, "manifest.json": 400}, transcript=TranscriptState.READY
    )

    record = with_collected(expected, brought, "m", at(seconds=800))

    assert (record.status, record.reason, record.transcript) == ("completed", None, TranscriptState.READY)
    assert [entry.event for entry in record.timeline][-3:] == ["recording_stored", "transcript_ready", "completed"]
    assert [file.path for file in record.artifacts] == ["m/recording.mp4", "m/transcript.json", "m/manifest.json"]
    assert state.outcome is None
    assert state.sessions[0].recording_stored is False


def test_an_end_that_was_too_early_leaves_no_trace() -> None:
    state = ended()
    before, revision = meeting_view(state), state.revision
    conclude(state, at(seconds=800))
    withdraw_conclusion(state, meeting_record(state, at(seconds=800)))

    kept = meeting_view(state)
    assert kept.model_copy(update={"transcript": before.transcript}) == before
    assert state.revision > revision


def test_a_record_that_would_be_too_large_keeps_its_beginning_and_its_end() -> None:
    entries = tuple(TimelineEntry(at=at(seconds=n), event=f"e{n}", text="ü" * 1000) for n in range(200))
    record = a_record("m", timeline=entries, bots=tuple(f"bot-{n}" for n in range(300)))

    data = record.to_bytes()

    assert len(data) <= MAX_RECORD_BYTES
    content = json.loads(data)
    assert (content["timeline"][0]["event"], content["timeline"][-1]["event"]) == ("e0", "e199")
    assert (content["bots"][0]["bot_id"], content["bots"][-1]["bot_id"]) == ("bot-0", "bot-299")
    assert MeetingRecord.model_validate_json(data).meeting_id == "m"


@pytest.mark.parametrize("place", ["timeline", "evidence", "trouble"])
def test_links_in_the_words_of_others_lose_what_may_be_a_signature(place: str) -> None:
    said = "Cannot fetch https://files.example.com/a.mp4?X-Amz-Signature=abc123&x=1 for now"
    fields: dict[str, dict[str, Any]] = {
        "timeline": {"timeline": (TimelineEntry(at=T0, event="trouble", text=said),)},
        "evidence": {"evidence": {"event": "download", "at": T0, "text": said}},
        "trouble": {"trouble": said},
    }

    data = a_record("m", **fields[place]).to_bytes().decode()

    assert "Signature" not in data
    assert "Cannot fetch https://files.example.com/a.mp4 for now" in data
