"""Events that the provider records by its own timer, and never together with a meeting of ours."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from meetings.calendars.book import TrackedEvents
from meetings.calendars.decision import decide
from meetings.calendars.event import CalendarEvent
from meetings.calendars.identity import meeting_id_for_event
from meetings.calendars.overrides import NO_OVERRIDES, Overrides
from meetings.calendars.policy import Policy
from meetings.calendars.rules import BuiltinRule
from providers.calendars import CalendarProvider, Recording
from starter.calendars.events import meetings_of
from starter.calendars.naming import find_event, no_such_event
from starter.errors import MeetingInputError, MeetingRefusedError

NO_POLICY = Policy(otherwise="skip"), NO_OVERRIDES
"""What decides about the events of a calendar that nobody keeps here."""


class RecordedEvent(BaseModel):
    """`provider_records` is whether the provider will send a bot by itself."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    title: str
    start_time: AwareDatetime
    provider_records: bool


class ProviderRecording(BaseModel):
    """The events that a wish concerned, in order of start."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    events: tuple[RecordedEvent, ...]


class ProvidersTimer:
    """Methods raise EventNotFoundError, ProviderError, and MeetingInputError for an event that has no series."""

    def __init__(self, temporal: Client, provider: CalendarProvider) -> None:
        self._temporal = temporal
        self._provider = provider

    async def record(
        self, book: TrackedEvents, rules: tuple[Policy, Overrides], text: str, *, all_occurrences: bool
    ) -> ProviderRecording:
        """Has an event recorded, or its whole series.

        Raises MeetingRefusedError for what cannot be, and where a meeting of ours sends a bot already.
        """
        event = await self._event(book, text, all_occurrences=all_occurrences)
        meant = [event]
        if all_occurrences:
            coming = [each async for each in self._provider.events(book.calendar_id)]
            meant = [each for each in coming if each.recurring_event_id == event.recurring_event_id]
        _refuse_what_cannot_be(event)
        _refuse_what_the_policy_records(meant, rules)
        await self._refuse_what_is_booked(meant)
        look = rules[0].bot.model_dump(exclude_none=True) if rules[0].bot else {}
        wish = Recording(**look)
        done = await self._provider.schedule_recording(event.event_id, wish, all_occurrences=all_occurrences)
        return _told(book, done)

    async def unrecord(self, book: TrackedEvents, text: str, *, all_occurrences: bool) -> ProviderRecording:
        """Has an event no longer recorded, or its series. A bot that is in the meeting stays there."""
        event = await self._event(book, text, all_occurrences=all_occurrences)
        return _told(book, await self._provider.remove_recording(event.event_id, all_occurrences=all_occurrences))

    async def _event(self, book: TrackedEvents, text: str, *, all_occurrences: bool) -> CalendarEvent:
        _, event = await find_event(self._provider, book, text)
        if event is None:
            raise no_such_event(book.calendar_id, text)
        if all_occurrences and not event.recurring_event_id:
            raise MeetingInputError("--all-occurrences", f"event {event.event_id} is none of a series")
        return event

    async def _refuse_what_is_booked(self, events: Iterable[CalendarEvent]) -> None:
        """Another calendar may have the same meeting, or people may have booked it."""
        for meeting in (await meetings_of(self._temporal, map(meeting_id_for_event, events))).values():
            if meeting.status is not None and not meeting.status.is_final:
                raise MeetingRefusedError(
                    f"Meeting {meeting.meeting_id} is booked for the same time and place, so a second bot would "
                    f"come. `minutekeeper cancel {meeting.meeting_id}` leaves it free."
                )


def _refuse_what_cannot_be(event: CalendarEvent) -> None:
    decision = decide(*NO_POLICY, event, datetime.now(UTC))
    if decision.rule not in {BuiltinRule.OTHERWISE, BuiltinRule.PROVIDER}:
        raise MeetingRefusedError(f"Event {event.event_id}: {decision.reason}")


def _refuse_what_the_policy_records(events: Iterable[CalendarEvent], rules: tuple[Policy, Overrides]) -> None:
    for event in events:
        decision = decide(*rules, event, datetime.now(UTC))
        if decision.record:
            raise MeetingRefusedError(
                f"Event {event.event_id} gets a bot of ours already, so a second one would come. {decision.reason} "
                f"`minutekeeper calendar override {event.calendar_id} {event.event_id} never` leaves it free."
            )


def _told(book: TrackedEvents, events: Iterable[CalendarEvent]) -> ProviderRecording:
    told = [
        RecordedEvent(
            event_id=each.event_id,
            title=each.title,
            start_time=each.start_time,
            provider_records=each.provider_records,
        )
        for each in events
    ]
    return ProviderRecording(
        calendar_id=book.calendar_id, events=tuple(sorted(told, key=lambda each: each.start_time))
    )
