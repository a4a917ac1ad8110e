"""The deadlines as operators know them, written down once more: a changed default is a changed promise."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.status import MeetingStatus

MINUTE = 60
DEFAULTS = {
    "first_webhook": 3 * MINUTE,
    "joining": 5 * MINUTE,
    "waiting_room": 13 * MINUTE,
    "in_call": 15 * MINUTE,
    "recording": 30 * MINUTE,
    "ended": 21 * MINUTE,
    "max_bot_lifetime": 5 * 60 * MINUTE,
    "relief": 10 * MINUTE,
    "lobby": 2 * MINUTE,
    "transcript": 450,
    "grace": 10 * MINUTE,
    "removed_bot": 2 * MINUTE,
    "shared_bot": 1 * MINUTE,
    "retry": 30,
    "give_up": 7 * 24 * 60 * MINUTE,
    "account_retry": 1 * MINUTE,
}
PHASES = {
    MeetingStatus.JOINING: "joining",
    MeetingStatus.WAITING_ROOM: "waiting_room",
    MeetingStatus.IN_CALL: "in_call",
    MeetingStatus.RECORDING: "recording",
    MeetingStatus.PAUSED: "recording",
    MeetingStatus.ENDED: "ended",
}


def test_the_default_of_each_deadline() -> None:
    assert Deadlines().model_dump() == DEFAULTS


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_deadline_is_at_least_a_second(name: str) -> None:
    assert getattr(Deadlines.model_validate({name: 1}), name) == 1
    with pytest.raises(ValidationError, match=name):
        Deadlines.model_validate({name: 0})


@pytest.mark.parametrize(("phase", "name"), PHASES.items())
def test_each_phase_of_a_bot_has_its_own_deadline(phase: MeetingStatus, name: str) -> None:
    each_different = Deadlines.model_validate({other: 1000 + place for place, other in enumerate(DEFAULTS)})
    assert each_different.for_status(phase) == timedelta(seconds=getattr(each_different, name))
