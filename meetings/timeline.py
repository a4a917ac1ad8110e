"""What happened to a meeting, in order, in plain words."""

from bisect import insort

from pydantic import AwareDatetime, BaseModel, ConfigDict


class TimelineEntry(BaseModel):
    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    event: str
    """A short name: a status code of the provider, or one of our own acts such as `bot_sent`."""
    text: str
    """One sentence for people."""


MAX_ENTRIES = 200
"""A bot that sends the same status for ever must not grow the workflow's answer past what Temporal carries."""


def record(timeline: tuple[TimelineEntry, ...], entry: TimelineEntry) -> tuple[TimelineEntry, ...]:
    """Adds an entry in its place by time; once full, the middle gives way, as beginnings and ends explain most."""
    entries = list(timeline)
    insort(entries, entry, key=lambda each: each.at)
    if len(entries) > MAX_ENTRIES:
        del entries[MAX_ENTRIES // 2]
    return tuple(entries)
