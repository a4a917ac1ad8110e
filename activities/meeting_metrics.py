"""What workers count of meetings, for alerts and dashboards. No label says whose meeting it was."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from temporalio import activity

from minutekeeper.meetings.record import MeetingRecord

MEETINGS = ("minutekeeper_meetings_total", "Meetings that ended, by their status, reason and platform.")
BRING_HOME = (
    "minutekeeper_bring_home_seconds",
    "Time from the moment a bot left the call until its meeting's files were stored, in seconds.",
    "s",
)
RECORDED_BYTES = ("minutekeeper_recording_bytes_total", "Size of the recordings that were stored, in bytes.")
LATENESS = (
    "minutekeeper_dispatch_lateness_seconds",
    "How much later than planned the provider was asked for a bot, in seconds.",
    "s",
)

BUCKETS: dict[str, Sequence[float]] = {
    BRING_HOME[0]: [1, 5, 15, 60, 120, 300, 900, 3600, 14_400, 86_400],
    LATENESS[0]: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
}
"""The upper bounds of the histograms' buckets, in seconds."""

_RECORDINGS = ("recording", "audio")


def count_end(record: MeetingRecord) -> None:
    """Counts an ended meeting. A record that is written again, after files were fetched again, counts again."""
    meter = activity.metric_meter()
    reason = record.reason.value if record.reason else ""
    labels = {"status": record.status.value, "reason": reason, "platform": str(record.platform)}
    meter.create_counter(*MEETINGS).add(1, labels)
    stored = sum(each.size for each in record.artifacts if each.path.rpartition("/")[2].startswith(_RECORDINGS))
    if stored:
        meter.create_counter(*RECORDED_BYTES).add(stored)
    left = [bot.ended_at for bot in record.bots if bot.ended_at]
    if stored and left:
        seconds = max((record.written_at - max(left)).total_seconds(), 0.0)
        meter.create_histogram_float(*BRING_HOME).record(seconds)


def measure_dispatch(sent_at: datetime, planned_at: datetime, requested_at: datetime) -> None:
    """Measures how late a bot was asked for; one that was wanted after its planned instant was due at once."""
    late = sent_at - max(planned_at, requested_at)
    activity.metric_meter().create_histogram_float(*LATENESS).record(max(late, timedelta()).total_seconds())
