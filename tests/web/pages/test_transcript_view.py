"""What the page of a meeting shows of its transcript and its recordings: paragraphs, tracks, and the order."""

from datetime import timedelta
from pathlib import Path

from minutekeeper.meetings.media_types import content_type_of
from minutekeeper.meetings.record import RecordedFile
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.transcripts.speakers import SpokenTranscript, SpokenTurn
from starter.meeting_models import KnownFrom
from tests.records import NOON, a_record
from web.pages import transcript_view
from web.pages.meeting_view import possible_acts
from web.pages.recordings_view import chosen_session, played, recording_sessions
from web.pages.transcript_view import MAX_PARAGRAPHS, TranscriptPage, clock, fold, transcript_page


def page_of(*turns: tuple[str, float, float, str], starts: tuple[float, ...] = ()) -> TranscriptPage:
    return transcript_page(SpokenTranscript([SpokenTurn(*each) for each in turns], starts))


def files(*names: str) -> list[RecordedFile]:
    return [RecordedFile(name=each, content_type=content_type_of(each), size=1, sha256="") for each in names]


def test_each_segment_is_a_paragraph_that_names_its_speaker_once() -> None:
    page = page_of(
        ("Ana", 0, 2, "One."), ("Ana", 2, 4, " Two.\n"), ("Ben", 65, 70, "Three."), ("", 3700, 3701, "?")
    )
    told = [(each.number, each.name, each.clock, each.text) for each in page.paragraphs]
    assert told == [
        (1, "Ana", "0:00", "One."),
        (2, "", "0:02", "Two."),
        (3, "Ben", "1:05", "Three."),
        (4, "Unknown speaker", "1:01:40", "?"),
    ]
    assert [page.at(moment) for moment in (0, 1.9, 2, 64, 65, 9999)] == [1, 1, 2, 2, 3, 4]
    assert page_of(("Ana", 5, 6, "Late."), ("Ana", 7, 8, "")).at(2) == 0


def test_a_phrase_is_found_whatever_its_case_accents_and_blanks() -> None:
    page = page_of(("Ana", 0, 1, "Déjà  vu, Straße"), ("Ben", 1, 2, "deja un peu"), ("Ana", 2, 3, "İstanbul (c++"))
    for phrase, found in (("deja VU", [1]), ("déja", [1, 2]), ("STRASSE", [1]), ("(c++", [3]), ("istanbul", [3])):
        assert [each.number for each in page.matching(phrase, 0)] == found, phrase
    assert [each.number for each in page.matching("", 1)] == [1, 3]
    assert page.matching("deja", 2)[0].number == 2
    assert fold("  A\u0301 b ") == "a b"


def test_a_track_has_shares_and_draws_each_turn_long_enough_to_be_seen() -> None:
    page = page_of(("Ana", 0, 300, "a b"), ("Ben", 300, 300.01, "c"), ("Ben", 600, 1000, "d e f"))
    told = [(each.number, each.name, each.seconds, each.words, each.per_cent) for each in page.tracks]
    assert told == [(2, "Ben", 400.0, 4, 57), (1, "Ana", 300.0, 2, 43)]
    assert [each.path for each in page.tracks] == [
        "M300.0 0H301.0V1H300.0zM600.0 0H1000.0V1H600.0z",
        "M0.0 0H300.0V1H0.0z",
    ]
    assert page.duration == 1000


def test_many_short_turns_keep_the_page_small_and_every_word() -> None:
    turns = [(f"Speaker {each % 2}", each * 2.0, each * 2.0 + 1.5, f"w{each}") for each in range(5000)]
    page = page_of(*turns)
    links = sum(bool(each.clock) for each in page.paragraphs)
    assert links <= MAX_PARAGRAPHS
    assert len(page.paragraphs) == 5000
    monologue = page_of(*(("Ana", start, end, text) for _, start, end, text in turns))
    assert len(monologue.paragraphs) <= MAX_PARAGRAPHS
    assert " ".join(each.text for each in monologue.paragraphs).split() == [text for *_, text in turns]
    crowd = page_of(*((f"Guest {each}", each, each + 1.0, "hi") for each in range(100)))
    assert (len(crowd.tracks), crowd.more_speakers) == (40, 60)


def test_names_cannot_fill_the_page_or_turn_it_round() -> None:
    page = page_of(("\u202eevil " + "x" * 10_000, 0, 1, "\u202eturned"))
    assert len(page.paragraphs[0].name) <= 61
    assert "\u202e" not in page.paragraphs[0].name + page.paragraphs[0].text


def test_recordings_are_played_in_the_order_in_which_bots_recorded_them() -> None:
    found = files(
        *("recording-2.mp4", "recording.mp4", "recording-10.mp4", "transcript.json", "transcript.vtt", "audio.mp3"),
        *(
            "later/10/recording.mp4",
            "later/2/recording.mp3",
            "earlier/0/recording.mp4",
            "earlier/1/screenshots/a.png",
        ),
    )
    sessions = recording_sessions(found)
    assert [each.key for each in sessions] == ["earlier/0", "", "later/2", "later/10"]
    own = chosen_session(sessions, None)
    assert [each.name for each in own.recordings] == ["recording.mp4", "recording-2.mp4", "recording-10.mp4"]
    assert chosen_session(sessions, "later/2").key == "later/2"
    assert chosen_session(sessions, "nowhere").key == ""
    assert chosen_session(sessions[:1], None).key == "earlier/0"
    assert chosen_session((), None).is_empty


def test_a_moment_opens_the_recording_that_has_it() -> None:
    (session,) = recording_sessions(files("recording.mp4", "recording-2.mp3", "transcript.json"))
    page = page_of(("Ana", 0, 1, "a"), starts=(0.0, 600.0))
    told = [(each.is_video, each.begins, each.opens_at) for each in played(session, page, 755.0)]
    assert told == [(True, 0.0, None), (False, 600.0, 155.0)]
    assert [each.opens_at for each in played(session, page, 100.0)] == [100.0, None]
    assert [each.opens_at for each in played(session, page, None)] == [None, None]
    assert [each.begins for each in played(session, page_of(), None)] == [0.0, None]


def test_only_acts_that_a_meeting_takes_are_offered() -> None:
    now = NOON - timedelta(hours=1, minutes=30)
    for status, dispatches, acts in (
        (MeetingStatus.SCHEDULED, 0, "move cancel"),
        (MeetingStatus.RECORDING, 1, "leave move send cancel"),
        (MeetingStatus.ENDED, 1, "send cancel"),
        (MeetingStatus.COLLECTING, 1, "cancel"),
        (MeetingStatus.FAILED, 1, "send collect"),
        (MeetingStatus.FAILED, 0, ""),
    ):
        view = a_record("m", status=status, dispatches=dispatches).view
        assert " ".join(possible_acts(view, KnownFrom.TEMPORAL, now)) == acts, status
        assert possible_acts(view, KnownFrom.TEMPORAL, NOON) == tuple(
            each for each in possible_acts(view, KnownFrom.TEMPORAL, now) if each != "send" or not status.is_final
        )
        assert not status.is_final or possible_acts(view, KnownFrom.RECORD, now) == ()


def test_the_scripts_of_all_pages_stay_short() -> None:
    scripts = Path(transcript_view.__file__).with_name("static").glob("*.js")
    assert sum(len(each.read_text(encoding="utf-8").splitlines()) for each in scripts) <= 300


def test_clocks_count_hours_only_where_there_are_some() -> None:
    assert [clock(each) for each in (0, 59.9, 755, 3600)] == ["0:00", "0:59", "12:35", "1:00:00"]
