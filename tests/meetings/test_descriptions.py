"""Meetings in plain words: what an event means, when something is, how long and how large it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.fields import WantedArtifacts
from minutekeeper.meetings.request import MeetingRequest, ProviderScheduledBot
from minutekeeper.meetings.status import FailureReason, MeetingStatus

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
LINK = "https://acme.zoom.us/j/12345678901?pwd=aB3"
REQUEST = MeetingRequest(meeting_url=LINK, start_time=NOON, title="Weekly")


def event(**fields: Any) -> BotEvent:
    return BotEvent(bot_id="b", occurred_at=NOON, **fields)


def status(meaning: MeetingStatus | None, code: str = "word", reason: FailureReason | None = None) -> BotEvent:
    return event(status=meaning, code=code, reason=reason)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (status(MeetingStatus.JOINING), "The bot is joining the call."),
        (status(MeetingStatus.WAITING_ROOM), "The bot waits to be let in."),
        (status(MeetingStatus.IN_CALL), "The bot is in the call, not recording yet."),
        (status(MeetingStatus.RECORDING), "The bot is recording."),
        (status(MeetingStatus.PAUSED), "The recording was paused."),
        (status(MeetingStatus.ENDED), "The bot left the call."),
        (status(None, "levitating"), "The provider reports 'levitating', which means nothing to us yet."),
    ],
)
def test_a_status_in_words(told: BotEvent, words: str) -> None:
    assert descriptions.describe_event(told) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (FailureReason.NOT_ACCEPTED, "The bot was refused entry."),
        (FailureReason.REMOVED, "The bot was removed from the call."),
        (FailureReason.WAITING_TIMEOUT, "The bot was not let in, so it left the waiting room."),
        (FailureReason.INVALID_MEETING_URL, "The provider says that the meeting link is not valid."),
        (FailureReason.PROVIDER_ERROR, "The bot met an error."),
        (FailureReason.STOPPED, "The bot left because it was told to."),
        (FailureReason.NOBODY_CAME, "The bot left the call."),
    ],
)
def test_an_end_that_gives_its_reason(reason: FailureReason, words: str) -> None:
    assert descriptions.describe_event(status(MeetingStatus.ENDED, reason=reason)) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"kind": BotEventKind.COMPLETE, "has_recording": True},
            "The provider has finished: there is a recording.",
        ),
        ({"kind": BotEventKind.COMPLETE}, "The provider has finished, without a recording."),
        (
            {"kind": BotEventKind.FAILED, "code": "BotRemoved", "reason": FailureReason.REMOVED},
            "The provider says that the bot failed: BotRemoved.",
        ),
        (
            {"kind": BotEventKind.FAILED, "reason": FailureReason.UNKNOWN},
            "The provider says that the bot failed: no reason given.",
        ),
        (
            {"kind": BotEventKind.FAILED, "code": "Oops", "reason": FailureReason.UNKNOWN},
            "The provider says that the bot failed, in words that mean nothing to us yet: Oops.",
        ),
        ({"kind": BotEventKind.TRANSCRIPTION_COMPLETE}, "The provider has finished a transcript."),
    ],
)
def test_a_final_event_in_words(fields: dict[str, Any], words: str) -> None:
    assert descriptions.describe_event(event(**fields)) == words


def test_what_the_provider_said_stands_behind_and_what_was_found_by_asking_says_so() -> None:
    told = status(MeetingStatus.RECORDING).model_copy(update={"text": "at last", "source": EventSource.API})
    assert descriptions.describe_event(told) == "The bot is recording. (at last) (found by asking)"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (status(MeetingStatus.RECORDING, "in_call_recording"), "in_call_recording"),
        (status(None, ""), "status"),
        (event(kind=BotEventKind.FAILED, code="BotRemoved", reason=FailureReason.REMOVED), "failed"),
        (event(kind=BotEventKind.COMPLETE), "complete"),
    ],
)
def test_an_entry_of_the_timeline_is_named_after_its_event(told: BotEvent, name: str) -> None:
    assert descriptions.event_name(told) == name


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (45, "45 s"),
        (-45, "45 s"),
        (240, "4 min"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (3661, "1 h 1 min 1 s"),
        (90_000, "25 h"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert descriptions.format_duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_900, "999.9 kB"),
        (1_000_000, "1.0 MB"),
        (1_200_000_000, "1.2 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_a_size_in_words(count: int, words: str) -> None:
    assert descriptions.format_size(count) == words


def test_an_instant_is_told_in_utc() -> None:
    assert descriptions.format_utc(NOON) == "2026-12-01 12:00:00Z"


def test_a_sleeping_meeting_says_when_it_sends_its_bot() -> None:
    assert (
        descriptions.sleep_summary(NOON - timedelta(minutes=4), NOON) == "until 11:56:00Z, 4 min before the start"
    )
    assert descriptions.sleep_summary(NOON, NOON) == "until 12:00:00Z, at once"


def test_a_meeting_begins_with_its_booking_or_with_a_bot_of_the_provider() -> None:
    assert descriptions.first_timeline_entry(REQUEST) == ("booked", "Booked for 2026-12-01 12:00:00Z.")
    adopted = REQUEST.model_copy(update={"follows": ProviderScheduledBot(bot_id="7f", sent_at=NOON)})
    assert descriptions.first_timeline_entry(adopted) == (
        "adopted",
        "The provider sent bot 7f by itself; it is followed from here on.",
    )


def test_a_meeting_is_named_by_its_title_or_its_link_without_the_password() -> None:
    assert descriptions.title_line(REQUEST) == "Weekly, 2026-12-01 12:00:00Z"
    untitled = REQUEST.model_copy(update={"title": ""})
    assert descriptions.title_line(untitled) == "https://acme.zoom.us/j/12345678901, 2026-12-01 12:00:00Z"


def test_a_summary_is_one_line_that_is_cut_after_300_bytes() -> None:
    assert descriptions.summary(REQUEST) == "Weekly, 2026-12-01 12:00:00Z"
    assert descriptions.summary(REQUEST.model_copy(update={"title": "two\nlines"})).startswith("two lines, ")
    assert descriptions.summary(REQUEST.model_copy(update={"title": "x" * 400})) == "x" * 300 + "…"
    assert (
        descriptions.summary(REQUEST.model_copy(update={"title": "x" + "\u00e4" * 200}))
        == "x" + "\u00e4" * 149 + "…"
    )


@pytest.mark.parametrize(
    ("recording", "transcript", "words"),
    [
        (True, True, "recording and transcript"),
        (False, True, "transcript"),
        (True, False, "recording"),
        (False, False, "nothing"),
    ],
)
def test_a_booking_says_what_was_asked_for(*, recording: bool, transcript: bool, words: str) -> None:
    wanted = WantedArtifacts(recording=recording, transcript=transcript)
    assert descriptions.describe_booking(
        REQUEST.model_copy(update={"wanted": wanted}), "meeting-a_b"
    ).splitlines() == [
        "- **Booked for:** 2026-12-01 12:00:00Z",
        f"- **Where:** zoom, {LINK}",
        f"- **Wanted:** {words} (speaker_view)",
        "- **Look at it:** `minutekeeper show a\\_b`",
    ]
