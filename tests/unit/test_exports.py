import html
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from meetings.cues import cues
from meetings.exports import to_json, to_markdown, to_srt, to_text, to_webvtt
from meetings.text import one_line
from meetings.transcript import UNKNOWN_SPEAKER, Segment, Transcript, Word

NASTY = [
    "-->",
    "--\x00>",
    "00:00:01.000 --> 00:00:02.000",
    "\n\n2\n00:00:01,000 --> 00:00:02,000\n",
    "<b>bold</b>",
    "</v><v Mallory>",
    "<script>alert(1)</script>",
    "<!--",
    "{\\an8}",
    "&amp; & &lt;",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "```",
    "===",
    "[link](javascript:alert(1))",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "**bold** _it_ ~~no~~ | a | b | \\",
    "`code`",
    r"\* \_not escaped\_ \&lt;",
    "$x^2$",
    "NOTE",
    "WEBVTT",
    "\u202eright to left",
    "שלום עולם",
    "👩‍👩‍👧 🙂",
    "今天天气很好。" * 20,
    "word" * 40,
    "\r\n\t\x0b\x0c\x1b[1m\x7f\x85\u2028",
    "\x00",
    " ",
    "",
]


def transcript_of(*segments: Segment) -> Transcript:
    return Transcript(segments=segments, speakers=tuple(dict.fromkeys(segment.speaker for segment in segments)))


def spoken(text: str, start: float = 0.0, seconds_per_word: float = 0.4, speaker: str = "Alice") -> Segment:
    """A segment whose words follow each other without a pause."""
    words = tuple(
        Word(text=word, start=start + i * seconds_per_word, end=start + (i + 1) * seconds_per_word)
        for i, word in enumerate(text.split())
    )
    return Segment(speaker=speaker, start=start, end=words[-1].end, text=text, words=words)


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


class Reader(HTMLParser):
    """What a browser makes of a page: its tags and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag if not attrs else f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")


def read_markdown(text: str) -> Reader:
    # The most permissive reader: raw HTML passes, tables and strikethrough are understood.
    return Reader(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def read_webvtt(text: str) -> list[tuple[str, int, int, str]]:
    return [
        (
            html.unescape(caption.voice or "").rstrip(),
            caption.start_time.in_milliseconds(),
            caption.end_time.in_milliseconds(),
            html.unescape(caption.text),
        )
        for caption in webvtt.WebVTT.from_string(text, strict=True).captions
    ]


def read_srt(text: str) -> list[tuple[int, int, str]]:
    millisecond = timedelta(milliseconds=1)
    subtitles = list(srt.parse(text))
    assert [subtitle.index for subtitle in subtitles] == list(range(1, len(subtitles) + 1))
    return [
        (subtitle.start // millisecond, subtitle.end // millisecond, subtitle.content) for subtitle in subtitles
    ]


MEETING = transcript_of(
    spoken("Good morning, everyone.", 5),
    spoken("Hi!", 3725.5, speaker="Bob"),
    Segment(speaker="speaker 2", start=360_000, end=360_001.5, text="Still here after a hundred hours."),
)


def test_json_is_the_whole_transcript() -> None:
    text = to_json(MEETING)
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
    assert Transcript.model_validate_json(to_json(Transcript())).is_empty


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
    assert [cue.text for cue in cues(transcript_of(segment))] == [long, "The next. And one more", "after silence."]


def test_wide_characters_count_twice() -> None:
    segment = Segment(speaker="A", start=0, end=30, text="天" * 100)
    assert [len(cue.text) for cue in cues(transcript_of(segment))] == [42, 42, 16]


def test_text_without_words_shares_the_time_of_its_segment() -> None:
    segment = Segment(speaker="A", start=10, end=30, text="abcd " * 40)
    shown = cues(transcript_of(segment))
    assert (shown[0].start, shown[-1].end) == (10_000, 30_000)
    assert all(0 < cue.end - cue.start <= 7000 for cue in shown)


@pytest.mark.parametrize("words", [(), tuple(Word(text="abcd", start=10, end=10) for _ in range(60))])
def test_text_without_any_duration_is_shown_as_long_as_reading_takes(words: tuple[Word, ...]) -> None:
    shown = cues(transcript_of(Segment(speaker="A", start=10, end=10, text="abcd " * 60, words=words)))
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
    shown = cues(transcript_of(segment))
    assert len(shown) > 1
    assert " ".join(cue.text for cue in shown) == sentence.strip()


def test_speakers_who_talk_at_once_get_cues_in_order() -> None:
    shown = cues(transcript_of(spoken("la " * 100, 0), spoken("excuse me", 5, speaker="Bob")))
    assert [cue.start for cue in shown] == sorted(cue.start for cue in shown)
    assert [cue.speaker for cue in shown].index("Bob") in range(1, len(shown) - 1)


def test_words_whose_times_go_back_keep_their_order() -> None:
    words = (Word(text="x" * 80, start=9, end=10), Word(text="y" * 80, start=1, end=2))
    shown = cues(transcript_of(Segment(speaker="A", start=1, end=10, text="", words=words)))
    assert [(cue.text[0], cue.start, cue.end) for cue in shown] == [("x", 9000, 10_000), ("y", 9000, 9500)]


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
    transcript = transcript_of(segment, segment.model_copy(update={"start": 61, "end": 62}))
    page = read_markdown(to_markdown(transcript, nasty, None))
    assert page.tags == ["h1", *["p", "code", "strong"] * 2]
    line = f"{one_line(segment.speaker)}: {one_line(segment.text)}"
    assert page.text.splitlines()[-2:] == [f"00:00:01 {line}", f"00:01:01 {line}"]
    in_vtt = read_webvtt(to_webvtt(transcript))
    assert without_blanks("".join(text for *_, text in in_vtt)) == without_blanks(one_line(segment.text) * 2)
    assert {voice for voice, *_ in in_vtt} == {one_line(segment.speaker)}
    assert len(read_srt(to_srt(transcript))) == len(in_vtt)


# Slow machines are no failure, and each example goes through several parsers.
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
    text = to_json(transcript)
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
    made = cues(transcript)
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
    shown = cues(transcript_of(segment))
    assert without_blanks("".join(cue.text for cue in shown)) == without_blanks(said)


@quick
@given(st.lists(st.text("abc.,!ä天", min_size=1), min_size=1))
def test_ordinary_speech_is_the_same_in_every_subtitle_format(said: list[str]) -> None:
    transcript = transcript_of(spoken(" ".join(said)))
    in_srt = "".join(content.removeprefix("Alice: ") for *_, content in read_srt(to_srt(transcript)))
    in_vtt = "".join(text for *_, text in read_webvtt(to_webvtt(transcript)))
    assert without_blanks(in_srt) == without_blanks(in_vtt) == "".join(said)
