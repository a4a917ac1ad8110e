"""A transcript as files that people and players open.

Speech is foreign text: nothing in it may become formatting, a link, a tag or the end of a subtitle.
"""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import TypeAdapter

from minutekeeper.text import one_line
from minutekeeper.transcripts.model import UNKNOWN_SPEAKER, Segment, Transcript
from minutekeeper.transcripts.subtitles import make_subtitles

_SEGMENT = TypeAdapter(Segment)
_MARKDOWN_SYNTAX = re.compile(r"[\\`*_\[\]~#|$]")
# SubRip has no way to escape; its players take these for markup. Look-alikes keep the words readable.
_SUBRIP_MARKUP = {r"-{2,}>": "\u2192", r"<(?=[/a-zA-Z])": "\u2039", r"\{\\": "{/"}


def to_json(transcript: Transcript) -> Iterator[str]:
    """The whole transcript with the times of its words, in parts that `Transcript.model_validate_json` reads."""
    yield '{"segments":['
    for number, segment in enumerate(transcript.segments):
        yield f"{',' if number else ''}{_SEGMENT.dump_json(segment).decode()}"
    yield f"],{transcript.model_dump_json(exclude={'segments'})[1:]}\n"


def to_text(transcript: Transcript) -> str:
    """One line per segment: `[00:00:05] Speaker: text`."""
    lines = (
        f"[{clock_position(int(segment.start))}] {_speaker(segment)}: {one_line(segment.text)}\n"
        for segment in transcript.segments
    )
    return "".join(lines)


def to_markdown(transcript: Transcript, title: str, start: datetime | None) -> str:
    """A heading and one paragraph per segment.

    `start` (an aware datetime) is when the recording began; it is shown in UTC. The times of the paragraphs count
    from there.
    """
    paragraphs = [f"# {_markdown(title) or 'Transcript'}"]
    if start is not None:
        paragraphs.append(f"Started {start.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC.")
    if transcript.is_empty:
        paragraphs.append("Nothing was said.")
    # Speech never opens a line, so that no list, quote, heading or code block can begin with it.
    paragraphs += [
        f"`{clock_position(int(segment.start))}` **{_markdown(_speaker(segment))}:** {_markdown(segment.text)}"
        for segment in transcript.segments
    ]
    return "\n\n".join(paragraphs) + "\n"


def to_webvtt(transcript: Transcript) -> str:
    """WebVTT with a voice tag per cue."""
    blocks = ["WEBVTT\n"]
    blocks += [
        f"{_timestamp(cue.start, '.')} --> {_timestamp(cue.end, '.')}\n"
        f"{_voice(cue.speaker)}{html.escape(cue.text, quote=False)}</v>\n"
        for cue in make_subtitles(transcript)
    ]
    return "\n".join(blocks)


def to_srt(transcript: Transcript) -> str:
    """SubRip; the speaker stands before the text, since the format knows no speakers."""
    blocks = (
        f"{number}\n"
        f"{_timestamp(cue.start, ',')} --> {_timestamp(cue.end, ',')}\n"
        f"{_subrip(f'{cue.speaker}: {cue.text}')}\n"
        for number, cue in enumerate(make_subtitles(transcript), start=1)
    )
    return "\n".join(blocks)


def _speaker(segment: Segment) -> str:
    return one_line(segment.speaker) or UNKNOWN_SPEAKER


def clock_position(seconds: int) -> str:
    """Seconds of a recording as a clock shows them: `00:12:35`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def _timestamp(milliseconds: int, separator: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{clock_position(seconds)}{separator}{milliseconds:03}"


def _voice(speaker: str) -> str:
    # Behind a name that ends in two hyphens the tag's own end would complete the arrow that no cue may hold.
    return f"<v {html.escape(speaker, quote=False)}>".replace("-->", "-- >")


def _markdown(text: str) -> str:
    # Entities rather than backslashes for HTML: viewers that know little Markdown still show no tags.
    return _MARKDOWN_SYNTAX.sub(r"\\\g<0>", html.escape(one_line(text), quote=False))


def _subrip(text: str) -> str:
    for markup, look_alike in _SUBRIP_MARKUP.items():
        text = re.sub(markup, look_alike, text)
    return text
