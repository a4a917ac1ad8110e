"""Reads what the signed URL of a recording says of the file: its kind, and until when the URL is valid."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from minutekeeper.meetings.media_types import media_extension_of
from minutekeeper.providers.fields import parse_time
from minutekeeper.providers.recorded_content import Media


def media_file(url: str, *, usual_extension: str, part: int = 0) -> Media:
    """The file behind a URL; `usual_extension` is that of such files, where the URL names none."""
    extension = media_extension_of(_path(url)) or usual_extension
    return Media(url=url, extension=extension, expires_at=expires_at(url), part=part)


def expires_at(url: str) -> datetime | None:
    """The end of a URL signed for S3 in UTC: signing time and validity in seconds, or the older `Expires` epoch."""
    try:
        query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
        signed_at = parse_time(query.get("x-amz-date"))
        if signed_at is not None:
            return signed_at + timedelta(seconds=int(query.get("x-amz-expires", "")))
    except (ValueError, OverflowError):
        return None
    return parse_time(query.get("expires"))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
