"""Every closed list has words, and the names that the fake workflow stands in for are the real ones."""

import inspect
from typing import Any

import pytest
from temporalio import workflow

from minutekeeper.meetings.reasons import REASON
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from starter import messages
from starter.errors import MeetingError
from starter.meeting_models import BookingOutcome
from starter.temporal_ui import temporal_ui_url
from tests.starter.fakes import FakeMeeting
from workflows.meeting import MeetingWorkflow


def test_every_member_of_the_closed_lists_has_its_words() -> None:
    assert set(messages.STATUS) == set(MeetingStatus)
    assert set(REASON) == set(FailureReason)
    assert set(messages.TRANSCRIPT) == set(TranscriptState)
    assert set(messages.BOOKING) == set(BookingOutcome)


def test_the_fake_workflow_has_the_messages_of_the_real_one() -> None:
    real, fake = (workflow._Definition.must_from_class(each) for each in (MeetingWorkflow, FakeMeeting))
    assert fake.name == real.name
    # Calendars claim and release meetings; no command of ours does.
    assert set(fake.updates) == set(real.updates) - {"claim", "release", None}
    for name in ("reschedule", "cancel", "leave", "send", "status", "state", "run"):
        assert _answer(FakeMeeting, name) == _answer(MeetingWorkflow, name)


def _answer(of: type[Any], name: str) -> Any:
    return inspect.signature(getattr(of, name)).return_annotation


@pytest.mark.parametrize("host", ["prod.a1b2c.tmprl.cloud:7233", "eu-west-1.aws.api.temporal.io:7233"])
def test_the_ui_of_temporal_cloud_is_known(host: str) -> None:
    assert temporal_ui_url("", host) == "https://cloud.temporal.io"
    assert temporal_ui_url("https://ui.example.com/", host) == "https://ui.example.com"


def test_the_ui_of_another_server_has_to_be_configured() -> None:
    with pytest.raises(MeetingError, match=r"127\.0\.0\.1:7233 is not known; set MINUTEKEEPER_TEMPORAL_UI_URL"):
        temporal_ui_url("", "127.0.0.1:7233")
