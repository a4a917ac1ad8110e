"""A transcript as the page of a meeting shows it: paragraphs, and a track for each speaker. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from minutekeeper.text import one_line
from minutekeeper.transcripts.model import UNKNOWN_SPEAKER
from minutekeeper.transcripts.speakers import SpokenTranscript, SpokenTurn, speaking_shares

MAX_PARAGRAPHS = 1900
"""With a link each, these are 3,800 elements: what a browser lays out at once without anyone noticing."""

_VOICES = 8
"""Colours of speakers; the ninth has the first one's again."""
_MAX_TRACKS = 40
_MAX_NAME = 60
_WIDENINGS = (10.0, 20.0, 40.0, 80.0, 160.0)
"""Seconds of one speaker that become one paragraph, where there are too many of them; each is tried in turn."""
_FINEST = 1000
"""A track shows no pause that is shorter than this part of the whole, because it would be less than a pixel."""


class TranscriptParagraph(NamedTuple):
    """What one speaker said at a time. `clock` is empty where the paragraph before is close enough to go to."""

    number: int
    start: float
    clock: str
    speaker: int
    name: str
    """Empty if the paragraph before is the same speaker's."""
    text: str


class SpeakerTrack(NamedTuple):
    """When one speaker spoke. `path` draws it in SVG: a unit is a second wide, and all of it is one unit high."""

    number: int
    name: str
    seconds: float
    words: int
    per_cent: int
    path: str


class TranscriptPage(NamedTuple):
    """What a page shows of a transcript. `duration` is where the last one who speaks ends, in seconds."""

    paragraphs: tuple[TranscriptParagraph, ...]
    tracks: tuple[SpeakerTrack, ...]
    more_speakers: int
    """How many others spoke so little that they have no track."""
    duration: float
    recording_starts: tuple[float, ...]

    def at(self, seconds: float) -> int:
        """The number of the paragraph that is spoken at a moment; 0 before the first."""
        return max((each.number for each in self.paragraphs if each.start <= seconds), default=0)

    def matching(self, phrase: str, speaker: int) -> tuple[TranscriptParagraph, ...]:
        """The paragraphs of a speaker that have a phrase; 0 and an empty phrase stand for all."""
        wanted = fold(phrase)
        return tuple(
            each
            for each in self.paragraphs
            if speaker in {0, each.speaker} and (not wanted or wanted in fold(each.text))
        )


def voice_of(speaker: int) -> int:
    """The colour of a speaker."""
    return (speaker - 1) % _VOICES + 1


def clock(seconds: float) -> str:
    """A moment of a recording: `4:05`, `1:02:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def fold(text: str) -> str:
    """The text as a search compares it: without case, accents and doubled blanks."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(each for each in apart if not unicodedata.category(each).startswith("M")).split())


def transcript_page(spoken: SpokenTranscript) -> TranscriptPage:
    """What the page shows of a stored transcript."""
    turns = [
        SpokenTurn(_name(each.speaker), each.start, max(each.end, each.start), one_line(each.text))
        for each in spoken.segments
    ]
    by_name: dict[str, list[SpokenTurn]] = {}
    for turn in turns:
        by_name.setdefault(turn.speaker, []).append(turn)
    numbers = {name: number for number, name in enumerate(by_name, start=1)}
    duration = max((each.end for each in turns), default=0.0)
    spoken_seconds = sum(each.end - each.start for each in turns)
    tracks = [
        SpeakerTrack(
            number=numbers[name],
            name=name,
            seconds=seconds,
            words=words,
            per_cent=round(100 * seconds / spoken_seconds) if spoken_seconds else 0,
            path="".join(map(_drawn, _spans(by_name[name], duration / _FINEST))),
        )
        for name, seconds, words in speaking_shares(turns)[:_MAX_TRACKS]
    ]
    return TranscriptPage(
        paragraphs=tuple(_paragraphs(_condensed([each for each in turns if each.text]), numbers)),
        tracks=tuple(tracks),
        more_speakers=len(numbers) - len(tracks),
        duration=duration,
        recording_starts=spoken.recording_starts,
    )


def _name(speaker: str) -> str:
    name = one_line(speaker) or UNKNOWN_SPEAKER
    return name if len(name) <= _MAX_NAME else one_line(f"{name[:_MAX_NAME]}…")


def _condensed(turns: Sequence[SpokenTurn]) -> Sequence[SpokenTurn]:
    for seconds in _WIDENINGS:
        if len(turns) <= MAX_PARAGRAPHS:
            break
        turns = list(_joined(turns, seconds))
    return turns


def _joined(turns: Iterable[SpokenTurn], seconds: float) -> Iterator[SpokenTurn]:
    """The turns, those of one speaker in so many seconds as one."""
    last: SpokenTurn | None = None
    for turn in turns:
        if last is not None and turn.speaker == last.speaker and turn.end - last.start <= seconds:
            last = SpokenTurn(last.speaker, last.start, max(last.end, turn.end), f"{last.text} {turn.text}")
            continue
        if last is not None:
            yield last
        last = turn
    if last is not None:
        yield last


def _paragraphs(turns: Sequence[SpokenTurn], numbers: dict[str, int]) -> Iterator[TranscriptParagraph]:
    links = max(2 * MAX_PARAGRAPHS - len(turns), MAX_PARAGRAPHS // 4)
    apart = turns[-1].end / links if len(turns) > MAX_PARAGRAPHS else 0.0
    linked = -apart
    speaker = ""
    for number, turn in enumerate(turns, start=1):
        has_link = turn.start - linked >= apart
        linked = turn.start if has_link else linked
        yield TranscriptParagraph(
            number=number,
            start=round(turn.start, 2),
            clock=clock(turn.start) if has_link else "",
            speaker=numbers[turn.speaker],
            name=turn.speaker if turn.speaker != speaker else "",
            text=turn.text,
        )
        speaker = turn.speaker


def _drawn(span: tuple[float, float]) -> str:
    start, end = span
    return f"M{start:.1f} 0H{end:.1f}V1H{start:.1f}z"


def _spans(own: Iterable[SpokenTurn], finest: float) -> Iterator[tuple[float, float]]:
    """When one speaker spoke, with neither pauses nor words that would be too short to be seen."""
    start, end = 0.0, 0.0
    has_begun = False
    for turn in own:
        if has_begun and turn.start - end > finest:
            yield start, max(end, start + finest)
            has_begun = False
        if not has_begun:
            start, end, has_begun = turn.start, turn.start, True
        end = max(end, turn.end)
    if has_begun:
        yield start, max(end, start + finest)
