"""Where things lie in the store, and which paths may be used in it."""

import re
import unicodedata
from typing import NamedTuple

from minutekeeper.meetings.ids import CALENDARS, INBOX, USERS, folder_for

_STAGING_NAME = re.compile(r"#\d+$")


def checked(path: str) -> str:
    """The path itself if it may be used in the store. Raises ValueError that says what is wrong otherwise."""
    if path.startswith("/"):
        problem = "it must be relative"
    elif any(part in {"", ".", ".."} for part in path.split("/")):
        problem = "it has an empty part, `.` or `..`"
    elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in path):
        problem = "it has a control character"
    elif _STAGING_NAME.search(path):
        problem = "names that end in `#` and a number are kept for files that are being written"
    else:
        return path
    raise ValueError(f"{path!r} cannot be a path in the artifact store: {problem}")


class Bounds(NamedTuple):
    files: int
    bytes: int


SHELF_BOUNDS = Bounds(files=1000, bytes=64 * 1024 * 1024)
"""What each shelf of the inbox may hold, but for that of deliveries that wait for Temporal."""

_UNFINISHED = ".unfinished"

_CLAIM = ".run.json"


def recording(folder: str, extension: str) -> str:
    return f"{folder}/recording.{extension}"


def transcript(folder: str, form: str) -> str:
    return f"{folder}/transcript.{form}"


def manifest(folder: str) -> str:
    return f"{folder}/manifest.json"


def claim(folder: str) -> str:
    """Which run the folder belongs to."""
    return f"{folder}/{_CLAIM}"


def raw(folder: str, name: str) -> str:
    return f"{folder}/raw/{name}"


def inbox(name: str) -> str:
    return f"{INBOX}/{name}"


def book(calendar_id: str) -> str:
    """What a calendar remembers of its events."""
    return f"{CALENDARS}/{folder_for(calendar_id)}/book.json"


def is_book(path: str) -> bool:
    return path.startswith(f"{CALENDARS}/") and path.endswith("/book.json")


def calendar_claim(calendar_id: str) -> str:
    """Whose a calendar is."""
    return f"{CALENDARS}/{folder_for(calendar_id)}/claim.json"


def connections(user: str, platform: str) -> str:
    """The folder of what became of a user's calendar at Google or Microsoft, one file for each change."""
    return f"{USERS}/{folder_for(user)}/{platform}"


def pieces(folder: str, bot_id: str) -> str:
    """Where the download of one bot's recording keeps its pieces, until the manifest is written."""
    return f"{folder}/{_UNFINISHED}/{folder_for(bot_id)}"


def is_unfinished(path: str) -> bool:
    """Whether a file belongs to a download, not to what is kept: it is not to be shown."""
    return _UNFINISHED in path.split("/")


def unfinished(path: str) -> str:
    """The folder of all that downloads keep, from a file in it or from the folder that it lies in."""
    return f"{path.partition(f'/{_UNFINISHED}/')[0]}/{_UNFINISHED}"
