import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.meetingbaas.transcripts import from_meeting_data, from_webhook
from minutekeeper.providers.segment_reading import TranscriptError
from minutekeeper.transcripts.model import UNKNOWN_SPEAKER, Segment, Transcript, Word


def said(text: str, start: float, speaker: Any = "Alice", **more: Any) -> dict[str, Any]:
    """A webhook segment whose words take half a second each."""
    words = [
        {"word": word, "start": start + i / 2, "end": start + (i + 1) / 2} for i, word in enumerate(text.split())
    ]
    return {"speaker": speaker, "words": words, **more}


def only_segment(item: dict[str, Any]) -> Segment:
    (segment,) = from_webhook([item]).segments
    return segment


def test_both_sources_give_the_same_transcript() -> None:
    webhook = [
        {
            "speaker": "Alice",
            "words": [{"start": 0.5, "end": 0.9, "word": "Good"}, {"start": 1, "end": 1.4, "word": "day."}],
        },
        {"speaker": "speaker 1", "words": [{"start": 2.0, "end": 2.25, "word": "Hi!"}]},
    ]
    meeting_data = [
        {
            "id": 7,
            "bot_id": 3,
            "user_id": None,
            "speaker": "Alice",
            "start_time": 0.5,
            "end_time": None,
            "lang": None,
            "words": [
                {"id": 1, "bot_id": 3, "text": " Good", "start_time": 0.5, "end_time": 0.9, "user_id": None},
                {"id": 2, "bot_id": 3, "text": " day.", "start_time": 1.0, "end_time": 1.4, "user_id": None},
            ],
        },
        {
            "speaker": 1,
            "start_time": 2.0,
            "end_time": 2.25,
            "lang": None,
            "words": [{"text": "Hi!", "start_time": 2.0, "end_time": 2.25}],
        },
    ]
    expected = Transcript(
        segments=(
            Segment(
                speaker="Alice",
                start=0.5,
                end=1.4,
                text="Good day.",
                words=(Word(text="Good", start=0.5, end=0.9), Word(text="day.", start=1, end=1.4)),
            ),
            Segment(
                speaker="speaker 1",
                start=2.0,
                end=2.25,
                text="Hi!",
                words=(Word(text="Hi!", start=2.0, end=2.25),),
            ),
        ),
        speakers=("Alice", "speaker 1"),
    )
    assert from_webhook(webhook) == expected
    assert from_meeting_data(meeting_data) == expected


@pytest.mark.parametrize(
    ("speaker", "name"),
    [
        ("Alice  B.\n", "Alice B."),
        ("speaker 0", "speaker 0"),
        (0, "speaker 0"),
        (None, UNKNOWN_SPEAKER),
        ("  ", UNKNOWN_SPEAKER),
        (True, UNKNOWN_SPEAKER),
        ({"id": 1}, UNKNOWN_SPEAKER),
    ],
)
def test_every_speaker_has_a_name(speaker: Any, name: str) -> None:
    assert only_segment(said("Yes", 0, speaker)).speaker == name


def test_a_missing_speaker_is_unknown() -> None:
    assert only_segment({"words": [{"word": "Yes", "start": 0, "end": 1}]}).speaker == UNKNOWN_SPEAKER


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ({"start": 1.5, "end": 2.5}, 1.5, 2.5),
        ({"start": "1.5", "end": "2.5"}, 1.5, 2.5),
        ({"start": 3, "end": 2}, 3, 3),
        ({"start": 3, "end": None}, 3, 3),
        ({"start": -1, "end": -0.5}, 0, 0),
        ({"end": 2}, 0, 2),
        ({}, 0, 0),
        ({"start": "soon", "end": []}, 0, 0),
        ({"start": True, "end": float("nan")}, 0, 0),
        ({"start": 1_790_000_000, "end": float("inf")}, 0, 0),
        ({"start": 10**400, "end": "1e999"}, 0, 0),
    ],
)
def test_senseless_times_of_words_are_repaired(given: dict[str, Any], start: float, end: float) -> None:
    segment = only_segment({"speaker": "A", "words": [{"word": "Yes", **given}]})
    assert segment.words == (Word(text="Yes", start=start, end=end),)
    assert (segment.start, segment.end) == (start, end)


def test_words_without_times_follow_the_word_before() -> None:
    words = [{"word": "a"}, {"word": "b", "start": 7, "end": 8}, {"word": "c"}, {"word": "d", "end": 9.5}]
    segment = only_segment({"speaker": "A", "offset": 5, "words": words})
    assert [(word.start, word.end) for word in segment.words] == [(5, 5), (7, 8), (8, 8), (8, 9.5)]
    assert (segment.start, segment.end) == (5, 9.5)


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ({"start_time": 1.0, "end_time": 9.0}, 1, 9),
        ({"start_time": 3.0, "end_time": 2.5}, 2, 3),
        ({"offset": 1.0}, 2, 3),
        ({"start_time": None, "end_time": None, "offset": 0}, 2, 3),
    ],
)
def test_a_segment_spans_its_words(given: dict[str, Any], start: float, end: float) -> None:
    segment = only_segment(said("one two", 2, **given))
    assert (segment.start, segment.end) == (start, end)


def test_a_text_without_words_is_kept_with_the_times_of_its_segment() -> None:
    item = {"speaker": "A", "text": " No words\nhere ", "words": None, "start": 4, "end": "6", "language": "de"}
    assert only_segment(item) == Segment(speaker="A", start=4, end=6, text="No words here", language="de")


