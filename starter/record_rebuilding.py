"""Makes the records that are missing, of ended meetings that Temporal still knows."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus

from minutekeeper.meetings.conclusion import meeting_record
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.records import RecordStore
from starter.booking import RPC_TIMEOUT
from starter.errors import NoWorkerError, StorageError
from starter.json_models import RebuiltRecords
from starter.meeting_queries import LATEST_RUNS
from starter.meeting_snapshot import is_closed, snapshot, with_final_status
from starter.workflow_calls import NoAnswerError, query_state

_QUERY_TIMEOUT = timedelta(seconds=10)

_WITHOUT_STATE = frozenset({WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.TIMED_OUT})
"""How workflows end whose input could not be read, so that no worker has a state of them."""

_EVENTS_OF_A_FIRST_STEP = 5
"""A workflow that was closed before it took a step has fewer events, and answers no query."""


async def rebuild_records(temporal: Client, store: RecordStore) -> RebuiltRecords:
    """Makes a record for each run of a meeting that has ended and has none; each costs one query.

    Raises NoWorkerError if a worker is needed and none answers, StorageError, and RPCError.
    """
    already_there, made, without_timeline = 0, [], []
    try:
        async for execution in temporal.list_workflows(f"{LATEST_RUNS} AND ExecutionStatus != 'Running'"):
            runs = {each.run for each in await store.of_meeting(execution.id)}
            first_run = execution.raw_info.first_run_id or execution.run_id
            record = None if first_run in runs else await _record_of(temporal, execution, first_run)
            if record is None or record.run in runs:
                already_there += 1
                continue
            path = await store.write(record)
            made.append(path)
            if not record.timeline:
                without_timeline.append(path)
    except StoreError as error:
        raise StorageError(str(error)) from None
    return RebuiltRecords(already_there=already_there, made=tuple(made), without_timeline=tuple(without_timeline))


async def _record_of(temporal: Client, execution: WorkflowExecution, first_run: str) -> MeetingRecord | None:
    """The record of one run; None if it does not exist any more, or is not closed."""
    handle = temporal.get_workflow_handle(execution.id, run_id=execution.run_id)
    described = await handle.describe(rpc_timeout=RPC_TIMEOUT)
    if not is_closed(described):
        return None
    closed_at = described.close_time or datetime.now(UTC)
    if described.history_length < _EVENTS_OF_A_FIRST_STEP:
        return await _record_without_state(temporal, described, first_run, closed_at)
    try:
        state = await query_state(handle, _QUERY_TIMEOUT)
    except NoAnswerError as error:
        if described.status not in _WITHOUT_STATE:
            raise NoWorkerError(
                f"The history of {execution.id} cannot be read: {error}. Start a worker with `minutekeeper worker`."
            ) from error
        return await _record_without_state(temporal, described, first_run, closed_at)
    record = meeting_record(state, closed_at)
    shown = with_final_status(record.view, described)
    update = {"status": shown.status, "reason": shown.reason, "evidence": shown.evidence}
    return record.model_copy(update=update | {"next_deadline": None, "bot_goes_at": None})


async def _record_without_state(
    temporal: Client, execution: WorkflowExecutionDescription, first_run: str, closed_at: datetime
) -> MeetingRecord:
    view = await snapshot(temporal, execution)
    return MeetingRecord(**dict(view), run=first_run, booked_at=execution.start_time, written_at=closed_at)
