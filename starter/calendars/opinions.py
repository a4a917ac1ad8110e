"""What all calendars say of one meeting, and which bots a decision of a person concerns at once."""

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client
from temporalio.service import RPCError

from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.messages import CalendarView, OverrideChange
from minutekeeper.calendars.objections import PERSONAL_RULES, CalendarRules, VetoScope, Wish
from minutekeeper.calendars.plan import ChangeKind
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.tracked_events import TrackedEvent, TrackedEvents
from minutekeeper.meetings.ids import base_meeting_id, workflow_id_for
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import ClaimingCalendar
from minutekeeper.providers.base import ProviderError
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.storage.objections import ObjectionStore, OptOutStore, load_shared
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.temporal.calendar_workflows import report_changes
from starter.calendars.events import EventMeeting, meetings_of
from starter.calendars.lookup import find_event
from starter.calendars.preview import PolicyPreview
from starter.workflow_calls import NoAnswerError, query_status

_QUERY_TIMEOUT = timedelta(seconds=3)

_IN_CALL = frozenset({MeetingStatus.IN_CALL, MeetingStatus.RECORDING, MeetingStatus.PAUSED})

_UNDER_WAY = _IN_CALL | {MeetingStatus.DISPATCHING, MeetingStatus.JOINING, MeetingStatus.WAITING_ROOM}