def test_what_is_empty_is_skipped() -> None:
    items: list[Any] = [
        None,
        {},
        "noise",
        {"speaker": "A"},
        {"speaker": "A", "words": None},
        {"speaker": "A", "words": []},
        {"speaker": "A", "words": [{"word": " "}, {"word": None}, None, 5]},
        {"speaker": "A", "words": "not a list", "text": None},
    ]
    assert from_webhook(items).is_empty
    assert [segment.text for segment in from_webhook([*items, said("Yes", 0)]).segments] == ["Yes"]
    assert from_webhook([]).is_empty


@pytest.mark.parametrize(
    ("items", "found"),
    [
        (None, "NoneType"),
        ({"segments": []}, "dict"),
        ("[]", "str"),
        (["a", "b"], "None of the 2 items"),
        ([{"foo": 1}], "None of the 1 items"),
        ([{"speaker": "A", "words": [{"token": "Yes"}]}], "None of the 1 items"),
        ([{"speaker": "A", "words": "Yes"}], "None of the 1 items"),
    ],
)
def test_what_is_no_transcript_is_refused_rather_than_read_as_silence(items: Any, found: str) -> None:
    for read in (from_webhook, from_meeting_data):
        with pytest.raises(TranscriptError, match=found):
            read(items)


def test_segments_are_ordered_by_their_start_and_speakers_by_their_first_word() -> None:
    transcript = from_webhook([said("late", 20, "B"), said("first", 0, "C"), said("early", 10, "A")])
    assert [segment.text for segment in transcript.segments] == ["first", "early", "late"]
    assert transcript.speakers == ("C", "A", "B")


def test_one_turn_cut_at_a_short_pause_is_one_segment() -> None:
    transcript = from_webhook([said("and then we left.", 2.5), said("We came", 0, end_time=1.5)])
    (segment,) = transcript.segments
    assert segment.text == "We came and then we left."
    assert [word.text for word in segment.words] == segment.text.split()
    assert (segment.start, segment.end) == (0, 4.5)


@pytest.mark.parametrize(
    "second",
    [
        said("after a pause", 2.1),
        said("somebody else", 1, "Bob"),
        said("overlapping", 0.5),
        said("another language", 1, lang="fr"),
        {"speaker": "Alice", "text": "words without times", "start_time": 1, "end_time": 3},
        said("talking for a minute", 1, end_time=61),
    ],
    ids=lambda item: str(item.get("text") or item["words"][0]["word"]),
)
def test_segments_are_not_merged_where_something_would_be_lost(second: dict[str, Any]) -> None:
    assert len(from_webhook([said("We came", 0), second]).segments) == 2


def test_what_was_sent_twice_is_kept_once() -> None:
    items = [said("Hello", 0), said("Hi", 3, "Bob"), said("Hello", 0), said("Hi", 3, "Bob"), said("Hi", 9, "Bob")]
    assert [segment.text for segment in from_webhook(items).segments] == ["Hello", "Hi", "Hi"]


def test_equal_answers_without_times_are_both_kept() -> None:
    items = [{"speaker": "A", "text": "Yes"}, {"speaker": "A", "text": "Yes"}]
    assert len(from_webhook(items).segments) == 2


def test_the_language_is_that_of_most_segments() -> None:
    items = [said("a", 0, lang="en"), said("b", 10, lang="fr"), said("c", 20, lang="fr"), said("d", 30, lang=None)]
    transcript = from_webhook(items)
    assert transcript.language == "fr"
    assert [segment.language for segment in transcript.segments] == ["en", "fr", "fr", None]
    assert from_webhook([said("a", 0)]).language is None


times = st.none() | st.floats() | st.integers(-5, 100) | st.sampled_from(["1.5", "x", "", True, 10**400])
loose_words = st.fixed_dictionaries(
    {},
    optional={
        "word": st.text(st.characters()) | st.none(),
        "text": st.text(max_size=5) | st.integers(),
        "start": times,
        "end": times,
        "start_time": times,
        "end_time": times,
    },
)
loose_segments = st.fixed_dictionaries(
    {},
    optional={
        "speaker": st.none() | st.integers(0, 2) | st.text(st.characters(), max_size=3) | st.booleans(),
        "words": st.none()
        | st.text(max_size=2)
        | st.lists(loose_words | st.none() | st.text(max_size=2), max_size=4),
        "text": st.none() | st.text(max_size=5),
        "start_time": times,
        "end_time": times,
        "offset": times,
        "lang": st.none() | st.sampled_from(["en", "fr", "", 5]),
    },
)
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["words", "text", "speaker"]), inner)
    ),
    max_leaves=8,
)


@given(json_values | st.lists(loose_segments | json_values, max_size=5))
def test_any_json_is_either_refused_or_gives_a_sound_transcript(items: Any) -> None:
    try:
        transcript = from_webhook(items)
    except TranscriptError:
        return
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)
    assert set(transcript.speakers) == {segment.speaker for segment in transcript.segments}
    for segment in transcript.segments:
        assert segment.text.strip()
        assert segment.speaker
        for word in segment.words:
            assert segment.start <= word.start <= word.end <= segment.end
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.lists(st.text("xyz", min_size=1), max_size=3), st.integers(0, 9)))
)
def test_no_word_is_lost_or_added(turns: list[tuple[str, list[str], int]]) -> None:
    # Each word carries the number of its turn, so that no turn equals another.
    items = [
        said(" ".join(f"{word}{number}" for word in words), start, speaker)
        for number, (speaker, words, start) in enumerate(turns)
    ]
    transcript = from_webhook(json.loads(json.dumps(items)))
    given_words = sorted(f"{word}{number}" for number, (_, words, _) in enumerate(turns) for word in words)
    assert sorted(word.text for segment in transcript.segments for word in segment.words) == given_words
    for segment in transcript.segments:
        assert segment.text == " ".join(word.text for word in segment.words)
