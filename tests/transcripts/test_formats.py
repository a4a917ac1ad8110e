import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from minutekeeper.text import one_line
from minutekeeper.transcripts.formats import to_json, to_markdown, to_srt, to_text, to_webvtt
from minutekeeper.transcripts.model import Segment, Transcript, Word
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

MEETING = transcript_of(
    spoken("Good morning, everyone.", 5),
    spoken("Hi!", 3725.5, speaker="Bob"),
    Segment(speaker="speaker 2", start=360_000, end=360_001.5, text="Still here after a hundred hours."),
)


def test_json_is_the_whole_transcript() -> None:
    text = "".join(to_json(MEETING))
    assert json.loads(text)["segments"][1]["words"] == [{"text": "Hi!", "start": 3725.5, "end": 3725.9}]
    assert Transcript.model_validate_json(text) == MEETING


def test_text_has_a_line_per_segment() -> None:
    assert to_text(MEETING) == (
        "[00:00:05] Alice: Good morning, everyone.\n"
        "[01:02:05] Bob: Hi!\n"
        "[100:00:00] speaker 2: Still here after a hundred hours.\n"
    )


def test_markdown_shows_time_speaker_and_text() -> None:
    start = datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert to_markdown(MEETING, "Weekly #7", start) == (
        "# Weekly \\#7\n\n"
        "Started 2026-12-01 10:00:00 UTC.\n\n"
        "`00:00:05` **Alice:** Good morning, everyone.\n\n"
        "`01:02:05` **Bob:** Hi!\n\n"
        "`100:00:00` **speaker 2:** Still here after a hundred hours.\n"
    )


def test_markdown_of_silence_says_so() -> None:
    assert to_markdown(Transcript(), " ", None) == "# Transcript\n\nNothing was said.\n"


def test_webvtt_names_the_speaker_in_a_voice_tag() -> None:
    assert to_webvtt(MEETING) == (
        "WEBVTT\n\n"
        "00:00:05.000 --> 00:00:06.200\n<v Alice>Good morning, everyone.</v>\n\n"
        "01:02:05.500 --> 01:02:06.000\n<v Bob>Hi!</v>\n\n"
        "100:00:00.000 --> 100:00:01.500\n<v speaker 2>Still here after a hundred hours.</v>\n"
    )


def test_srt_puts_the_speaker_before_the_text() -> None:
    assert to_srt(MEETING) == (
        "1\n00:00:05,000 --> 00:00:06,200\nAlice: Good morning, everyone.\n\n"
        "2\n01:02:05,500 --> 01:02:06,000\nBob: Hi!\n\n"
        "3\n100:00:00,000 --> 100:00:01,500\nspeaker 2: Still here after a hundred hours.\n"
    )


def test_a_name_that_ends_in_hyphens_makes_no_arrow() -> None:
    text = to_webvtt(transcript_of(spoken("Yes", speaker="Anne --")))
    assert text.count("-->") == 1
    assert read_webvtt(text) == [("Anne --", 0, 500, "Yes")]


def test_an_empty_transcript_gives_valid_empty_files() -> None:
    assert to_text(Transcript()) == ""
    assert read_webvtt(to_webvtt(Transcript())) == []
    assert read_srt(to_srt(Transcript())) == []
    assert Transcript.model_validate_json("".join(to_json(Transcript()))).is_empty


def test_long_speech_is_cut_at_word_times_into_readable_cues() -> None:
    segment = spoken("one two three four five six seven eight nine ten " * 20, 100)
    shown = read_webvtt(to_webvtt(transcript_of(segment)))
    starts = {round(word.start * 1000) for word in segment.words}
    assert len(shown) > 10
    assert all(start in starts and end - start <= 7000 and len(text) <= 84 for _, start, end, text in shown)
    assert all(before[2] == after[1] for before, after in pairwise(shown))
    assert " ".join(text for *_, text in shown).split() == segment.text.split()


def test_a_cue_ends_with_a_long_sentence_or_before_a_pause() -> None:
    long = "This sentence fills more than just one line."
    words = spoken(f"{long} The next. And one more", 0, 0.2).words
    later = tuple(Word(text=word, start=4.5, end=5) for word in ("after", "silence."))
    segment = Segment(speaker="A", start=0, end=5, text="", words=words + later)
    assert [cue.text for cue in make_subtitles(transcript_of(segment))] == [
        long,
        "The next. And one more",
        "after silence.",
    ]


