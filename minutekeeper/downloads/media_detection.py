"""Detects the type of a recording by its first bytes, and error pages that are served instead of one."""

from dataclasses import dataclass

_ISO_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"sidx", b"moof"})
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/problem+")
_ASF = bytes.fromhex("3026b2758e66cf11")
_EBML = bytes.fromhex("1a45dfa3")
_EBML_BYTES = 64
"""The document type stands within the first of them."""
_TS_PACKET = 188


@dataclass(frozen=True)
class MediaKind:
    """A type of file: its default extension, and others that its URL may have."""

    extension: str
    others: frozenset[str] = frozenset()


_MP4 = MediaKind("mp4", frozenset({"m4a", "m4b", "m4v", "mov", "3gp"}))
_ISO_BRANDS = {
    b"M4A ": MediaKind("m4a", frozenset({"m4b"})),
    b"M4B ": MediaKind("m4b", frozenset({"m4a"})),
    b"M4V ": MediaKind("m4v", frozenset({"mp4"})),
    b"qt  ": MediaKind("mov"),
}
_OGG = MediaKind("ogg", frozenset({"oga", "ogv", "opus"}))
_ASF_KIND = MediaKind("wmv", frozenset({"wma", "asf"}))
_BEGINNINGS = {
    b"ID3": MediaKind("mp3", frozenset({"aac", "mp2"})),
    b"OggS": _OGG,
    b"fLaC": MediaKind("flac"),
    b"#!AMR": MediaKind("amr"),
    b"caff": MediaKind("caf"),
    b"FLV\x01": MediaKind("flv"),
    b"\0\0\x01\xba": MediaKind("mpg", frozenset({"mpeg"})),
    b"\0\0\x01\xb3": MediaKind("mpg", frozenset({"mpeg"})),
    _ASF: _ASF_KIND,
}
_CHUNKED = {
    (b"RIFF", b"WAVE"): MediaKind("wav"),
    (b"RF64", b"WAVE"): MediaKind("wav"),
    (b"BW64", b"WAVE"): MediaKind("wav"),
    (b"RIFF", b"AVI "): MediaKind("avi"),
    (b"FORM", b"AIFF"): MediaKind("aiff", frozenset({"aif"})),
    (b"FORM", b"AIFC"): MediaKind("aiff", frozenset({"aif"})),
}


def detect_media_kind(head: bytes) -> MediaKind | None:
    """The type of a file that begins with `head` (some hundred bytes); None if it is unknown."""
    if head[4:8] in _ISO_BOXES:
        return _ISO_BRANDS.get(head[8:12], _MP4) if head[4:8] == b"ftyp" else _MP4
    if head.startswith(_EBML):
        is_webm = b"webm" in head[:_EBML_BYTES]
        return MediaKind("webm", frozenset({"weba"})) if is_webm else MediaKind("mkv", frozenset({"mka"}))
    if chunked := _CHUNKED.get((head[:4], head[8:12])):
        return chunked
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head[:1] == b"G" and head[_TS_PACKET : _TS_PACKET + 1] == b"G" and not _is_text(head):
        return MediaKind("ts")
    return _mpeg_frame(head)


def detect_extension(head: bytes, hint: str) -> str:
    """The extension of a file by its first bytes; that of its URL (`hint`) if it fits the type."""
    kind = detect_media_kind(head)
    return hint if kind is None or hint in kind.others else kind.extension


def is_media(head: bytes, content_type: str) -> bool:
    """Whether a file that begins with `head` (some hundred bytes) can be a recording.

    Known first bytes decide, whatever the content type. Unknown ones are refused only if they are text, because
    refusing a new format would lose a recording.
    """
    if detect_media_kind(head) is not None:
        return True
    return not content_type.startswith(_TEXT_TYPES) and not _is_text(head)


def _mpeg_frame(head: bytes) -> MediaKind | None:
    """An MPEG audio frame or an AAC one (ADTS), by its header; two bytes alone may also begin a text in UTF-16."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return MediaKind("aac")
    has_layer, has_rates = head[1] & 0x06, head[2] & 0xF0 != 0xF0 and head[2] & 0x0C != 0x0C
    return MediaKind("mp3", frozenset({"mp2"})) if has_layer and has_rates else None


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\n\r" for byte in head) and _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return error.reason == "unexpected end of data"
    return True
