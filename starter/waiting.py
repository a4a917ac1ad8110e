"""What a meeting keeps trying, and why that has not worked yet: its activities, as Temporal itself sees them."""

from datetime import UTC

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import WorkflowExecutionDescription

_WORK = {
    "send_bot": "sending the bot",
    "find_bot": "looking whether a bot was sent",
    "remove_bot": "telling the bot to go",
    "observe_bot": "asking the provider about the bot",
    "collect": "fetching recording and transcript",
    "write_manifest": "writing the manifest",
}


class Waiting(BaseModel):
    """Work that has failed `attempts` times and is tried again at `next_try` (UTC; None: it is at it now)."""

    model_config = ConfigDict(frozen=True)

    work: str
    attempts: int
    failure: str
    next_try: AwareDatetime | None


def waiting_for(execution: WorkflowExecutionDescription) -> tuple[Waiting, ...]:
    """What a running meeting tries again; nothing of a meeting on which all goes well."""
    return tuple(
        Waiting(
            work=_WORK.get(pending.activity_type.name, pending.activity_type.name),
            attempts=pending.attempt - 1,
            failure=pending.last_failure.message,
            next_try=(
                pending.next_attempt_schedule_time.ToDatetime(UTC)
                if pending.HasField("next_attempt_schedule_time")
                else None
            ),
        )
        for pending in execution.raw_description.pending_activities
        if pending.HasField("last_failure")
    )