def test_wide_characters_count_twice() -> None:
    segment = Segment(speaker="A", start=0, end=30, text="天" * 100)
    assert [len(cue.text) for cue in make_subtitles(transcript_of(segment))] == [42, 42, 16]


def test_text_without_words_shares_the_time_of_its_segment() -> None:
    segment = Segment(speaker="A", start=10, end=30, text="abcd " * 40)
    shown = make_subtitles(transcript_of(segment))
    assert (shown[0].start, shown[-1].end) == (10_000, 30_000)
    assert all(0 < cue.end - cue.start <= 7000 for cue in shown)


@pytest.mark.parametrize("words", [(), tuple(Word(text="abcd", start=10, end=10) for _ in range(60))])
def test_text_without_any_duration_is_shown_as_long_as_reading_takes(words: tuple[Word, ...]) -> None:
    shown = make_subtitles(transcript_of(Segment(speaker="A", start=10, end=10, text="abcd " * 60, words=words)))
    assert len(shown) > 2
    assert len({cue.start for cue in shown}) == len(shown)
    assert 15_000 < shown[-1].end - shown[0].start < 25_000


def test_a_zero_length_word_is_still_seen() -> None:
    segment = Segment(speaker="A", start=1, end=1, text="Yes", words=(Word(text="Yes", start=1, end=1),))
    ((_, start, end, text),) = read_webvtt(to_webvtt(transcript_of(segment)))
    assert (start, end, text) == (1000, 1500, "Yes")


def test_a_sentence_sent_as_one_word_is_cut_too() -> None:
    sentence = "captions come as whole sentences " * 5
    segment = Segment(speaker="A", start=0, end=12, text=sentence, words=(Word(text=sentence, start=2, end=12),))
    shown = make_subtitles(transcript_of(segment))
    assert len(shown) > 1
    assert " ".join(cue.text for cue in shown) == sentence.strip()


def test_speakers_who_talk_at_once_get_cues_in_order() -> None:
    shown = make_subtitles(transcript_of(spoken("la " * 100, 0), spoken("excuse me", 5, speaker="Bob")))
    assert [cue.start for cue in shown] == sorted(cue.start for cue in shown)
    assert [cue.speaker for cue in shown].index("Bob") in range(1, len(shown) - 1)


def test_words_whose_times_go_back_keep_their_order() -> None:
    words = (Word(text="x" * 80, start=9, end=10), Word(text="y" * 80, start=1, end=2))
    shown = make_subtitles(transcript_of(Segment(speaker="A", start=1, end=10, text="", words=words)))
    assert [(cue.text[0], cue.start, cue.end) for cue in shown] == [("x", 9000, 10_000), ("y", 10_000, 10_500)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a --> b", "a \u2192 b"),
        ("a ----> b", "a \u2192 b"),
        ("<b>bold</b>", "\u2039b>bold\u2039/b>"),
        ("{\\an8}up", "{/an8}up"),
        ("1 < 2 -> {3}", "1 < 2 -> {3}"),
    ],
)
def test_srt_replaces_what_players_take_for_markup(text: str, shown: str) -> None:
    assert read_srt(to_srt(transcript_of(spoken(text))))[0][2] == f"Alice: {shown}"


@pytest.mark.parametrize("nasty", NASTY)
def test_nasty_speech_is_only_speech(nasty: str) -> None:
    segment = Segment(speaker=f"Eve {nasty}", start=1, end=2, text=f"I said {nasty}")
    transcript = transcript_of(segment, replace(segment, start=61, end=62))
    page = read_markdown(to_markdown(transcript, nasty, None))
    assert page.tags == ["h1", *["p", "code", "strong"] * 2]
    line = f"{one_line(segment.speaker)}: {one_line(segment.text)}"
    assert page.text.splitlines()[-2:] == [f"00:00:01 {line}", f"00:01:01 {line}"]
    in_vtt = read_webvtt(to_webvtt(transcript))
    assert without_blanks("".join(text for *_, text in in_vtt)) == without_blanks(one_line(segment.text) * 2)
    assert {voice for voice, *_ in in_vtt} == {one_line(segment.speaker)}
    assert len(read_srt(to_srt(transcript))) == len(in_vtt)


# Slow machines are no failure, and each example goes through several parsers.
