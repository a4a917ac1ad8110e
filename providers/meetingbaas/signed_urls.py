"""When a signed media URL stops working, as far as the URL itself says so."""

from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from providers.meetingbaas.times import parse_time


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
