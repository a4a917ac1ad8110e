"""Reads single meetings: from Temporal and a worker, else from the record of the meeting."""

import asyncio
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionDescription

from minutekeeper.meetings.ids import workflow_id_for
from minutekeeper.meetings.media_types import content_type_of
from minutekeeper.meetings.record import MeetingRecord, RecordedFile
from minutekeeper.temporal.queries import describe_workflow
from starter.booking import RPC_TIMEOUT
from starter.errors import MeetingNotFoundError, NoWorkerError
from starter.inputs import check_id
from starter.meeting_models import KnownFrom, MeetingActivity, MeetingDetails, MeetingFiles
from starter.meeting_snapshot import (
    is_closed,
    is_meeting,
    pending_activities,
    progress_of,
    snapshot,
    summary_of,
    with_final_status,
)
from starter.recorded_meetings import RecordedMeetings
from starter.workflow_calls import NoAnswerError, query_status


def files_of_record(record: MeetingRecord) -> MeetingFiles:
    return MeetingFiles(record.folder, record.files, record.transcript, is_final=True)


class MeetingReader:
    """Reads meetings of a Temporal namespace, and of the records. Raises RPCError and MeetingErrors."""

    def __init__(self, temporal: Client, records: RecordedMeetings) -> None:
        self._temporal = temporal
        self._records = records

    async def details(self, meeting: str, query_timeout: timedelta) -> MeetingDetails:
        """The meeting now. Raises MeetingNotFoundError, and NoWorkerError if it runs and no worker answers."""
        found = await self.find_anywhere(meeting)
        if isinstance(found, MeetingRecord):
            return MeetingDetails(found.view, KnownFrom.RECORD, ())
        return await self.details_of(found, query_timeout)

    async def details_of(self, execution: WorkflowExecutionDescription, query_timeout: timedelta) -> MeetingDetails:
        """Those of a meeting that Temporal knows: from a worker, else its record, else what Temporal knows."""
        pending = pending_activities(execution)
        known = summary_of(execution)
        if known.trouble:
            raise NoWorkerError(f"Meeting {known.meeting_id} is not being executed: {known.trouble}.")
        try:
            view = await query_status(self._temporal.get_workflow_handle(execution.id), query_timeout)
        except NoAnswerError as error:
            if not is_closed(execution):
                raise NoWorkerError(
                    f"Meeting {known.meeting_id} (last known status: {known.status.value}) cannot be queried: "
                    f"{error}. Start a worker with `minutekeeper worker`; `minutekeeper doctor` says what is "
                    "missing."
                ) from error
            record = await self._records.newest(execution.id)
            if record is not None and record.written_at >= execution.start_time:
                return MeetingDetails(record.view, KnownFrom.RECORD, pending)
            return MeetingDetails(await snapshot(self._temporal, execution), KnownFrom.TEMPORAL, pending)
        return MeetingDetails(with_final_status(view, execution), KnownFrom.TEMPORAL, pending)

    async def files(self, meeting: str, query_timeout: timedelta) -> MeetingFiles:
        """The stored files: those of an ended meeting from its record, without a query."""
        found = await self.find_anywhere(meeting)
        record = found if isinstance(found, MeetingRecord) else None
        if not isinstance(found, MeetingRecord) and is_closed(found):
            newest = await self._records.newest(found.id)
            record = newest if newest is not None and newest.written_at >= found.start_time else None
        if record is not None:
            return files_of_record(record)
        view = (await self.details(meeting, query_timeout)).view
        folder = next((each.path.partition("/")[0] for each in view.artifacts), "")
        files = tuple(
            RecordedFile(
                name=each.path.removeprefix(f"{folder}/"),
                content_type=content_type_of(each.path),
                size=each.size,
                sha256="",
            )
            for each in view.artifacts
        )
        return MeetingFiles(folder, files, view.transcript, is_final=view.status.is_final)

    async def activity(self, meeting: str) -> MeetingActivity:
        """Whether something has happened, and how far a download is."""
        found = await self.find_anywhere(meeting)
        if isinstance(found, MeetingRecord):
            return MeetingActivity((found.run, 0), is_closed=True, progress=None)
        revision = (found.run_id, found.history_length)
        return MeetingActivity(revision, is_closed(found), await progress_of(found))

    async def find_anywhere(self, meeting: str) -> WorkflowExecutionDescription | MeetingRecord:
        """The workflow, else the record of one that Temporal has forgotten. Raises MeetingNotFoundError."""
        if (execution := await self._described(meeting)) is not None:
            return execution
        if (record := await self._records.newest(meeting)) is not None:
            return record
        raise self._not_found(meeting)

    async def find(self, meeting: str) -> WorkflowExecutionDescription:
        """The workflow with exactly this id, else that of the meeting id. Raises MeetingNotFoundError."""
        if (execution := await self._described(meeting)) is not None:
            return execution
        raise self._not_found(meeting)

    async def _described(self, meeting: str) -> WorkflowExecutionDescription | None:
        check_id("ID", meeting)
        names = (meeting, workflow_id_for(meeting))
        described = (describe_workflow(self._temporal, name, RPC_TIMEOUT) for name in names)
        found = [each for each in await asyncio.gather(*described) if each is not None and is_meeting(each)]
        return found[0] if found else None

    def _not_found(self, meeting: str) -> MeetingNotFoundError:
        return MeetingNotFoundError(
            f"There is no meeting {meeting} in namespace {self._temporal.namespace}, and no record of one. "
            "`minutekeeper list` shows all that are known."
        )
