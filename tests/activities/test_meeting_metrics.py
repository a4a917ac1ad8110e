"""What workers measure of the meetings that end, by the activity that stores their records."""

from datetime import timedelta
from typing import Any

import pytest

from activities.meeting_metrics import count_end, measure_dispatch
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import StoredFile
from tests.records import NOON, a_record

FILES = (
    StoredFile(path="m/recording.mp4", size=1000),
    StoredFile(path="m/audio.mp3", size=100),
    StoredFile(path="m/transcript.json", size=10),
)


class Measured:
    """One counter or histogram, which notes what it is given."""

    def __init__(self, into: list[tuple[str, float, dict[str, Any]]], name: str) -> None:
        self._into = into
        self._name = name

    def add(self, value: float, labels: dict[str, Any] | None = None) -> None:
        self._into.append((self._name, value, labels or {}))

    record = add


class NotingMeter:
    """Stands for the worker's meter, whose exporter only a whole worker has."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, float, dict[str, Any]]] = []

    def create_counter(self, name: str, *_: str) -> Measured:
        return Measured(self.noted, name)

    create_histogram_float = create_counter


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> NotingMeter:
    noting = NotingMeter()
    monkeypatch.setattr("temporalio.activity.metric_meter", lambda: noting)
    return noting


async def test_a_completed_meeting_counts_with_its_bytes_and_the_time_they_took(meter: NotingMeter) -> None:
    bots = ({"bot_id": "b", "sent_at": NOON, "ended_at": NOON - timedelta(seconds=90)},)
    record = a_record("m", artifacts=FILES).model_copy(update={"written_at": NOON})
    record = type(record).model_validate(record.model_dump(by_alias=True) | {"bots": bots})
    count_end(record)
    labels = {"status": "completed", "reason": "", "platform": "google_meet"}
    assert meter.noted == [
        ("minutekeeper_meetings_total", 1, labels),
        ("minutekeeper_recording_bytes_total", 1100, {}),
        ("minutekeeper_bring_home_seconds", 90.0, {}),
    ]


async def test_a_failed_one_counts_with_its_reason_and_nothing_else(meter: NotingMeter) -> None:
    count_end(a_record("m", status=MeetingStatus.FAILED, reason=FailureReason.NOT_ACCEPTED))
    ((name, value, labels),) = meter.noted
    assert (name, value, labels["reason"]) == ("minutekeeper_meetings_total", 1, "not_accepted")


@pytest.mark.parametrize(("sent", "requested", "late"), [(2, -60, 2.0), (5, 4, 1.0), (-1, -60, 0.0)])
async def test_lateness_counts_from_the_plan_or_from_a_later_request(
    meter: NotingMeter, sent: int, requested: int, late: float
) -> None:
    measure_dispatch(NOON + timedelta(seconds=sent), NOON, NOON + timedelta(seconds=requested))
    assert meter.noted == [("minutekeeper_dispatch_lateness_seconds", late, {})]
