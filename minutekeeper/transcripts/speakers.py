"""Who spoke how much, from a stored transcript."""

from collections.abc import Iterable

import msgspec


class SpokenTurn(msgspec.Struct, frozen=True):
    """One segment of a stored transcript, without its words, because hours of speech have a million of them."""

    speaker: str
    start: float
    end: float
    text: str


class _StoredTranscript(msgspec.Struct):
    segments: list[SpokenTurn]


def read_turns(transcript_json: bytes) -> list[SpokenTurn]:
    """The turns of a `transcript.json`. Raises ValueError if it is none."""
    return msgspec.json.decode(transcript_json, type=_StoredTranscript).segments


def speaking_shares(turns: Iterable[SpokenTurn]) -> list[tuple[str, float, int]]:
    """Each speaker with seconds and words, those who spoke longest first."""
    seconds: dict[str, float] = {}
    words: dict[str, int] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + max(turn.end - turn.start, 0.0)
        words[turn.speaker] = words.get(turn.speaker, 0) + len(turn.text.split())
    by_time = sorted(seconds, key=lambda name: (-seconds[name], name))
    return [(name, round(seconds[name], 1), words[name]) for name in by_time]
