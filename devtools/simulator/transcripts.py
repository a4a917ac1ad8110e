"""A conversation of any length, in the two forms in which the service shows it."""

from dataclasses import dataclass
from itertools import count
from typing import Any

_LINES = (
    ("Ada", "Good morning, shall we begin?"),
    ("Grace", "Yes. The release is ready, and the tests passed last night."),
    ("Ada", "Then we ship it on Thursday, after the backup."),
    ("Linus", "I will write the notes and send them round today."),
    ("Grace", "One thing is open: who answers the support mail next week?"),
    ("Linus", "I can take Monday and Tuesday."),
    ("Ada", "Thank you, the rest is mine."),
)
_WORD_SECONDS = 0.3
_PAUSE_SECONDS = 0.7


@dataclass(frozen=True)
class Word:
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Segment:
    """What one voice said without a break; times in seconds from the start of the recording."""

    speaker: str
    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


def conversation(seconds: float, first: int = 0) -> tuple[Segment, ...]:
    """As many segments as fit into a recording of this length; it begins with the line of this number."""
    segments: list[Segment] = []
    clock = 1.0
    while True:
        speaker, line = _LINES[(first + len(segments)) % len(_LINES)]
        words = tuple(
            Word(text, round(clock + i * _WORD_SECONDS, 3), round(clock + (i + 1) * _WORD_SECONDS, 3))
            for i, text in enumerate(line.split())
        )
        if words[-1].end > seconds:
            return tuple(segments)
        segments.append(Segment(speaker, words))
        clock = words[-1].end + _PAUSE_SECONDS


def stored(segments: tuple[Segment, ...], bot_number: int, language: str) -> list[dict[str, Any]]:
    """The form of meeting_data, with internal numbers."""
    word_numbers = count(1)
    return [
        {
            "id": number,
            "bot_id": bot_number,
            "speaker": segment.speaker,
            "start_time": segment.start,
            "end_time": segment.end,
            "lang": language,
            "user_id": None,
            "words": [
                {
                    "id": next(word_numbers),
                    "bot_id": bot_number,
                    "text": word.text,
                    "start_time": word.start,
                    "end_time": word.end,
                    "user_id": None,
                }
                for word in segment.words
            ],
        }
        for number, segment in enumerate(segments, 1)
    ]
