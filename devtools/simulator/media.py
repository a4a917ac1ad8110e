"""Recordings of any size whose bytes are a function of bot, kind and size, made while they are sent.

Every file is a head, followed by a tile repeated as often as needed. The heads of recordings tell bots apart.
"""

import hashlib
import math
import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal
from uuid import UUID

_ASSETS = Path(__file__).with_name("media")
_CHUNK = 256 * 1024
# The MP3 asset has a constant bit rate without a bit reservoir: frames of one length that stand alone.
_MP3_FRAME = 144
_WAV_RATE = 16_000

Kind = Literal["mp4", "mp3", "wav", "png"]
CONTENT_TYPES: dict[Kind, str] = {
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "png": "image/png",
}
_STEMS: dict[Kind, str] = {"mp4": "recording", "mp3": "recording", "wav": "audio", "png": "screenshot"}
# Kinds whose files say nothing of their bot.
_ALIKE = frozenset({"wav", "png"})


@cache
def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()


@dataclass(frozen=True)
class MediaFile:
    """A file of `size` bytes. One too small for its kind is cut short, as a broken recording would be."""

    bot: UUID
    kind: Kind
    size: int

    @property
    def name(self) -> str:
        return f"{_STEMS[self.kind]}.{self.kind}"

    @property
    def path(self) -> str:
        """Where the media store keeps it."""
        return f"/media/{self.bot}/{self.name}"

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.kind]

    @property
    def etag(self) -> str:
        return f'"{self.bot.hex}-{self.size}"'

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `stop`."""
        head, tile = _HEADS[self.kind](self.bot, self.size), _tile(self.kind)
        position = start
        while position < stop:
            if position < len(head):
                piece = head[position:stop]
            else:
                offset = (position - len(head)) % len(tile)
                piece = tile[offset : offset + stop - position]
            yield piece
            position += len(piece)

    @cached_property
    def sha256(self) -> str:
        """Made once; files of a kind that is alike for all bots share it."""
        return _sha256_of_all(self.kind, self.size) if self.kind in _ALIKE else _sha256(self)


def _sha256(file: MediaFile) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks(0, file.size):
        digest.update(chunk)
    return digest.hexdigest()


@cache
def _sha256_of_all(kind: Kind, size: int) -> str:
    return _sha256(MediaFile(UUID(int=0), kind, size))


def screenshot(bot: UUID) -> MediaFile:
    return MediaFile(bot, "png", len(_asset("screenshot.png")))


def _mp4_head(bot: UUID, size: int) -> bytes:
    """The asset and a `free` box, which players skip, up to the end of the file."""
    asset = _asset("meeting.mp4")
    room = size - len(asset)
    if room < 8:
        return asset + bytes(8)
    header = struct.pack(">I4s", room, b"free") if room < 2**32 else struct.pack(">I4sQ", 1, b"free", room)
    return asset + header + bot.bytes


def _mp3_head(bot: UUID, size: int) -> bytes:
    """An ID3 tag with the bot as title, padded so that the rest of the file is whole frames."""
    title = b"\x00" + str(bot).encode()
    frame = struct.pack(">4sIH", b"TIT2", len(title), 0) + title
    least = 10 + len(frame)
    room = least + max(size - least, 0) % _MP3_FRAME
    body = room - 10
    synchsafe = bytes(body >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + synchsafe + frame.ljust(body, b"\x00")


def _wav_head(_bot: UUID, size: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _WAV_RATE, _WAV_RATE * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE") + form + struct.pack("<4sI", b"data", size - 44)


def _png_head(_bot: UUID, _size: int) -> bytes:
    return _asset("screenshot.png")


_HEADS: dict[Kind, Callable[[UUID, int], bytes]] = {
    "mp4": _mp4_head,
    "mp3": _mp3_head,
    "wav": _wav_head,
    "png": _png_head,
}


@cache
def _tile(kind: Kind) -> bytes:
    if kind == "mp3":
        frames = _asset("meeting.mp3")
        return frames * (_CHUNK // len(frames))
    if kind == "wav":
        wave = (int(6000 * math.sin(2 * math.pi * 440 * i / _WAV_RATE)) for i in range(_WAV_RATE))
        return array("h", wave).tobytes() * (_CHUNK // (_WAV_RATE * 2))
    return hashlib.shake_256(kind.encode()).digest(_CHUNK)
