"""What a transcript holds where nothing was said, and the times that its words may have."""

import pytest
from pydantic import ValidationError

from minutekeeper.transcripts.model import MAX_SECONDS, UNKNOWN_SPEAKER, Segment, Transcript, Word

SPOKEN = Segment(speaker="A", start=0, end=1, text="Yes", words=(Word(text="Yes", start=0, end=1),))


def test_nothing_was_said_unless_there_is_a_segment() -> None:
    assert dict(Transcript()) == {"segments": (), "speakers": (), "language": None, "recording_starts": ()}
    assert Transcript().is_empty
    assert not Transcript(segments=(SPOKEN,)).is_empty
    assert (SPOKEN.language, Segment("A", 0, 1, "Yes").words) == (None, ())
    assert SPOKEN.words[0].after_blank is None


def test_a_speaker_without_a_name_has_a_name_for_people() -> None:
    assert UNKNOWN_SPEAKER == "Unknown speaker"


@pytest.mark.parametrize("name", ["start", "end"])
def test_times_lie_between_the_start_of_the_recording_and_any_clock(name: str) -> None:
    assert MAX_SECONDS == 10_000_000
    for part in ("segment", "word"):
        for seconds, is_right in ((0, True), (MAX_SECONDS, True), (-0.1, False), (MAX_SECONDS + 1, False)):
            document = Transcript(segments=(SPOKEN,)).model_dump()
            segment = document["segments"][0]
            (segment if part == "segment" else segment["words"][0])[name] = seconds
            if is_right:
                assert Transcript.model_validate(document).segments
            else:
                with pytest.raises(ValidationError, match=name):
                    Transcript.model_validate(document)


def test_where_a_blank_stands_is_stored_only_where_it_is_known() -> None:
    word = Word(text="x", start=0, end=1, after_blank=True)
    segment = Segment("A", 0, 1, "x", words=(word, Word(text="y", start=0, end=1)))
    stored = Transcript(segments=(segment,)).model_dump()["segments"][0]["words"]
    assert [each.get("after_blank") for each in stored] == [True, None]
    assert "after_blank" not in stored[1]
    assert word.spoken == ("x", True)
