"""Reads meetings from Temporal, or while it is away, from the records of those that have ended."""

from collections.abc import Awaitable, Callable

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.record import MeetingRecord
from starter.errors import NoWorkerError, TemporalUnreachableError
from starter.inputs import check_id
from starter.meeting_models import KnownFrom, MeetingDetails, MeetingFiles
from starter.meeting_pages import PageOfMeetings, PagePosition, meeting_page
from starter.meeting_queries import MeetingFilter
from starter.meeting_reader import files_of_record
from starter.recorded_meetings import RecordedMeetings, open_records
from starter.temporal_client import TemporalMeetingClient

Connected = Callable[[], Awaitable[TemporalMeetingClient]]
"""Returns the client. Raises TemporalUnreachableError."""


class MeetingReads:
    """What can be read of meetings. Every method raises MeetingError: TemporalUnreachableError without a record."""

    def __init__(self, connected: Connected, records: RecordedMeetings | None = None) -> None:
        self._connected = connected
        self._records = records or RecordedMeetings(open_records)

    async def details(self, meeting: str) -> MeetingDetails:
        """The meeting, and where it is known from. Raises NoWorkerError if it runs and no worker answers."""
        try:
            return await (await self._connected()).details(meeting)
        except TemporalUnreachableError as error:
            return MeetingDetails((await self._record(meeting, error)).view, KnownFrom.RECORD, ())

    async def details_without_worker(self, meeting: str) -> tuple[MeetingDetails, bool]:
        """The same, as far as it is known if no worker answers; and whether that is all."""
        try:
            details = await self.details(meeting)
        except NoWorkerError:
            view = await (await self._connected()).snapshot(meeting)
            return MeetingDetails(view, KnownFrom.TEMPORAL, ()), False
        return details, bool(details.view.timeline)

    async def activity(self, meeting: str) -> tuple[str, DownloadProgress | None]:
        """What differs after everything that happens, and the progress of a download. Costs no query."""
        try:
            activity = await (await self._connected()).activity(meeting)
        except TemporalUnreachableError as error:
            return f"{(await self._record(meeting, error)).run}-0", None
        run, length = activity.revision
        return f"{run}-{length}", activity.progress

    async def files(self, meeting: str) -> MeetingFiles:
        """Its stored files."""
        try:
            return await (await self._connected()).files(meeting)
        except TemporalUnreachableError as error:
            return files_of_record(await self._record(meeting, error))

    async def page(self, filters: MeetingFilter, limit: int, after: PagePosition | None = None) -> PageOfMeetings:
        """A page of meetings; while Temporal is away, of those that have ended."""
        try:
            return await (await self._connected()).page(filters, limit, after)
        except TemporalUnreachableError:
            if (status := filters.required_status) is not None and not status.is_final:
                raise
            return await meeting_page(None, self._records, filters, limit, after)

    async def _record(self, meeting: str, error: TemporalUnreachableError) -> MeetingRecord:
        check_id("ID", meeting)
        if (record := await self._records.newest(meeting)) is None:
            raise error
        return record
