"""The paths of everything in the artifact store, and the check of paths."""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from typing import NamedTuple

from minutekeeper.meetings.ids import (
    ACCESS,
    CALENDARS,
    DELIVERIES,
    ENDPOINTS,
    INBOX,
    PREFERENCES,
    RECORDS,
    USERS,
    WEBHOOKS,
    folder_for,
)

_STAGING_NAME = re.compile(r"#\d+$")


def validate_path(path: str) -> str:
    """The path if it may be used in the store. Raises ValueError with the reason otherwise."""
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


INBOX_BOUNDS = Bounds(files=1000, bytes=64 * 1024 * 1024)
"""The limits of each folder of the inbox, except for deliveries that wait for Temporal."""

_UNFINISHED = ".unfinished"

_CLAIM = ".run.json"


def recording_path(folder: str, extension: str, *, part: int = 0) -> str:
    """Further recordings of a bot are numbered from 2."""
    return f"{folder}/recording{f'-{part + 1}' if part else ''}.{extension}"


def audio_path(folder: str, extension: str) -> str:
    return f"{folder}/audio.{extension}"


def screenshot_path(folder: str, bot_id: str, number: int, extension: str) -> str:
    return f"{folder}/screenshots/{folder_for(bot_id)}-{number:02d}.{extension}"


def transcript_path(folder: str, form: str) -> str:
    return f"{folder}/transcript.{form}"


def manifest_path(folder: str) -> str:
    return f"{folder}/manifest.json"


def claim_path(folder: str) -> str:
    """The claim file, which says which run a folder belongs to."""
    return f"{folder}/{_CLAIM}"


def raw_delivery_path(folder: str, name: str) -> str:
    return f"{folder}/raw/{name}"


def inbox_path(name: str) -> str:
    return f"{INBOX}/{name}"


def last_webhook_path(provider: str) -> str:
    """When a provider's own webhook endpoint delivered last."""
    return f"{WEBHOOKS}/{provider}.json"


def used_page_link_path(link_id: str) -> str:
    """The mark that a link to the pages was used."""
    return f"{ACCESS}/links/{link_id}"


def calendar_state_path(calendar_id: str) -> str:
    """The checkpoint of a calendar."""
    return f"{CALENDARS}/{folder_for(calendar_id)}/book.json"


def is_calendar_state(path: str) -> bool:
    return path.startswith(f"{CALENDARS}/") and path.endswith("/book.json")


def calendar_claim_path(calendar_id: str) -> str:
    """The file that says which attempt a calendar belongs to."""
    return f"{CALENDARS}/{folder_for(calendar_id)}/claim.json"


def user_connections_path(user: str, platform: str) -> str:
    """The folder of a user's connection at Google or Microsoft, with one file for each change."""
    return f"{USERS}/{folder_for(user)}/{platform}"


def calendar_preferences_path(key: str) -> str:
    """What people decided for a calendar, by the key of its identity."""
    return f"{PREFERENCES}/calendars/{key}.json"


def calendar_holder_path(key: str) -> str:
    """The id under which operators have connected a calendar, by the key of its identity."""
    return f"{PREFERENCES}/connected/{key}.json"


def linked_policy_path(policy_id: str) -> str:
    """A policy that connect links name."""
    return f"{PREFERENCES}/policies/{policy_id}.json"


def objections_path(meeting_id: str = "") -> str:
    """The folder of what calendars say of a meeting that they do not agree about, or of all such meetings."""
    return f"{PREFERENCES}/objections{f'/{meeting_id}' if meeting_id else ''}"


def bookings_path(user: str = "") -> str:
    """The folder of what the calendars of a user want to have recorded, by the key of the user, or of all users."""
    return f"{PREFERENCES}/bookings{f'/{user}' if user else ''}"


def opt_outs_path() -> str:
    """The folder of the people who opted out of recordings, with one file for each change."""
    return f"{PREFERENCES}/opt-outs"


def endpoints_path(endpoint_id: str = "") -> str:
    """The folder of an endpoint of outgoing events, with one file for each change, or of all endpoints."""
    return f"{ENDPOINTS}{f'/{folder_for(endpoint_id)}' if endpoint_id else ''}"


def record_day(day: datetime) -> str:
    """The folder of the records of meetings that start on a day (UTC)."""
    return f"{RECORDS}/{day.astimezone(UTC):%Y/%m/%d}"


def record_path(start_time: datetime, name: str) -> str:
    """The record of a meeting; `name` is that of its folder, or one that no other run has."""
    return f"{record_day(start_time)}/{start_time.astimezone(UTC):%H%M}Z-{name}.json"


def delivery_day(day: datetime) -> str:
    """The folder of the records of deliveries of one day's events (UTC)."""
    return f"{DELIVERIES}/{day.astimezone(UTC):%Y/%m/%d}"


def delivery_path(timestamp: datetime, endpoint_id: str, event_id: str) -> str:
    """The record of the delivery of an event to an endpoint."""
    name = f"{timestamp.astimezone(UTC):%H%M%S}Z-{folder_for(endpoint_id)}-{folder_for(event_id)}"
    return f"{delivery_day(timestamp)}/{name}.json"


def endpoint_failures_path(endpoint_id: str) -> str:
    """Since when an endpoint does nothing but fail."""
    return f"{DELIVERIES}/failing/{folder_for(endpoint_id)}.json"


def record_index(kind: str, key: str, root: str = RECORDS) -> str:
    """The folder that names the records of one key, such as a bot's id; the key itself is not readable there."""
    return f"{root}/index/{kind}/{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def record_index_entry(kind: str, key: str, path: str) -> str:
    """The entry that leads from a key to the record under `path`."""
    root, _, name = path.partition("/")
    return f"{record_index(kind, key, root)}/{name.replace('/', '-')}"


def record_of_index_entry(entry: str) -> str:
    """The path of the record to which an entry leads."""
    year, month, day, name = entry.rpartition("/")[2].split("-", 3)
    return f"{entry.partition('/')[0]}/{year}/{month}/{day}/{name}"


def partial_download_dir(folder: str, bot_id: str) -> str:
    """The folder of a partial download of one bot's recording, until the manifest is written."""
    return f"{folder}/{_UNFINISHED}/{folder_for(bot_id)}"


def is_partial_download(path: str) -> bool:
    """Whether a file belongs to a partial download, so that it is not shown."""
    return _UNFINISHED in path.split("/")


def partial_downloads_dir(path: str) -> str:
    """The folder of all partial downloads, from a file in it or from its parent folder."""
    return f"{path.partition(f'/{_UNFINISHED}/')[0]}/{_UNFINISHED}"
