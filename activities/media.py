"""Telling a recording from an error page that was served in its place."""

_ISO_BOXES = frozenset({b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide"})
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/problem+")


def is_media(head: bytes, content_type: str) -> bool:
    """Whether a file that begins with `head` (some hundred bytes) can be a recording.

    A known start of an MP4 or MP3 is believed whatever the server calls it. What is unknown is refused only if it
    is text: refusing a format that we have not met yet would lose a recording.
    """
    if head[4:8] in _ISO_BOXES or head[:3] == b"ID3" or _is_mpeg_frame(head):
        return True
    return not content_type.startswith(_TEXT_TYPES) and not _is_text(head)


def _is_mpeg_frame(head: bytes) -> bool:
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\n\r" for byte in head) and _is_utf8(head)


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end in the middle of a character.
        return error.reason == "unexpected end of data"
    return True
