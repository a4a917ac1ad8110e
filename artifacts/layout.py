"""Where things lie in the store: one folder for each meeting, and an inbox for deliveries that wait."""

import hashlib
import re
import unicodedata

TRANSCRIPT_FORMS = ("json", "md", "vtt", "srt", "txt")
INBOX = "inbox"
"""Prefix of the webhook bodies that wait for Temporal to come back."""

_ORDINARY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}")
_SLUG_LENGTH = 80
_UNFINISHED = ".unfinished"


def folder_for(meeting_id: str) -> str:
    """The folder of a meeting: the id itself if it is an ordinary name, else a readable slug and a short hash.

    A `~` never occurs in an ordinary name, so a made-up folder cannot be that of another meeting.
    """
    if _ORDINARY.fullmatch(meeting_id) and meeting_id != INBOX:
        return meeting_id
    ascii_only = unicodedata.normalize("NFKD", meeting_id).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_only).strip("-.")[:_SLUG_LENGTH] or "meeting"
    digest = hashlib.sha256(meeting_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{slug}~{digest}"


def recording(folder: str, extension: str) -> str:
    return f"{folder}/recording.{extension}"


def transcript(folder: str, form: str) -> str:
    return f"{folder}/transcript.{form}"


def manifest(folder: str) -> str:
    return f"{folder}/manifest.json"


def raw(folder: str, name: str) -> str:
    return f"{folder}/raw/{name}"


def inbox(name: str) -> str:
    return f"{INBOX}/{name}"


def pieces(folder: str, bot_id: str) -> str:
    """Where the download of one bot's recording keeps its pieces, until the manifest is written."""
    return f"{folder}/{_UNFINISHED}/{folder_for(bot_id)}"


def is_unfinished(path: str) -> bool:
    """Whether a file belongs to a download, not to what is kept: it is not to be shown."""
    return _UNFINISHED in path.split("/")
