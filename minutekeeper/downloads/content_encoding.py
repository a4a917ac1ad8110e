"""Decodes a Content-Encoding that a recording is stored with, although none was requested.

The first bytes decide rather than the header, because some stores keep `aws-chunked` from an upload, and some files
are compressed without a header.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Protocol

from minutekeeper.downloads.media_detection import detect_media_kind

_GZIP = b"\x1f\x8b\x08"
_STEP_BYTES = 1024 * 1024
_MAX_LAYERS = 3


class _Inflater(Protocol):
    """The type of `zlib.decompressobj()`."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


Layer = Callable[[], _Inflater]


class EncodingError(Exception):
    """The encoding is not supported, or the bytes do not match it."""


class InflatedError(EncodingError):
    """The decoded content is larger than the limit."""


def encoding_layers(head: bytes, encoding: str) -> tuple[tuple[Layer, ...], bytes]:
    """The encodings of a file that begins with `head`, outermost first, and the decoded beginning.

    Raises EncodingError.
    """
    named = [
        name for name in (part.strip().lower() for part in encoding.split(",")) if name not in {"", "identity"}
    ]
    layers: list[Layer] = []
    while layer := _layer(head, named):
        layers.append(layer)
        if len(layers) > _MAX_LAYERS:
            raise EncodingError("the recording is compressed again and again")
        head = _beginning(layer, head)
    if named and detect_media_kind(head) is None:
        raise EncodingError(f"the recording is stored with Content-Encoding {encoding}, which is not supported")
    return tuple(layers), head


def decode_content(layers: tuple[Layer, ...], max_bytes: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The decoded content. Raises EncodingError while it is read, also for more than `max_bytes`."""
    for layer in layers:
        chunks = _undo_one(layer, max_bytes, chunks)
    return chunks


def _layer(head: bytes, named: list[str]) -> Layer | None:
    if head.startswith(_GZIP):
        if named[-1:] in (["gzip"], ["x-gzip"]):
            named.pop()
        return partial(zlib.decompressobj, 31)
    if named[-1:] == ["deflate"] and detect_media_kind(head) is None:
        named.pop()
        has_header = len(head) > 1 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0
        return partial(zlib.decompressobj, 15 if has_header else -15)
    return None


def _beginning(layer: Layer, head: bytes) -> bytes:
    try:
        return layer().decompress(head, len(head))
    except zlib.error:
        raise EncodingError("the recording is not compressed in the way that it seems to be") from None


async def _undo_one(layer: Layer, max_bytes: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    decoder = _Decoder(layer)
    size = 0
    async for chunk in chunks:
        steps = decoder.steps(chunk)
        while (data := await asyncio.to_thread(next, steps, None)) is not None:
            size += len(data)
            if size > max_bytes:
                raise InflatedError(f"the recording has more than {max_bytes} bytes when it is decompressed")
            yield data
    if not decoder.is_complete:
        raise EncodingError("the compressed recording ends too early")


class _Decoder:
    """A gzip file may consist of several members, one after the other; zeros may follow the last one."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._current = layer()

    @property
    def is_complete(self) -> bool:
        return self._current.eof

    def steps(self, data: bytes) -> Iterator[bytes]:
        """Decodes more bytes, in chunks that limit the memory."""
        has_more = False
        try:
            while data or has_more:
                if self._current.eof:
                    data = data.lstrip(b"\0")
                    if not data:
                        return
                    self._current = self._layer()
                made = self._current.decompress(data, _STEP_BYTES)
                has_more = len(made) == _STEP_BYTES
                data = self._current.unused_data if self._current.eof else self._current.unconsumed_tail
                if made:
                    yield made
        except zlib.error:
            raise EncodingError("the compressed recording is damaged") from None
