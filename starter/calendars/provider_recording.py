"""Schedules recordings at the provider itself, and never for an event that also gets a bot from Minutekeeper."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from minutekeeper.calendars.actions import bot_options
from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.objections import CalendarRules
from minutekeeper.calendars.occurrences import as_tracked
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.rules import BuiltinRule
from minutekeeper.calendars.tracked_events import TrackedEvents
from minutekeeper.providers.calendar_base import RecordsByItself, ScheduledRecording
from minutekeeper.providers.calendar_registry import CalendarProviders
from starter.calendars.events import meetings_of
from starter.calendars.lookup import find_event, no_such_event
from starter.errors import MeetingInputError, MeetingRefusedError

NO_POLICY = CalendarRules(Policy(otherwise="skip"), NO_OVERRIDES)
"""The rules for calendars that have no workflow."""


class ProviderEvent(BaseModel):
    """An event. `provider_records` is whether the provider will send a bot by itself."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    title: str
    start_time: AwareDatetime
    provider_records: bool


class ProviderRecording(BaseModel):
    """The events that were changed, in order of start."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    events: tuple[ProviderEvent, ...]


class ProviderRecordings:
    """Methods raise EventNotFoundError, ProviderError, and MeetingInputError for an event that has no series."""

    def __init__(self, temporal: Client, provider: CalendarProviders) -> None:
        self._temporal = temporal
        self._provider = provider

    async def record(
        self, tracked: TrackedEvents, rules: CalendarRules, text: str, *, all_occurrences: bool
    ) -> ProviderRecording:
        """Schedules an event, or its whole series.

        Raises MeetingRefusedError for an event that cannot be recorded or gets a bot from Minutekeeper already.
        """
        event = await self._event(tracked, text, all_occurrences=all_occurrences)
        chosen = [event]
        if all_occurrences:
            coming = [each async for each in self._provider.of(tracked.calendar_id).events(tracked.calendar_id)]
            chosen = [each for each in coming if each.recurring_event_id == event.recurring_event_id]
        chosen = as_tracked(chosen, tracked)
        _refuse_unrecordable(chosen, rules)
        _refuse_recorded_by_policy(chosen, rules)
        await self._refuse_booked(chosen)
        options = bot_options(event, rules.policy.my_emails, rules.policy.bot)
        recording = ScheduledRecording(**options.model_dump(exclude_unset=True) if options else {})
        recorder = self._recorder(tracked)
        done = await recorder.schedule_recording(event.event_id, recording, all_occurrences=all_occurrences)
        return _result(tracked, done)

    async def unrecord(self, tracked: TrackedEvents, text: str, *, all_occurrences: bool) -> ProviderRecording:
        """Removes the schedule of an event, or of its series. A bot that is in the meeting stays there."""
        event = await self._event(tracked, text, all_occurrences=all_occurrences)
        done = await self._recorder(tracked).remove_recording(event.event_id, all_occurrences=all_occurrences)
        return _result(tracked, done)

    def _recorder(self, tracked: TrackedEvents) -> RecordsByItself:
        """Raises MeetingRefusedError for a provider that cannot record an event by itself."""
        provider = self._provider.of(tracked.calendar_id)
        if not provider.capabilities.records_by_itself:
            raise MeetingRefusedError(
                f"Bots of {provider.name} for calendar events come from Minutekeeper alone. `minutekeeper calendar "
                f"override {tracked.calendar_id} EVENT always` has it send one."
            )
        return cast("RecordsByItself", provider)

    async def _event(self, tracked: TrackedEvents, text: str, *, all_occurrences: bool) -> CalendarEvent:
        _, event = await find_event(self._provider, tracked, text)
        if event is None:
            raise no_such_event(tracked.calendar_id, text)
        if all_occurrences and not event.recurring_event_id:
            raise MeetingInputError("--all-occurrences", f"event {event.event_id} is not part of a series")
        return event

    async def _refuse_booked(self, events: Iterable[CalendarEvent]) -> None:
        """Checks bookings too, because another calendar or a user may have booked the same meeting."""
        meeting_ids = [each for event in events for each in event.meeting_ids]
        for meeting in (await meetings_of(self._temporal, meeting_ids)).values():
            if meeting.status is not None and not meeting.status.is_final:
                raise MeetingRefusedError(
                    f"Meeting {meeting.meeting_id} is booked for the same time and place, so a second bot would "
                    f"join. `minutekeeper cancel {meeting.meeting_id}` cancels it."
                )


def _refuse_unrecordable(events: Iterable[CalendarEvent], rules: CalendarRules) -> None:
    """Refuses events that no policy could have recorded, also because of a veto or a person who opted out."""
    everything = CalendarRules(Policy(otherwise="record"), NO_OVERRIDES, rules.shared)
    for event in events:
        decision = everything.decide(event, datetime.now(UTC))
        if not decision.record and decision.rule != BuiltinRule.PROVIDER:
            raise MeetingRefusedError(f"Event {event.event_id}: {decision.reason}")


def _refuse_recorded_by_policy(events: Iterable[CalendarEvent], rules: CalendarRules) -> None:
    for event in events:
        decision = rules.decide(event, datetime.now(UTC))
        if decision.record:
            raise MeetingRefusedError(
                f"Event {event.event_id} gets a bot already, so a second bot would join. {decision.reason} "
                f"`minutekeeper calendar override {event.calendar_id} {event.event_id} never` prevents that."
            )


def _result(tracked: TrackedEvents, events: Iterable[CalendarEvent]) -> ProviderRecording:
    changed = [
        ProviderEvent(
            event_id=each.event_id,
            title=each.title,
            start_time=each.start_time,
            provider_records=each.provider_records,
        )
        for each in events
    ]
    return ProviderRecording(
        calendar_id=tracked.calendar_id, events=tuple(sorted(changed, key=lambda each: each.start_time))
    )