class CalendarOpinion(BaseModel):
    """What one calendar wants of a meeting, and whether that decides."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    name: str
    """The mail address or name of the calendar, as far as it is known."""
    wants: Wish
    decides: bool


class BotUnderWay(BaseModel):
    """A bot that is in a meeting or on its way there."""

    model_config = ConfigDict(frozen=True)

    meeting_id: str
    title: str
    bot_id: str


class MeetingOpinions:
    """Methods raise RPCError, ProviderError and StoreError untranslated."""

    def __init__(
        self, temporal: Client, provider: CalendarProviders, store: ArtifactStore, veto: VetoScope
    ) -> None:
        self.veto = veto
        self._temporal = temporal
        self._provider = provider
        self._stores = ObjectionStore(store), OptOutStore(store)

    async def rules(
        self,
        calendar_id: str,
        view: CalendarView | None,
        policy: Policy,
        meeting_ids: Collection[str] | None = None,
    ) -> CalendarRules:
        """Everything by which a calendar is decided about these meetings, by default about all."""
        owners = [view.owner] if view and view.owner else []
        if view and view.identity and view.identity.account:
            owners.append(view.identity.account)
        owners += policy.my_emails
        shared, _ = await load_shared(self._stores, calendar_id, meeting_ids, owners, self.veto)
        return CalendarRules(policy, view.overrides if view else NO_OVERRIDES, shared)

    async def about(self, meeting: EventMeeting) -> tuple[CalendarOpinion, ...]:
        """What every calendar wants of a meeting that claims it, or has something to say against it."""
        words = await self._stores[0].read(await self._stores[0].words([base_meeting_id(meeting.meeting_id)]))
        wishes = {word.calendar_id: word.wish for word in words}
        names = {word.calendar_id: word.owner for word in words if word.owner}
        for claim in await self.claiming(meeting):
            wishes.setdefault(claim.calendar_id, Wish.RECORD)
        with suppress(ProviderError):
            names |= {each.calendar_id: each.email or each.name for each in await self._provider.calendars()}
        deciding = _deciding(wishes.values(), self.veto)
        return tuple(
            CalendarOpinion(
                calendar_id=calendar_id,
                name=names.get(calendar_id, ""),
                wants=wish,
                decides=wish in deciding,
            )
            for calendar_id, wish in sorted(wishes.items(), key=lambda each: (list(Wish).index(each[1]), each[0]))
        )

    async def claiming(self, meeting: EventMeeting) -> tuple[ClaimingCalendar, ...]:
        """The calendars that claim a meeting; none if it is over or does not answer."""
        if meeting.status is None or meeting.status.is_final:
            return ()
        handle = self._temporal.get_workflow_handle(workflow_id_for(meeting.meeting_id))
        try:
            return (await query_status(handle, _QUERY_TIMEOUT)).calendars
        except (NoAnswerError, RPCError):
            return ()

    async def withdraw(self, calendar_id: str) -> None:
        """Removes what a calendar said of meetings, which no workflow can do for it any more."""
        await self._stores[0].withdraw_all(calendar_id, partial(report_changes, self._temporal))

    async def effects(
        self, view: CalendarView, tracked: TrackedEvents, event_id: str, change: OverrideChange
    ) -> dict[str, object]:
        """What follows from an override at once, and what keeps an `always` from having an effect."""
        entries = [
            each
            for each in tracked.entries.values()
            if (change.series_id and each.series == change.series_id)
            or base_meeting_id(each.meeting_id) == change.meeting_id
        ]
        if change.wanted == "never":
            bots = await self.bots(entries, in_call=False)
            speaking = [each for each in entries if self.veto is VetoScope.ANY and not each.is_cancelled]
            for_all = {base_meeting_id(each.meeting_id) for each in speaking}
            return {"bots": bots, "kept": await self._others_recording(view.calendar_id, bots, for_all)}
        if change.wanted == "always" and change.meeting_id:
            rules = await self.rules(view.calendar_id, view, view.policy, [change.meeting_id])
            _, event = await find_event(self._provider, tracked, event_id)
            always = NO_OVERRIDES.with_event(change.meeting_id, "always")
            made = rules._replace(overrides=always).decide(event, datetime.now(UTC)) if event else None
            return {"obstacle": made.reason if made and not made.record else ""}
        return {}

    async def staying(
        self, tracked: TrackedEvents, preview: PolicyPreview, now: datetime
    ) -> tuple[BotUnderWay, ...]:
        """The bots that stay to the end of their meetings although a policy would not send them any more."""
        released = {
            step.meeting_id
            for step in preview.steps
            if step.kind is ChangeKind.RELEASE
            and step.rule not in PERSONAL_RULES
            and step.desired.start_time <= now
        }
        entries = [each for each in tracked.entries.values() if each.meeting_id in released]
        return await self.bots(entries, in_call=True)

    async def bots(self, entries: Iterable[TrackedEvent], *, in_call: bool) -> tuple[BotUnderWay, ...]:
        """The bots in the meetings of these events, and unless `in_call` those on their way, too."""
        titles = {entry.meeting_id: entry.desired.title for entry in entries}
        wanted = _IN_CALL if in_call else _UNDER_WAY
        return tuple(
            BotUnderWay(meeting_id=meeting_id, title=titles[meeting_id], bot_id=meeting.bot_id)
            for meeting_id, meeting in (await meetings_of(self._temporal, titles)).items()
            if meeting.status in wanted
        )

    async def _others_recording(
        self, calendar_id: str, bots: Iterable[BotUnderWay], for_all: Collection[str]
    ) -> frozenset[str]:
        """The meetings of these bots that other calendars claim, unless a `never` speaks for them as well."""
        ids = [each.meeting_id for each in bots if base_meeting_id(each.meeting_id) not in for_all]
        meetings = [EventMeeting(meeting_id=each, status=MeetingStatus.RECORDING) for each in ids]
        claims = await asyncio.gather(*map(self.claiming, meetings))
        return frozenset(
            each
            for each, claiming in zip(ids, claims, strict=True)
            if any(claim.calendar_id != calendar_id for claim in claiming)
        )


def _deciding(wishes: Iterable[Wish], veto: VetoScope) -> frozenset[Wish]:
    """Whose wishes decide: those of objections that speak for the meeting, else those that it is recorded."""
    speaking = {Wish.OPTED_OUT, *([Wish.NEVER] if veto is VetoScope.ANY else [])}
    return frozenset(speaking.intersection(wishes)) or frozenset({Wish.RECORD})
