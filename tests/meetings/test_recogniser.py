"""What recognisers of all kinds make of words, and what becomes of it in the five forms."""

import itertools
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.meetingbaas.transcripts import from_meeting_data, from_webhook
from minutekeeper.transcripts import formats
from minutekeeper.transcripts.model import Transcript
from minutekeeper.transcripts.subtitles import make_subtitles
from tests.library.test_text import MARKS, leaves_no_direction_open

NASTY = st.text(st.sampled_from(MARKS + "ab \u05d0\u200f<&-"), max_size=8)
TIMES = st.floats(0, 30)
SEGMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "speaker": NASTY,
            "words": st.lists(
                st.fixed_dictionaries({"word": NASTY, "start": TIMES, "end": TIMES}), min_size=1, max_size=6
            ),
        }
    ),
    max_size=6,
)


def said(words: list[str], **more: Any) -> list[Any]:
    timed = [{"word": word, "start": number / 4, "end": (number + 1) / 4} for number, word in enumerate(words)]
    return [{"speaker": "A", "words": timed, **more}]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([" d", "'avoir", " puis", "-je", " aujourd", "'hui"], "d'avoir puis-je aujourd'hui"),
        (
            [" twenty", "-two", " AT", "&T", " e", "-mail", " foo", "@example", ".com", " $", "5", ".5"],
            "twenty-two AT&T e-mail foo@example.com $5.5",
        ),
        ([" foo", "@example", ".com"], "foo@example.com"),
        ([" un", "believ", "able"], "unbelievable"),
        (["twenty ", "- ", "two"], "twenty - two"),
        (["l'", "amour ", "est ", "l\u00e0"], "l'amour est l\u00e0"),
        (["puis", "-je", " venir", " demain"], "puis-je venir demain"),
        ([" rock", " 'n'", " roll"], "rock 'n' roll"),
        (["a", " ", "b", "c"], "a bc"),
        (["Hello", ",", "world", "!"], "Hello, world!"),
        (["\u4eca\u5929", "\u5929\u6c14"], "\u4eca\u5929\u5929\u6c14"),
    ],
)
def test_the_recognisers_own_blanks_decide(words: list[str], text: str) -> None:
    transcript = from_webhook(said(words))
    stored = [{"speaker": "A", "words": [{"text": word, "start_time": n} for n, word in enumerate(words)]}]

    assert [segment.text for segment in transcript.segments] == [text]
    assert [segment.text for segment in from_meeting_data(stored).segments] == [text]
    assert f"A: {text}\n" in formats.to_text(transcript)
    assert formats.to_srt(transcript).splitlines()[2] == f"A: {text}"
    assert Transcript.model_validate_json("".join(formats.to_json(transcript))) == transcript


def test_one_blank_by_chance_joins_no_others() -> None:
    words = ["so", "we", "went", "home ", "and", "slept", "for", "a", "while"]

    assert from_webhook(said(words)).segments[0].text == "so we went home and slept for a while"


def test_subtitles_of_one_speaker_do_not_overlap() -> None:
    segments = [
        {"speaker": "A", "words": [{"word": word, "start": start, "end": end}]}
        for word, start, end in (("Yes.", 0.0, 0.2), ("No.", 0.2, 0.4), ("Perhaps.", 0.4, 1.4))
    ]
    shown = [
        (cue.start, cue.end) for cue in make_subtitles(from_webhook([*segments, {"speaker": "B", "words": []}]))
    ]

    assert all(before[1] <= after[0] for before, after in itertools.pairwise(shown))


def test_a_subtitle_of_one_long_word_ends_after_seven_seconds() -> None:
    (cue,) = make_subtitles(
        from_webhook([{"speaker": "A", "words": [{"word": "It's", "start": 9.6, "end": 91.48}]}])
    )

    assert (cue.start, cue.end) == (9600, 16_600)


@given(SEGMENTS)
def test_whatever_is_said_subtitles_are_short_and_apart(segments: list[Any]) -> None:
    shown = make_subtitles(from_webhook(segments)) if any(segments) else []

    for speaker in {cue.speaker for cue in shown}:
        own = [cue for cue in shown if cue.speaker == speaker]
        assert all(before.end <= after.start for before, after in itertools.pairwise(own))
    assert all(0 < cue.end - cue.start <= 7000 for cue in shown)


@given(SEGMENTS, NASTY)
def test_no_direction_leaks_in_any_form(segments: list[Any], title: str) -> None:
    transcript = from_webhook(segments) if any(segments) else Transcript()

    markdown = formats.to_markdown(transcript, title, datetime(2026, 12, 1, tzinfo=UTC))
    forms = [markdown, formats.to_text(transcript), formats.to_webvtt(transcript), formats.to_srt(transcript)]
    for line in "\n".join(forms).splitlines():
        assert leaves_no_direction_open(line)
    document = json.loads("".join(formats.to_json(transcript)))
    names = [*document["speakers"], *(segment["speaker"] for segment in document["segments"])]
    texts = [segment["text"] for segment in document["segments"]]
    assert all(leaves_no_direction_open(text) for text in names + texts)


def test_a_name_keeps_its_direction_to_itself() -> None:
    (line,) = formats.to_text(
        from_webhook([{"speaker": "Evil Rabbit\u202e", "words": [{"word": "hi", "start": 1, "end": 2}]}])
    ).splitlines()

    assert re.fullmatch(r"\[00:00:01\] Evil Rabbit: hi", line)
