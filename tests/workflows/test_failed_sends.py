"""What a failed send is called, by what Temporal says of its attempts."""

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, TimeoutType
from temporalio.exceptions import TimeoutError as TimedOutError

from minutekeeper.meetings.status import FailureReason
from workflows.dispatch_failures import read_dispatch_failure

NEVER, BEGUN = 0, 7
"""The number of the event with which an attempt began."""


def timed_out(kind: TimeoutType, cause: FailureError | None = None) -> TimedOutError:
    error = TimedOutError("timed out", type=kind, last_heartbeat_details=[])
    error.__cause__ = cause
    return error


def failed(kind: str, *, nothing_sent: bool) -> ApplicationError:
    return ApplicationError("what a worker said", nothing_sent, type=kind)


HANDED_BACK = failed("HandedBack", nothing_sent=True)


@pytest.mark.parametrize(
    ("cause", "started", "reason", "in_doubt"),
    [
        (timed_out(TimeoutType.SCHEDULE_TO_CLOSE), NEVER, FailureReason.MISSED, True),
        (timed_out(TimeoutType.SCHEDULE_TO_CLOSE), BEGUN, FailureReason.SEND_TIMEOUT, True),
        (timed_out(TimeoutType.START_TO_CLOSE), BEGUN, FailureReason.SEND_TIMEOUT, True),
        (
            timed_out(TimeoutType.SCHEDULE_TO_CLOSE, timed_out(TimeoutType.START_TO_CLOSE)),
            NEVER,
            FailureReason.SEND_TIMEOUT,
            True,
        ),
        (timed_out(TimeoutType.SCHEDULE_TO_CLOSE, HANDED_BACK), NEVER, FailureReason.MISSED, True),
        (timed_out(TimeoutType.SCHEDULE_TO_CLOSE, HANDED_BACK), BEGUN, FailureReason.SEND_TIMEOUT, True),
        (
            timed_out(TimeoutType.SCHEDULE_TO_CLOSE, failed("Unavailable", nothing_sent=False)),
            BEGUN,
            FailureReason.PROVIDER_UNREACHABLE,
            True,
        ),
        (HANDED_BACK, BEGUN, FailureReason.MISSED, False),
        (failed("HandedBack", nothing_sent=False), BEGUN, FailureReason.MISSED, True),
        (failed("Overdue", nothing_sent=True), BEGUN, FailureReason.SEND_TIMEOUT, False),
        (failed("Unavailable", nothing_sent=False), BEGUN, FailureReason.PROVIDER_UNREACHABLE, True),
        (failed("RequestRejected", nothing_sent=True), BEGUN, FailureReason.REQUEST_REJECTED, False),
        (failed("Account", nothing_sent=False), BEGUN, FailureReason.ACCOUNT, True),
        (failed("RateLimited", nothing_sent=True), BEGUN, FailureReason.PROVIDER_UNREACHABLE, False),
    ],
)
def test_each_cause_has_its_true_reason(
    cause: FailureError, started: int, reason: FailureReason, in_doubt: bool
) -> None:
    error = ActivityError(
        "failed",
        scheduled_event_id=5,
        started_event_id=started,
        identity="",
        activity_type="send_bot",
        activity_id="1",
        retry_state=None,
    )
    error.__cause__ = cause
    read = read_dispatch_failure(error)
    assert (read.reason, read.is_uncertain) == (reason, in_doubt)
    assert ("Nothing ran" in read.sentence) == (reason is FailureReason.MISSED)
