"""Transcripts of several recordings become one, on the clock of the first."""

from minutekeeper.transcripts.formats import to_json
from minutekeeper.transcripts.joining import join_transcripts
from minutekeeper.transcripts.model import MAX_SECONDS, Segment, Transcript, Word
from minutekeeper.transcripts.speakers import read_spoken


def said(speaker: str, start: float, text: str, language: str | None = None) -> Transcript:
    words = (Word(text, start, start + 1),)
    segment = Segment(speaker=speaker, start=start, end=start + 1, text=text, words=words, language=language)
    return Transcript(segments=(segment,), speakers=(speaker,), language=language)


def test_times_are_moved_and_speakers_kept_in_the_order_in_which_they_spoke() -> None:
    joined = join_transcripts([(said("Ada", 5, "later"), 600.0), (said("Bob", 1, "first", "de"), 0.0)])
    assert [(segment.speaker, segment.start, segment.end) for segment in joined.segments] == [
        ("Bob", 1, 2),
        ("Ada", 605, 606),
    ]
    assert joined.segments[1].words == (Word("later", 605, 606),)
    assert (joined.speakers, joined.language) == (("Bob", "Ada"), "de")


def test_a_stored_transcript_says_where_each_recording_begins() -> None:
    joined = join_transcripts([(said("Ada", 5, "x"), 0.0), (said("Ada", 5, "y"), 600.5)])
    assert read_spoken("".join(to_json(joined)).encode()).recording_starts == (0.0, 600.5)
    assert "recording_starts" not in "".join(to_json(said("Ada", 5, "x")))


def test_no_time_leaves_its_limits() -> None:
    (segment,) = join_transcripts([(said("Ada", 5, "x"), MAX_SECONDS)]).segments
    assert (segment.start, segment.end) == (MAX_SECONDS, MAX_SECONDS)
    (segment,) = join_transcripts([(said("Ada", 5, "x"), -60.0)]).segments
    assert (segment.start, segment.words[0].start) == (0, 0)


def test_nothing_stays_nothing() -> None:
    assert join_transcripts([]).is_empty
    assert join_transcripts([(Transcript(), 5.0)]).is_empty
