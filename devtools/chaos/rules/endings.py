"""Every meeting that was booked comes to an end that says why."""

from collections.abc import Iterator

from devtools.chaos.evidence import Evidence
from devtools.chaos.rules.breach import Breach


def no_final_status(evidence: Evidence) -> Iterator[Breach]:
    """A booking that was acknowledged and that nobody knows, that is still open, or whose workflow broke."""
    for booking in evidence.bookings:
        runs = evidence.runs_of(booking.workflow_id)
        if not runs:
            what = f"booked and acknowledged at {booking.acknowledged_at:%H:%M:%S}, but there is no such workflow"
            yield Breach(workflow_id=booking.workflow_id, what=what)
        for run in runs:
            goes_on = run.status == "continued_as_new"
            if not goes_on and (run.outcome is None or not run.outcome.status.is_final):
                pending = f"; {run.pending}" if run.pending else ""
                yield Breach(workflow_id=run.workflow_id, what=f"{run.status}{pending} ({booking.title})")
