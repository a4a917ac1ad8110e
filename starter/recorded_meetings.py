"""Meetings that Temporal has forgotten, or that no worker tells of, by their records in the artifact store."""

import logging
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote, urlsplit

from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.meeting_urls import MeetingUrlError, parse_meeting_url
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.records import RecordKey, RecordStore
from minutekeeper.storage.store import ArtifactStore
from starter.errors import StorageError
from starter.inputs import settings
from starter.meeting_models import KnownFrom, MeetingSummary
from starter.meeting_queries import MeetingFilter

logger = logging.getLogger("starter")

_MOST_FOUND = 20


def open_records() -> RecordStore | None:
    """The records of the configured store; None if that is a folder which does not exist here."""
    url = settings().artifacts_url
    if url.startswith("file://") and not Path(unquote(urlsplit(url).path)).is_dir():
        return None
    return RecordStore(ArtifactStore(url))


class RecordedMeetings:
    """Reads records. The store is opened when it is first needed, because most commands need none.

    Args:
        open_store: Opens the records; returns None where there are none.
    """

    def __init__(self, open_store: Callable[[], RecordStore | None]) -> None:
        self._open = open_store
        self._store: RecordStore | None = None

    async def newest(self, meeting: str) -> MeetingRecord | None:
        """The newest record of the workflow with exactly this id, else of the meeting id. Raises StorageError."""
        try:
            if (store := self._records()) is None:
                return None
            for workflow_id in (meeting, workflow_id_for(meeting)):
                if records := await store.of_meeting(workflow_id):
                    return records[0]
        except StoreError as error:
            raise StorageError(f"The record of {meeting} cannot be read: {error}") from None
        return None

    async def listed(self, filters: MeetingFilter, limit: int, without: Collection[str]) -> list[MeetingSummary]:
        """The recorded meetings that match, latest first; none if the store does not answer, which is logged.

        Reads records back to the limit, or to `starts_from` where few match.

        Args:
            filters: What they have to match.
            limit: Maximum number of meetings.
            without: Workflow ids of meetings that are known already.
        """
        found: dict[str, MeetingRecord] = {}
        try:
            if (store := self._records()) is None:
                return []
            async for paths in store.paths_by_day(filters.starts_from, filters.starts_before):
                for first in range(0, len(paths), limit):
                    for record in await store.read(paths[first : first + limit]):
                        if record.workflow_id not in without and matches(record, filters):
                            found.setdefault(record.workflow_id, record)
                    if len(found) >= limit:
                        break
                if len(found) >= limit:
                    break
        except StoreError as error:
            logger.warning("Records of earlier meetings cannot be read: %s", error)
        records = sorted(found.values(), key=lambda each: each.start_time, reverse=True)
        return [summary_of_record(each) for each in records[:limit]]

    async def between(
        self,
        filters: MeetingFilter,
        after: tuple[datetime, str] | None,
        until: tuple[datetime, str] | None,
        most: int,
        without: Collection[str],
    ) -> list[MeetingRecord]:
        """The recorded meetings that match, latest start first, each by its newest run. Raises StorageError.

        Reads only what lies between two places, which are starts with the workflow ids of meetings.

        Args:
            filters: What they have to match.
            after: The place behind which they come; None for all.
            until: The last place that counts; None for all.
            most: Maximum number of meetings.
            without: Folders of meetings that are known already.
        """
        found: list[MeetingRecord] = []
        latest = after[0] + timedelta(microseconds=1) if after else None
        limits = [each for each in (latest, filters.starts_before) if each is not None]
        first = until[0] if until and (filters.starts_from is None or until[0] > filters.starts_from) else None
        try:
            if (store := self._records()) is None:
                return []
            async for paths in store.paths_by_day(first or filters.starts_from, min(limits, default=None)):
                unknown = [each for each in paths if not _is_of(each, without)]
                for some in _whole_minutes(unknown, most):
                    records = [each for each in await store.read(some) if matches(each, filters)]
                    records.sort(key=_place, reverse=True)
                    for each in records:
                        is_between = (after is None or _place(each) < after) and (
                            until is None or _place(each) >= until
                        )
                        if is_between and await store.is_newest(each):
                            found.append(each)
                    if len(found) >= most:
                        return found[:most]
        except StoreError as error:
            raise StorageError(f"Records of earlier meetings cannot be read: {error}") from None
        return found

    async def found(self, what: str) -> list[MeetingRecord]:
        """The newest records of a link, a bot, a calendar event or a meeting. Raises StorageError."""
        keys = [(RecordKey.MEETING, what), (RecordKey.MEETING, workflow_id_for(what))]
        keys += [(RecordKey.BOT, what), (RecordKey.EVENT, what)]
        with suppress(MeetingUrlError):
            keys.insert(0, (RecordKey.LINK, parse_meeting_url(what).public))
        try:
            if (store := self._records()) is None:
                return []
            for kind, key in keys:
                if records := await store.found_by(kind, key):
                    return records[:_MOST_FOUND]
        except StoreError as error:
            raise StorageError(f"Records cannot be read: {error}") from None
        return []

    def _records(self) -> RecordStore | None:
        if self._store is None:
            self._store = self._open()
        return self._store


def _place(record: MeetingRecord) -> tuple[datetime, str]:
    return record.start_time, record.workflow_id


def _minute(path: str) -> str:
    return path.rpartition("/")[2].partition("-")[0]


def _is_of(path: str, folders: Collection[str]) -> bool:
    """Whether a record is that of one of these folders, or of another run of the same meeting."""
    parts = path.rpartition("/")[2].partition("-")[2].removesuffix(".json").split("~")
    return any("~".join(parts[:count]) in folders for count in range(1, len(parts) + 1))


def _whole_minutes(paths: list[str], size: int) -> Iterator[list[str]]:
    """The paths of a day in parts of about this size: the records of one minute are in no certain order."""
    part: list[str] = []
    for _, some in groupby(paths, _minute):
        part += some
        if len(part) >= size:
            yield part
            part = []
    yield part


def matches(record: MeetingRecord, filters: MeetingFilter) -> bool:
    """Whether a record meets all conditions, as Temporal's visibility queries mean them."""
    wanted = re.findall(r"\w+", filters.title.lower())
    words = re.findall(r"\w+", record.title.lower())
    start = record.start_time
    return (
        filters.required_status in {None, record.status}
        and (not filters.reasons or record.reason in filters.reasons)
        and filters.platform in {None, record.platform}
        and (filters.starts_from is None or start >= filters.starts_from)
        and (filters.starts_before is None or start < filters.starts_before)
        and all(record.metadata.get(key) == value for key, value in filters.metadata.items())
        and filters.bot in {"", record.bot_id, *(each.bot_id for each in record.bots)}
        and filters.link in {"", record.meeting_url}
        and (not filters.calendar or filters.calendar in {each.calendar_id for each in record.calendars})
        and all(any(word.startswith(each) for word in words) for each in wanted)
    )


def summary_of_record(record: MeetingRecord) -> MeetingSummary:
    """One line of a list."""
    return MeetingSummary(
        meeting_id=record.meeting_id,
        workflow_id=record.workflow_id,
        status=record.status,
        start_time=record.start_time,
        title=record.title,
        meeting_url=record.meeting_url,
        platform=record.platform,
        bot_id=record.bot_id,
        metadata=record.metadata,
        booked_at=record.booked_at,
        closed_at=record.written_at,
        known_from=KnownFrom.RECORD,
    )
