"""What was said in a meeting, in one form whatever source it came from.

Times are seconds from the start of the recording. Words carry no blanks of their own; `join_words` sets them, where
the recogniser had them if it says so.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from minutekeeper.text import Spoken

UNKNOWN_SPEAKER = "Unknown speaker"

# Longer than any recording, far below any clock time: what lies above was not counted from the recording's start.
MAX_SECONDS = 10_000_000.0

Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS)]


@dataclass(frozen=True, slots=True)
class Word:
    """No pydantic model: a long recording has a million of them, and a model takes eight times the memory."""

    text: str
    start: Seconds
    end: Seconds
    after_blank: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None
    """Whether a blank stands before it, where the source says something else than its letters tell."""

    @property
    def spoken(self) -> Spoken:
        return Spoken(self.text, self.after_blank)


@dataclass(frozen=True, slots=True)
class Segment:
    """One speaker's turn or a part of it. `words` is empty where the source gave the text alone."""

    speaker: str
    start: Seconds
    end: Seconds
    text: str
    words: tuple[Word, ...] = ()
    language: str | None = None


class Transcript(BaseModel):
    """Segments in the order in which they began, speakers in the order in which they first spoke.

    Segments, even of one speaker, may overlap in time.
    """

    model_config = ConfigDict(frozen=True)

    segments: tuple[Segment, ...] = ()
    speakers: tuple[str, ...] = ()
    language: str | None = None
    recording_starts: Annotated[tuple[Seconds, ...], Field(exclude_if=lambda value: not value)] = ()
    """Where each of several recordings begins, if the transcript is joined of theirs."""

    @property
    def is_empty(self) -> bool:
        return not self.segments
