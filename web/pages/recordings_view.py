"""The recordings of a meeting in the order in which they are played, and the transcript with them. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from minutekeeper.meetings.media_types import media_extension_of
from minutekeeper.meetings.record import RecordedFile
from web.pages.transcript_view import TranscriptPage

_RECORDING = re.compile(r"recording(?:-(\d+))?\.\w+")
_ORDER = {"earlier": 0, "": 1, "later": 2}

TRANSCRIPT_FORMS = ("txt", "md", "vtt", "srt", "json")


class RecordingSession(NamedTuple):
    """What one bot stored, or several that joined one after the other: `key` is its folder below the meeting's."""

    key: str
    recordings: tuple[RecordedFile, ...]
    transcript: RecordedFile | None

    @property
    def is_empty(self) -> bool:
        return not self.recordings and self.transcript is None


class PlayedRecording(NamedTuple):
    """One recording. `begins` is where it begins on the clock of the transcript; None if that is not known."""

    file: RecordedFile
    number: int
    is_video: bool
    begins: float | None
    opens_at: float | None
    """Where in it the player opens, in seconds from its own beginning."""


def recording_sessions(files: Iterable[RecordedFile]) -> tuple[RecordingSession, ...]:
    """The sessions that stored a recording or a transcript, in the order in which their bots were sent."""
    by_key: dict[str, list[RecordedFile]] = {}
    for file in files:
        key, _, name = file.name.rpartition("/")
        if _RECORDING.fullmatch(name) or name == "transcript.json":
            by_key.setdefault(key, []).append(file)
    found = (_session(key, by_key[key]) for key in sorted(by_key, key=_place))
    return tuple(each for each in found if not each.is_empty)


def chosen_session(sessions: Sequence[RecordingSession], key: str | None) -> RecordingSession:
    """The session that is asked for, else the meeting's own, else the last; an empty one if there is none."""
    for wanted in (key, ""):
        if found := next((each for each in sessions if each.key == wanted), None):
            return found
    return sessions[-1] if sessions else RecordingSession("", (), None)


def played(
    session: RecordingSession, page: TranscriptPage | None, moment: float | None
) -> tuple[PlayedRecording, ...]:
    """The recordings of a session, and where they open if the page is opened at a moment of the transcript."""
    starts = page.recording_starts if page and len(page.recording_starts) == len(session.recordings) else ()
    unknown: list[float | None] = [None] * len(session.recordings)
    begins: list[float | None] = [*starts] if starts else [0.0, *unknown[1:]]
    at = moment if moment is not None else -1.0
    first = max((number for number, each in enumerate(begins) if each is not None and each <= at), default=-1)
    return tuple(
        PlayedRecording(
            file=file,
            number=number + 1,
            is_video=not file.content_type.startswith("audio/"),
            begins=begins[number],
            opens_at=at - (begins[number] or 0.0) if number == first else None,
        )
        for number, file in enumerate(session.recordings)
    )


def screenshots(files: Iterable[RecordedFile]) -> tuple[RecordedFile, ...]:
    """The provider's pictures of what a bot saw."""
    return tuple(each for each in files if each.content_type.startswith("image/"))


def _session(key: str, files: Iterable[RecordedFile]) -> RecordingSession:
    named = {each.name.rpartition("/")[2]: each for each in files}
    recordings = sorted((name for name in named if media_extension_of(name)), key=_number)
    return RecordingSession(key, tuple(named[name] for name in recordings), named.get("transcript.json"))


def _number(name: str) -> int:
    found = _RECORDING.fullmatch(name)
    return int(found[1] or 1) if found else 1


def _place(key: str) -> tuple[int, int, str]:
    kind, _, number = key.partition("/")
    return _ORDER.get(kind, len(_ORDER)), int(number) if number.isdecimal() else 0, key
