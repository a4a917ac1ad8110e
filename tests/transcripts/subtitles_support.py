"""Transcripts to export, and readers of what came of it that share no code with the exports."""

import html
import re
from datetime import timedelta
from html.parser import HTMLParser

import srt
import webvtt
from markdown_it import MarkdownIt

from minutekeeper.transcripts.model import Segment, Transcript, Word

NASTY = [
    "-->",
    "--\x00>",
    "00:00:01.000 --> 00:00:02.000",
    "\n\n2\n00:00:01,000 --> 00:00:02,000\n",
    "<b>bold</b>",
    "</v><v Mallory>",
    "<script>alert(1)</script>",
    "<!--",
    "{\\an8}",
    "&amp; & &lt;",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "```",
    "===",
    "[link](javascript:alert(1))",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "**bold** _it_ ~~no~~ | a | b | \\",
    "`code`",
    r"\* \_not escaped\_ \&lt;",
    "$x^2$",
    "NOTE",
    "WEBVTT",
    "\u202eright to left",
    "שלום עולם",
    "👩‍👩‍👧 🙂",
    "今天天气很好。" * 20,
    "word" * 40,
    "\r\n\t\x0b\x0c\x1b[1m\x7f\x85\u2028",
    "\x00",
    " ",
    "",
]


def transcript_of(*segments: Segment) -> Transcript:
    return Transcript(segments=segments, speakers=tuple(dict.fromkeys(segment.speaker for segment in segments)))


def spoken(text: str, start: float = 0.0, seconds_per_word: float = 0.4, speaker: str = "Alice") -> Segment:
    """A segment whose words follow each other without a pause."""
    words = tuple(
        Word(text=word, start=start + i * seconds_per_word, end=start + (i + 1) * seconds_per_word)
        for i, word in enumerate(text.split())
    )
    return Segment(speaker=speaker, start=start, end=words[-1].end, text=text, words=words)


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


class Reader(HTMLParser):
    """What a browser makes of a page: its tags and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag if not attrs else f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")


def read_markdown(text: str) -> Reader:
    # The most permissive reader: raw HTML passes, tables and strikethrough are understood.
    return Reader(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def read_webvtt(text: str) -> list[tuple[str, int, int, str]]:
    return [
        (
            html.unescape(caption.voice or "").rstrip(),
            caption.start_time.in_milliseconds(),
            caption.end_time.in_milliseconds(),
            html.unescape(caption.text),
        )
        for caption in webvtt.WebVTT.from_string(text, strict=True).captions
    ]


def read_srt(text: str) -> list[tuple[int, int, str]]:
    millisecond = timedelta(milliseconds=1)
    subtitles = list(srt.parse(text))
    assert [subtitle.index for subtitle in subtitles] == list(range(1, len(subtitles) + 1))
    return [
        (subtitle.start // millisecond, subtitle.end // millisecond, subtitle.content) for subtitle in subtitles
    ]
