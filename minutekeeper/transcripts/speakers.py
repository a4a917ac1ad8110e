"""Who spoke how much, from a stored transcript."""

from collections.abc import Iterable

import msgspec


class SpokenTurn(msgspec.Struct, frozen=True):
    """One segment of a stored transcript, without its words, because hours of speech have a million of them."""

    speaker: str
    start: float
    end: float
    text: str


class SpokenTranscript(msgspec.Struct, frozen=True):
    """A stored transcript without the times of its words."""

    segments: list[SpokenTurn]
    recording_starts: tuple[float, ...] = ()
    """Where each of several recordings begins, if the transcript is joined of theirs."""


def read_spoken(transcript_json: bytes) -> SpokenTranscript:
    """What a `transcript.json` says. Raises ValueError if it is none."""
    return msgspec.json.decode(transcript_json, type=SpokenTranscript)


def read_turns(transcript_json: bytes) -> list[SpokenTurn]:
    """The turns of a `transcript.json`. Raises ValueError if it is none."""
    return read_spoken(transcript_json).segments


def speaking_shares(turns: Iterable[SpokenTurn]) -> list[tuple[str, float, int]]:
    """Each speaker with seconds and words, those who spoke longest first."""
    seconds: dict[str, float] = {}
    words: dict[str, int] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + max(turn.end - turn.start, 0.0)
        words[turn.speaker] = words.get(turn.speaker, 0) + len(turn.text.split())
    by_time = sorted(seconds, key=lambda name: (-seconds[name], name))
    return [(name, round(seconds[name], 1), words[name]) for name in by_time]
