"""Every update in every phase: accepted, or refused because it is too late or too early."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

from minutekeeper.meetings.claims import Claim, ClaimRelease
from minutekeeper.meetings.request import Reschedule, StopRequest
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import UnavailableError
from tests.replay.recorder import Recorder, Scenario, enter
from tests.workflows.driver import Meeting

Phase = Callable[[Recorder], Awaitable[Meeting]]

UPDATES = ("reschedule", "cancel", "leave", "send", "claim", "release")

_CALENDAR = "calendar-of-the-team"
_OF_CALENDARS = frozenset({"claim", "release"})

REFUSED = {(update, MeetingStatus.SCHEDULED) for update in ("leave", "send")}
REFUSED |= {(update, MeetingStatus.COLLECTING) for update in UPDATES if update not in {"release", "send"}}
"""What the validators refuse. Temporal keeps nothing of a refused update in the history."""


async def _asleep(recorder: Recorder) -> Meeting:
    meeting = await recorder.book(in_=timedelta(days=20))
    await meeting.until_status(MeetingStatus.SCHEDULED)
    await meeting.until_timers(1)
    return meeting


async def _tried_again(recorder: Recorder) -> Meeting:
    recorder.provider.failures = [UnavailableError("timed out")] * 1000
    meeting = await recorder.book(in_=timedelta(minutes=2))
    await meeting.until_status(MeetingStatus.DISPATCHING)
    return meeting


def _reported(*codes: str) -> Phase:
    async def bring(recorder: Recorder) -> Meeting:
        meeting = await recorder.book()
        await meeting.until_status(MeetingStatus.SCHEDULED)
        await meeting.forward(minutes=58)
        await meeting.until_bots(1)
        await meeting.bot_sends(*codes)
        return meeting

    return bring


async def _failed(recorder: Recorder) -> Meeting:
    meeting = await _reported("joining_call")(recorder)
    await meeting.fails("BotNotAccepted")
    return meeting


async def _collected(recorder: Recorder) -> Meeting:
    meeting = await _reported("in_call_recording")(recorder)
    recorder.recordings.hold.clear()
    await meeting.completes()
    return meeting


PHASES: dict[MeetingStatus, Phase] = {
    MeetingStatus.SCHEDULED: _asleep,
    MeetingStatus.DISPATCHING: _tried_again,
    MeetingStatus.JOINING: _reported("joining_call"),
    MeetingStatus.WAITING_ROOM: _reported("joining_call", "in_waiting_room"),
    MeetingStatus.IN_CALL: _reported("joining_call", "in_call_not_recording"),
    MeetingStatus.RECORDING: _reported("joining_call", "in_call_recording"),
    MeetingStatus.PAUSED: _reported("in_call_recording", "recording_paused"),
    MeetingStatus.ENDED: _failed,
    MeetingStatus.COLLECTING: _collected,
}
"""How a meeting is brought into each phase that is not final."""


async def request(recorder: Recorder, meeting: Meeting, update: str) -> None:
    now = await meeting.now()
    later = now + timedelta(hours=2)
    match update:
        case "reschedule":
            await meeting.update(update, Reschedule(start_time=later))
        case "claim":
            await _claim(recorder, meeting, now, later)
        case "release":
            view = await meeting.view()
            if view.status is not MeetingStatus.COLLECTING:
                await _claim(recorder, meeting, now, view.start_time)
            await meeting.handle.execute_update(update, ClaimRelease(calendar_id=_CALENDAR, seen_at=later))
        case _:
            await meeting.update(update, StopRequest(why="asked for"))


async def _claim(recorder: Recorder, meeting: Meeting, seen_at: datetime, start_time: datetime) -> None:
    claim = Claim(
        calendar_id=_CALENDAR,
        event_id="event-1",
        seen_at=seen_at,
        start_time=start_time,
        meeting_url=recorder.meeting_url,
    )
    await meeting.handle.execute_update("claim", claim)


def _book_by_calendar(recorder: Recorder, update: str) -> None:
    if update in _OF_CALENDARS:
        recorder.fields["calendar"] = {"calendar_id": _CALENDAR, "event_id": "event-1"}


def _accepted(update: str, phase: MeetingStatus) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        _book_by_calendar(recorder, update)
        meeting = await PHASES[phase](recorder)
        await meeting.until_status(phase)
        await request(recorder, meeting, update)
        recorder.recordings.hold.set()
        await recorder.run_to_end(meeting)
        return meeting

    return scenario


def _refused(update: str, phase: MeetingStatus) -> Scenario:
    async def scenario(recorder: Recorder) -> Meeting:
        _book_by_calendar(recorder, update)
        meeting = await PHASES[phase](recorder)
        await meeting.until_status(phase)
        with pytest.raises(WorkflowUpdateFailedError):
            await request(recorder, meeting, update)
        recorder.recordings.hold.set()
        await recorder.run_to_end(meeting)
        return meeting

    return scenario


for _update in UPDATES:
    for _phase in PHASES:
        if (_update, _phase) in REFUSED:
            enter(f"{_update}_refused_while_{_phase}", _refused(_update, _phase))
        else:
            enter(f"{_update}_while_{_phase}", _accepted(_update, _phase))


def _while_armed(update: str) -> Scenario:
    """The activity that sends the bot has begun and waits for its instant."""

    async def scenario(recorder: Recorder) -> Meeting:
        _book_by_calendar(recorder, update)
        recorder.provider.let_go.clear()
        meeting = await recorder.book()
        await meeting.until_status(MeetingStatus.SCHEDULED)
        waking = asyncio.create_task(meeting.forward(minutes=57))
        await asyncio.wait_for(recorder.provider.armed.wait(), 20)
        await request(recorder, meeting, update)
        recorder.provider.let_go.set()
        await waking
        await recorder.run_to_end(meeting)
        return meeting

    return scenario


for _update in UPDATES:
    enter(f"{_update}_while_armed", _while_armed(_update))
