"""From a bot, an event or a link to the meeting, and from the meeting to its events and their users."""

from collections.abc import Iterable, Sequence

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client

from artifacts.notebook import CalendarCheckpointStore
from artifacts.store import ArtifactStore
from meetings.calendars.event import CalendarEvent
from meetings.calendars.identity import meeting_id_for_event
from meetings.ids import is_adopted, workflow_id_for
from meetings.outcome import MeetingView
from meetings.status import MeetingStatus
from meetings.urls import MeetingUrlError, parse_meeting_url
from minutekeeper.temporal.calendar_workflows import running_calendars
from minutekeeper.temporal.search_attributes import BOT_ID, MEETING_URL, as_keyword
from providers.base import NotFoundError, ProviderError, RequestRejectedError
from providers.calendars import CalendarProvider
from providers.meetingbaas.client import MeetingBaasClient
from starter.calendars.account import plainly
from starter.client import MeetingsClient
from starter.errors import MeetingNotFoundError, WorkerMissingError
from starter.inputs import check_id
from starter.listing import meetings_by_workflow_id, meetings_with
from starter.temporal_errors import in_plain_words

_MAX_LINK_BYTES = 4096
_MOST = 20


class LinkedEvent(BaseModel):
    """`user` is whose calendar it is, as the provider calls it; empty if it cannot say."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    user: str = ""


class LinkedMeeting(BaseModel):
    model_config = ConfigDict(frozen=True)

    meeting_id: str
    workflow_id: str
    status: MeetingStatus
    start_time: AwareDatetime
    title: str
    meeting_url: str
    bot_id: str
    calendars: tuple[LinkedEvent, ...]


class Links:
    """Finds meetings by whatever is known of them; marks of bots count if one of `signing_secrets` made them."""

    def __init__(
        self,
        temporal: Client,
        provider: CalendarProvider,
        bots: MeetingBaasClient,
        store: ArtifactStore,
        signing_secrets: Sequence[str],
    ) -> None:
        self._signing_secrets = signing_secrets
        self._meetings = MeetingsClient(temporal)
        self._temporal = temporal
        self._provider = provider
        self._bots = bots
        self._notebooks = CalendarCheckpointStore(store)

    async def find(self, what: str) -> tuple[LinkedMeeting, ...]:
        """The meetings of a link, of a bot, or of an event, newest first; or the one of this meeting id.

        Raises MeetingNotFoundError if there is none, ProviderRefusedError if an event had to be asked for in vain.
        """
        check_id("WHAT", what, max_bytes=_MAX_LINK_BYTES)
        with in_plain_words(self._temporal), plainly():
            for way in (self._of_link, self._of_bot, self._of_id, self._of_earlier_bot, self._of_event):
                if names := await way(what):
                    users = await self._users()
                    return tuple([await self._linked(name, users) for name in names])
        raise MeetingNotFoundError(f"There is no meeting that has to do with {what}.")

    async def _of_link(self, text: str) -> list[str]:
        try:
            url = parse_meeting_url(text).public
        except MeetingUrlError:
            return []
        return [
            each.workflow_id for each in await meetings_with(self._temporal, MEETING_URL, as_keyword(url), _MOST)
        ]

    async def _of_bot(self, bot_id: str) -> list[str]:
        return [each.workflow_id for each in await meetings_with(self._temporal, BOT_ID, as_keyword(bot_id), _MOST)]

    async def _of_earlier_bot(self, bot_id: str) -> list[str]:
        """By what the bot itself carries: Temporal only knows the newest one of a meeting."""
        try:
            data = await self._bots.meeting_data(bot_id, include_transcripts=False)
        except (NotFoundError, RequestRejectedError):
            return []
        bot = data.bot_data.bot
        name = bot.extra.verified(self._signing_secrets).workflow_id if bot else ""
        return list(await meetings_by_workflow_id(self._temporal, [name] if name else []))

    async def _of_id(self, meeting: str) -> list[str]:
        return list(await meetings_by_workflow_id(self._temporal, (meeting, workflow_id_for(meeting))))

    async def _of_event(self, event_id: str) -> list[str]:
        """By the book of its calendar, where an event that was held and then moved has several meetings."""
        try:
            event = await self._provider.event(event_id)
        except (NotFoundError, RequestRejectedError):
            return await self._of_forgotten_event(event_id)
        noted = await self._noted(event.calendar_id, event_id)
        return noted or await self._booked([meeting_id_for_event(event)]) or await self._adopted(event)

    async def _adopted(self, event: CalendarEvent) -> list[str]:
        """The bots that the provider sent to an event by its own timer."""
        found = await meetings_with(self._temporal, MEETING_URL, _keyword_of(event), _MOST)
        names = [each.workflow_id for each in found if is_adopted(each.meeting_id)]
        views = [(name, await self._view(name)) for name in names]
        return [name for name, view in views if event.event_id in {each.event_id for each in view.calendars}]

    async def _of_forgotten_event(self, event_id: str) -> list[str]:
        """By the books of all calendars: the provider no longer knows the event."""
        async for calendar_id in running_calendars(self._temporal):
            if names := await self._noted(calendar_id, event_id):
                return names
        return []

    async def _noted(self, calendar_id: str, event_id: str) -> list[str]:
        notebook = await self._notebooks.read(calendar_id)
        entries = notebook.events.entries.values() if notebook else ()
        return await self._booked(each.meeting_id for each in entries if each.event_id == event_id)

    async def _booked(self, meeting_ids: Iterable[str]) -> list[str]:
        return list(await meetings_by_workflow_id(self._temporal, map(workflow_id_for, meeting_ids)))

    async def _users(self) -> dict[str, str]:
        """Whose calendars they are; nothing while the provider cannot say."""
        try:
            return {each.calendar_id: each.email or each.name for each in await self._provider.calendars()}
        except ProviderError:
            return {}

    async def _view(self, name: str) -> MeetingView:
        try:
            return await self._meetings.status(name)
        except WorkerMissingError:
            return await self._meetings.known(name)

    async def _linked(self, name: str, users: dict[str, str]) -> LinkedMeeting:
        view = await self._view(name)
        events = [
            LinkedEvent(calendar_id=each.calendar_id, event_id=each.event_id, user=users.get(each.calendar_id, ""))
            for each in view.calendars
        ]
        shown = view.model_dump(include=set(LinkedMeeting.model_fields) - {"calendars"})
        return LinkedMeeting(calendars=tuple(events), **shown)


def _keyword_of(event: CalendarEvent) -> str:
    return as_keyword(event.link.public if event.link else event.meeting_url)
