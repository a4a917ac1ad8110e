"""FLAC files of any size: silence that every player can decode, behind as much padding as is needed."""

import struct
from collections.abc import Iterator
from functools import cache
from uuid import UUID

_RATE, _BLOCK, _FRAMES = 16_000, 4096, 24
_STREAMINFO, _PADDING, _COMMENT, _LAST = 0, 1, 4, 0x80


class FlacFile:
    """A file of `size` bytes whose comment names its bot. One too small for its kind is cut short."""

    content_type = "audio/flac"

    def __init__(self, bot: UUID, size: int) -> None:
        self.size = size
        self._bot = bot
        self.etag = f'"{bot.hex}-flac-{size}"'

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `stop`."""
        yield _content(self._bot, self.size)[start:stop]


def _content(bot: UUID, size: int) -> bytes:
    frames, comment = _frames(), f"TITLE={bot}".encode()
    vendor = b"simulator"
    comments = struct.pack("<I", len(vendor)) + vendor + struct.pack("<II", 1, len(comment)) + comment
    head = b"fLaC" + _block(_STREAMINFO, _stream_info()) + _block(_COMMENT, comments)
    padding = max(0, size - len(head) - len(frames) - 4)
    return (head + _block(_PADDING | _LAST, bytes(padding)) + frames)[:size]


def _block(kind: int, data: bytes) -> bytes:
    return struct.pack(">I", kind << 24 | len(data)) + data


def _stream_info() -> bytes:
    """Mono, 16 bits; the sizes of frames and the checksum are left open, as zero."""
    packed = _RATE << 44 | 0 << 41 | 15 << 36 | _BLOCK * _FRAMES
    return struct.pack(">HH", _BLOCK, _BLOCK) + bytes(6) + packed.to_bytes(8) + bytes(16)


@cache
def _frames() -> bytes:
    frames = []
    for number in range(_FRAMES):
        # Fixed block size; 4096 samples at 16 kHz; one channel of 16 bits. One digit codes numbers below 128.
        header = bytes((0xFF, 0xF8, 0xC5, 0x08, number))
        header += bytes((_crc(header, 8, 0x07),))
        constant = header + b"\x00" + bytes(2)
        frames.append(constant + _crc(constant, 16, 0x8005).to_bytes(2))
    return b"".join(frames)


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top = 0, 1 << (bits - 1)
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & ((1 << bits) - 1)
    return value
