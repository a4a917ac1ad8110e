"""Customers book meetings and change them: they insist until every request is acknowledged, whatever is down."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TypeVar

from devtools.chaos.calendar_customer import CalendarCustomer
from devtools.chaos.evidence import Booking, Order
from devtools.chaos.plan import Change, CustomerAction, PlannedMeeting
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.views import MeetingView
from starter.errors import MeetingError, MeetingInputError, MeetingRefusedError
from starter.temporal_client import TemporalMeetingClient

_RETRY_SECONDS = 0.5
_LOOK_SECONDS = 1.0
_BOT_PATIENCE = 100
"""Simulated seconds until a bot gives up that nobody lets in, or that is alone."""

_Answer = TypeVar("_Answer")


class _OverError(Exception):
    """The meeting ended before its customer could do what was planned."""


@dataclass
class Customers:
    """All of them. `began` is when the run began; what they were told is in `bookings` and `orders`."""

    client: TemporalMeetingClient
    began: datetime
    bookings: list[Booking] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)

    async def serve(self, meetings: list[PlannedMeeting]) -> None:
        """Returns once everything that was planned was acknowledged, refused, or too late."""
        async with asyncio.TaskGroup() as tasks:
            for meeting in meetings:
                tasks.create_task(self._keep(meeting))

    async def _keep(self, meeting: PlannedMeeting) -> None:
        await self._until(meeting.book_at)
        booking = await self._book(meeting)
        self.bookings.append(booking)
        try:
            for change in meeting.changes:
                if change.awaits_bot:
                    await self._bot_of(booking.workflow_id)
                await asyncio.sleep(change.after)
                self.orders.append(await self._carry_out(change, booking, meeting))
        except _OverError:
            return

    async def _book(self, meeting: PlannedMeeting) -> Booking:
        start_time = self._instant(meeting.start_at)
        request = MeetingRequest(
            meeting_url=meeting.meeting_url,
            start_time=start_time,
            end_time=self._instant(meeting.end_at),
            title=meeting.title,
            bot=BotOptions(
                recording_mode=RecordingMode.AUDIO_ONLY if meeting.audio_only else RecordingMode.SPEAKER_VIEW,
                waiting_room_timeout=_BOT_PATIENCE,
                noone_joined_timeout=_BOT_PATIENCE,
                provider=meeting.provider,
            ),
        )
        if meeting.by_calendar:
            request = self._calendar.request(request, meeting.twin)
        booked = await _insist(lambda: self.client.start(request, meeting.twin or None))
        return Booking(
            workflow_id=booked.workflow_id,
            meeting_url=request.meeting_url,
            start_time=start_time,
            end_time=request.expected_end,
            title=meeting.title,
            scenario=meeting.scenario,
            acknowledged_at=datetime.now(UTC),
        )

    async def _bot_of(self, workflow_id: str) -> None:
        """Returns once a bot is known to be on its way. Raises _OverError if the meeting ends without."""
        while True:
            view = await _insist(lambda: self.client.status(workflow_id))
            if view.status.is_final:
                raise _OverError
            if view.bot_id:
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _carry_out(self, change: Change, booking: Booking, meeting: PlannedMeeting) -> Order:
        workflow_id = booking.workflow_id
        order = Order(workflow_id=workflow_id, action=change.action, asked_at=datetime.now(UTC))
        call: Callable[[], Awaitable[object]]
        match change.action:
            case CustomerAction.MOVE:
                move = self._move(change)
                update = {
                    "start_time": move.start_time,
                    "end_time": move.end_time,
                    "meeting_url": change.meeting_url or booking.meeting_url,
                }
                order = order.model_copy(update=update)
                call = partial(self.client.reschedule, workflow_id, move)
                if meeting.by_calendar:
                    call = partial(self._calendar.move, workflow_id, booking, move)
            case CustomerAction.CANCEL:
                call = partial(self.client.cancel, workflow_id)
            case CustomerAction.LEAVE:
                call = partial(self.client.leave, workflow_id)
            case CustomerAction.RELEASE:
                call = partial(self._calendar.release, workflow_id)
        try:
            answer = await _insist(call)
        except (MeetingRefusedError, MeetingInputError) as refusal:
            return order.model_copy(update={"refusal": str(refusal)})
        if isinstance(answer, MeetingView) and answer.held_change:
            return order.model_copy(update={"refusal": answer.held_change})
        return order.model_copy(update={"acknowledged_at": datetime.now(UTC)})

    def _move(self, change: Change) -> Reschedule:
        start_time, end_time = (self._instant(seconds) for seconds in change.onto or (0, 0))
        if change.onto is None:
            now = datetime.now(UTC)
            start_time = _whole(now + timedelta(seconds=change.start_in))
            end_time = _whole(now + timedelta(seconds=change.end_in))
        return Reschedule(start_time=start_time, end_time=end_time, meeting_url=change.meeting_url or None)

    @cached_property
    def _calendar(self) -> CalendarCustomer:
        return CalendarCustomer(self.client.temporal)

    async def _until(self, seconds: float) -> None:
        instant = self.began + timedelta(seconds=seconds)
        await asyncio.sleep((instant - datetime.now(UTC)).total_seconds())

    def _instant(self, seconds: float) -> datetime:
        return _whole(self.began + timedelta(seconds=seconds))


async def _insist(ask: Callable[[], Awaitable[_Answer]]) -> _Answer:
    """The answer, however often one has to ask. Raises MeetingRefusedError and MeetingInputError, which are one."""
    while True:
        try:
            return await ask()
        except (MeetingRefusedError, MeetingInputError):
            raise
        except MeetingError:
            await asyncio.sleep(_RETRY_SECONDS)


def _whole(instant: datetime) -> datetime:
    """Keys of dispatches know whole seconds only."""
    return instant.replace(microsecond=0)
