"""Every closed list has words, and the names that the fake workflow stands in for are the real ones."""

import inspect
from typing import Any

from temporalio import workflow

from meetings.status import FailureReason, MeetingStatus, TranscriptState
from starter import words
from starter.booking import Booking
from tests.starter.fakes import FakeMeeting
from workflows.meeting import MeetingWorkflow


def test_every_member_of_the_closed_lists_has_its_words() -> None:
    assert set(words.STATUS) == set(MeetingStatus)
    assert set(words.REASON) == set(FailureReason)
    assert set(words.TRANSCRIPT) == set(TranscriptState)
    assert set(words.BOOKING) == set(Booking)


def test_the_fake_workflow_has_the_messages_of_the_real_one() -> None:
    real, fake = (workflow._Definition.must_from_class(each) for each in (MeetingWorkflow, FakeMeeting))
    assert fake.name == real.name
    # Calendars claim and release meetings; no command of ours does.
    assert set(fake.updates) == set(real.updates) - {"claim", "release", None}
    for name in ("reschedule", "cancel", "leave", "status", "run"):
        assert _answer(FakeMeeting, name) == _answer(MeetingWorkflow, name)


def _answer(of: type[Any], name: str) -> Any:
    return inspect.signature(getattr(of, name)).return_annotation
