"""Finds meetings by a bot, a calendar event or a link, and the events and users that a meeting belongs to."""

from collections.abc import Iterable
from contextlib import suppress

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from temporalio.client import Client

from minutekeeper.calendars.event import CalendarEvent, meeting_id_for_event
from minutekeeper.meetings.ids import is_adopted, workflow_id_for
from minutekeeper.meetings.meeting_urls import MeetingUrlError, parse_meeting_url
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import MeetingView
from minutekeeper.providers.base import NotFoundError, Provider, ProviderError, RequestRejectedError
from minutekeeper.providers.calendar_ids import user_of_calendar
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.calendar_checkpoints import CalendarCheckpointStore
from minutekeeper.storage.records import RecordStore
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.search_attributes import BOT_ID, MEETING_URL, as_keyword
from starter.error_translation import translate_provider_errors, translate_temporal_errors
from starter.errors import MeetingNotFoundError, NoWorkerError
from starter.inputs import check_id
from starter.meeting_list import meetings_by_workflow_id, meetings_with
from starter.meeting_models import KnownFrom
from starter.recorded_meetings import RecordedMeetings
from starter.temporal_client import TemporalMeetingClient

_MAX_LINK_BYTES = 4096
_MAX_RESULTS = 20


class FoundEvent(BaseModel):
    """A calendar event. `user` is the calendar's user as the provider names them; empty if it does not."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    user: str = ""


class FoundMeeting(BaseModel):
    """A meeting with the calendar events that it belongs to."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    start_time: AwareDatetime
    title: str
    meeting_url: str
    bot_id: str
    calendars: tuple[FoundEvent, ...]
    known_from: KnownFrom = Field(serialization_alias="from")


class MeetingLookup:
    """Finds meetings by any id or link that is known of them."""

    def __init__(
        self, temporal: Client, calendars: CalendarProviders, bots: Provider, store: ArtifactStore
    ) -> None:
        self._meetings = TemporalMeetingClient(temporal)
        self._temporal = temporal
        self._calendars = calendars
        self._bots = bots
        self._checkpoints = CalendarCheckpointStore(store)
        self._records = RecordedMeetings(lambda: RecordStore(store))

    async def find(self, what: str) -> tuple[FoundMeeting, ...]:
        """The meetings of a link, a bot or an event, newest first; or the one with this meeting id.

        Those that Temporal has forgotten follow, from their records.

        Raises MeetingNotFoundError if there is none, ProviderRefusedError if the provider cannot look up an event.
        """
        check_id("WHAT", what, max_bytes=_MAX_LINK_BYTES)
        lookups = (self._by_link, self._by_bot, self._by_id, self._by_earlier_bot, self._by_event)
        with translate_temporal_errors(self._temporal), translate_provider_errors():
            known: list[str] = []
            for lookup in lookups:
                if known := await lookup(what):
                    break
            records = [each for each in await self._records.found(what) if each.workflow_id not in known]
            if known or records:
                users = await self._users()
                found = [await self._found(each, users) for each in known]
                return (*found, *(_found_meeting(each.view, users, KnownFrom.RECORD) for each in records))
        raise MeetingNotFoundError(f"No meeting was found for {what}.")

    async def _by_link(self, text: str) -> list[str]:
        try:
            url = parse_meeting_url(text).public
        except MeetingUrlError:
            return []
        found = await meetings_with(self._temporal, MEETING_URL, as_keyword(url), _MAX_RESULTS)
        return [each.workflow_id for each in found]

    async def _by_bot(self, bot_id: str) -> list[str]:
        found = await meetings_with(self._temporal, BOT_ID, as_keyword(bot_id), _MAX_RESULTS)
        return [each.workflow_id for each in found]

    async def _by_earlier_bot(self, bot_id: str) -> list[str]:
        """Asks the provider, because search attributes only hold the newest bot of a meeting."""
        try:
            name = (await self._bots.get_bot_origin(bot_id)).workflow_id
        except (NotFoundError, RequestRejectedError):
            return []
        return list(await meetings_by_workflow_id(self._temporal, [name] if name else []))

    async def _by_id(self, meeting: str) -> list[str]:
        return list(await meetings_by_workflow_id(self._temporal, (meeting, workflow_id_for(meeting))))

    async def _by_event(self, event_id: str) -> list[str]:
        """Reads the calendar's stored state, because an event that took place and then moved has several."""
        event = await self._event(event_id)
        if event is None:
            return await self._by_deleted_event(event_id)
        tracked = await self._tracked(event.calendar_id, event_id)
        return tracked or await self._booked([meeting_id_for_event(event)]) or await self._sent_by_provider(event)

    async def _event(self, event_id: str) -> CalendarEvent | None:
        """The event of this id at any provider that knows events without their calendars."""
        for provider in self._calendars:
            with suppress(NotFoundError, RequestRejectedError):
                return await provider.event("", event_id)
        return None

    async def _sent_by_provider(self, event: CalendarEvent) -> list[str]:
        """Meetings of bots that the provider itself scheduled for an event."""
        url = as_keyword(event.link.public if event.link else event.meeting_url)
        found = await meetings_with(self._temporal, MEETING_URL, url, _MAX_RESULTS)
        workflow_ids = [each.workflow_id for each in found if is_adopted(each.meeting_id)]
        views = [(each, await self._view(each)) for each in workflow_ids]
        return [each for each, view in views if event.event_id in {found.event_id for found in view.calendars}]

    async def _by_deleted_event(self, event_id: str) -> list[str]:
        """Searches the stored state of all calendars, because the provider no longer knows the event."""
        async for calendar_id in running_calendars(self._temporal):
            if workflow_ids := await self._tracked(calendar_id, event_id):
                return workflow_ids
        return []

    async def _tracked(self, calendar_id: str, event_id: str) -> list[str]:
        checkpoint = await self._checkpoints.read(calendar_id)
        entries = checkpoint.events.entries.values() if checkpoint else ()
        return await self._booked(each.meeting_id for each in entries if each.event_id == event_id)

    async def _booked(self, meeting_ids: Iterable[str]) -> list[str]:
        return list(await meetings_by_workflow_id(self._temporal, map(workflow_id_for, meeting_ids)))

    async def _users(self) -> dict[str, str]:
        """The users of the calendars; empty if the provider does not answer."""
        try:
            return {each.calendar_id: each.email or each.name for each in await self._calendars.calendars()}
        except ProviderError:
            return {}

    async def _view(self, workflow_id: str) -> MeetingView:
        return (await self._details(workflow_id))[0]

    async def _details(self, workflow_id: str) -> tuple[MeetingView, KnownFrom]:
        try:
            details = await self._meetings.details(workflow_id)
        except NoWorkerError:
            return await self._meetings.snapshot(workflow_id), KnownFrom.TEMPORAL
        return details.view, details.known_from

    async def _found(self, workflow_id: str, users: dict[str, str]) -> FoundMeeting:
        view, known_from = await self._details(workflow_id)
        return _found_meeting(view, users, known_from)


def _found_meeting(view: MeetingView, users: dict[str, str], known_from: KnownFrom) -> FoundMeeting:
    events = [
        FoundEvent(
            calendar_id=each.calendar_id,
            event_id=each.event_id,
            user=users.get(each.calendar_id) or user_of_calendar(each.calendar_id),
        )
        for each in view.calendars
    ]
    shown = view.model_dump(include=set(FoundMeeting.model_fields) - {"calendars", "known_from"})
    return FoundMeeting(calendars=tuple(events), known_from=known_from, **shown)
