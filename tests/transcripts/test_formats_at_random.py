"""Whatever is said, by whoever and whenever: every export of it can be read by others."""

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from minutekeeper.text import one_line
from minutekeeper.transcripts.formats import to_json, to_markdown, to_srt, to_text, to_webvtt
from minutekeeper.transcripts.model import UNKNOWN_SPEAKER, Segment, Transcript, Word
from minutekeeper.transcripts.subtitles import make_subtitles
from tests.transcripts.subtitles_support import (
    NASTY,
    read_markdown,
    read_srt,
    read_webvtt,
    spoken,
    transcript_of,
    without_blanks,
)

quick = settings(max_examples=50)


nasty_texts = (
    st.sampled_from(NASTY) | st.text(max_size=20) | st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
)


seconds = st.floats(0, 400_000) | st.sampled_from([0.0, 0.0004, 59.9996, 3599.9999, 359_999.9999, 10_000_000.0])


words = st.builds(
    lambda text, times: Word(text=text, start=min(times), end=max(times)), nasty_texts, st.tuples(seconds, seconds)
)


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    its_words = tuple(draw(st.lists(words, max_size=6)))
    start, end = sorted(draw(st.tuples(seconds, seconds)))
    text = " ".join(word.text for word in its_words) if its_words else draw(nasty_texts)
    return Segment(speaker=draw(nasty_texts), start=start, end=end, text=text, words=its_words)


transcripts = st.lists(segments(), max_size=4).map(lambda found: transcript_of(*found))


@quick
@given(transcripts)
def test_json_survives_anything(transcript: Transcript) -> None:
    text = "".join(to_json(transcript))
    assert Transcript.model_validate_json(text) == transcript
    assert json.loads(text) == json.loads(transcript.model_dump_json())


@quick
@given(transcripts)
def test_text_survives_anything(transcript: Transcript) -> None:
    lines = to_text(transcript).splitlines()
    assert len(lines) == len(transcript.segments)
    for line, segment in zip(lines, transcript.segments, strict=True):
        assert line.endswith(f": {one_line(segment.text)}")
        assert (one_line(segment.speaker) or UNKNOWN_SPEAKER) in line


@quick
@given(transcripts, nasty_texts)
def test_nothing_said_becomes_markdown_or_html(transcript: Transcript, title: str) -> None:
    page = read_markdown(to_markdown(transcript, title, datetime(2026, 12, 1, tzinfo=UTC)))
    paragraphs = ["p"] if transcript.is_empty else ["p", "code", "strong"] * len(transcript.segments)
    assert page.tags == ["h1", "p", *paragraphs]
    said = [
        f"{one_line(segment.speaker) or UNKNOWN_SPEAKER}: {one_line(segment.text)}"
        for segment in transcript.segments
    ]
    heading, _, *shown = [line for line in page.text.split("\n") if line]
    assert without_blanks(heading) == without_blanks(one_line(title) or "Transcript")
    if said:
        assert [line.partition(" ")[2].strip() for line in shown] == [line.strip() for line in said]


@quick
@given(transcripts)
def test_every_word_survives_in_subtitles_that_others_can_read(transcript: Transcript) -> None:
    made = make_subtitles(transcript)
    vtt = to_webvtt(transcript)
    assert read_webvtt(vtt) == [(cue.speaker, cue.start, cue.end, cue.text) for cue in made]
    assert vtt.count("-->") == len(made)
    subtitles = read_srt(to_srt(transcript))
    assert [(start, end) for start, end, _ in subtitles] == [(cue.start, cue.end) for cue in made]
    assert [cue.start for cue in made] == sorted(cue.start for cue in made)
    assert all(cue.start < cue.end for cue in made)


@quick
@given(segments())
def test_the_words_of_a_segment_keep_their_order(segment: Segment) -> None:
    said = "".join(one_line(word.text) for word in segment.words) or one_line(segment.text)
    shown = make_subtitles(transcript_of(segment))
    assert without_blanks("".join(cue.text for cue in shown)) == without_blanks(said)


@quick
@given(st.lists(st.text("abc.,!ä天", min_size=1), min_size=1))
def test_ordinary_speech_is_the_same_in_every_subtitle_format(said: list[str]) -> None:
    transcript = transcript_of(spoken(" ".join(said)))
    in_srt = "".join(content.removeprefix("Alice: ") for *_, content in read_srt(to_srt(transcript)))
    in_vtt = "".join(text for *_, text in read_webvtt(to_webvtt(transcript)))
    assert without_blanks(in_srt) == without_blanks(in_vtt) == "".join(said)
