"""What is known of one bot: a pure fold over its events, in whatever order they arrive."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime
from itertools import islice, takewhile

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, EventSource
from minutekeeper.meetings.bot_reference import BotReference
from minutekeeper.meetings.status import FailureReason, MeetingStatus

_RANK = {status: rank for rank, status in enumerate(MeetingStatus)}

_MAX_EVENTS = 200
"""A bot that reports for ever must not outgrow its workflow; the middle gives way, first and last explain most."""

_LOCATIONS = frozenset(
    {MeetingStatus.WAITING_ROOM, MeetingStatus.IN_CALL, MeetingStatus.RECORDING, MeetingStatus.PAUSED}
)
"""The statuses that say where a bot is: outside of the call, or in it."""


_NOT_JOINED = frozenset(
    {
        FailureReason.CANNOT_JOIN,
        FailureReason.NOT_ACCEPTED,
        FailureReason.NEEDS_AUTHORISATION,
        FailureReason.WAITING_TIMEOUT,
    }
)


class FinalEvent(BaseModel):
    """The event that ended a bot, as evidence. `reason` is None for a `complete`."""

    model_config = ConfigDict(frozen=True)

    kind: BotEventKind
    at: AwareDatetime
    reason: FailureReason | None = None
    stated_reason: FailureReason | None = None
    """What the event itself says; the bot's statuses may say better (`with_refined_reason`)."""
    text: str = ""
    has_content: bool = False
    """Whether it is a `complete` with a recording or a transcript."""

    @property
    def weight(self) -> int:
        """How much it says: what was recorded, else why nothing was, else that all is done, else nothing at all."""
        if self.has_content:
            return 3
        if self.kind is BotEventKind.COMPLETE:
            return 1
        return 0 if self.reason is FailureReason.NO_ANSWER else 2

    @property
    def precedence(self) -> tuple[int, datetime, str]:
        """The least of several counts: the one that says most, of equals the first, as the others repeat it."""
        return (-self.weight, self.at, self.text)


class BotState(BaseModel):
    """One bot. `provider` and `bot_id` identify it; `dispatch` is the number in the webhook URL it reports to.

    The times of events are the provider's; the others are the workflow's.
    """

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    dispatch: int
    sent_at: AwareDatetime
    join_at: AwareDatetime
    shared_with: str = ""
    """The workflow that owns the bot, when two workflows turned out to be the same meeting."""
    taken_away: bool = False
    """A shared bot that its owner told to leave, which leaves this meeting without one."""
    last_event_at: AwareDatetime | None = None
    reported_until: AwareDatetime | None = None
    """The provider's time of the newest event that the bot reported itself, by webhook."""
    polled_at: AwareDatetime | None = None
    polls_without_news: int = 0
    polled_after_final: bool = False
    removed_at: AwareDatetime | None = None
    """When the provider last acknowledged that the bot is to leave."""
    final_event_at: AwareDatetime | None = None
    status: MeetingStatus = MeetingStatus.JOINING
    status_since: AwareDatetime | None = None
    events: tuple[BotEvent, ...] = ()
    final: FinalEvent | None = None
    settled_at: AwareDatetime | None = None
    """When the bot ended, by a provider that has to be asked what came of it."""
    recording_seen: bool = False
    has_recording: bool = False
    has_transcript: bool = False
    transcript_finished: bool = False
    delivery_path: str = ""
    """Where the newest delivery that carries a recording lies in the artifact store."""

    @property
    def reference(self) -> BotReference:
        return BotReference(bot_id=self.bot_id, provider=self.provider)

    @property
    def is_collectable(self) -> bool:
        """Whether the bot left anything to collect."""
        return self.has_recording or self.has_transcript

    @property
    def failed_to_join(self) -> bool:
        """Whether the bot never got into the call: it was refused, not let in, or could not find it."""
        return self.final is not None and self.final.reason in _NOT_JOINED

    @property
    def has_left(self) -> bool:
        """Whether the bot is in the call no more: it said so, it ended, or its removal was acknowledged."""
        return self.final is not None or self.status is MeetingStatus.ENDED or self.removed_at is not None

    @property
    def is_in_call(self) -> bool:
        """Whether the bot was let in and has not left; one that records may report late that it was let in."""
        is_inside = self.status in _LOCATIONS - {MeetingStatus.WAITING_ROOM}
        return not self.has_left and (self.recording_seen or is_inside)

    def is_sender_of(self, event: BotEvent) -> bool:
        """Whether an event is this bot's: by its id, or by its address where the two forms of ids differ.

        The address alone does not say it: a bot of an earlier run of the same workflow reports to the same one.
        """
        if event.dispatch == self.dispatch:
            return self.has_id(event.bot_id)
        return event.bot_id == self.bot_id

    def has_id(self, bot_id: str) -> bool:
        """Whether an id may be this bot's: providers have two forms of ids, one of them a number."""
        return bot_id == self.bot_id or bot_id.isdigit() != self.bot_id.isdigit()


def apply_bot_event(bot: BotState, event: BotEvent) -> BotState:
    """The state after an event.

    Times are the events' own. The time at which an event is handled is not used, because after the death of a
    worker the SDK (temporalio 1.35) may handle it at the time of a later task than a replay does.

    The same events come to the same, in whatever order and however often they arrive: duplicates change nothing,
    the order is that of the events' own times, unknown statuses are kept and harmless. Only `complete` and `failed`
    end a bot; of several, the one that says most counts.
    """
    update: dict[str, object] = {}
    if event.source is EventSource.WEBHOOK:
        update["reported_until"] = max(bot.reported_until or event.occurred_at, event.occurred_at)
    events = bot.events
    is_new = not _is_known(events, event)
    if is_new:
        events = _with_event(events, event)
        last_event_at = max(bot.last_event_at or event.occurred_at, event.occurred_at)
        update |= {"events": events, "last_event_at": last_event_at, "polls_without_news": 0}
    if event.kind is BotEventKind.SETTLED:
        update |= _settled_changes(bot, event)
    elif event.kind is not BotEventKind.STATUS:
        update |= _final_changes(bot, event)
    elif is_new:
        update |= _status_changes(bot, event)
    final = update.get("final", bot.final)
    if isinstance(final, FinalEvent):
        update["final"] = with_refined_reason(final, events)
    return bot.model_copy(update=update)


def with_refined_reason(final: FinalEvent, events: Iterable[BotEvent]) -> FinalEvent:
    """A failure in the light of the bot's statuses before it, `events` in their order.

    A failure in unknown words means what the last status says. A timeout of a bot that was let in means that it was
    alone in the call, because providers have one name for both.
    """
    reason = final.stated_reason
    if reason not in {FailureReason.UNKNOWN, FailureReason.WAITING_TIMEOUT}:
        return final
    before = [each for each in events if each.status is not None and each.occurred_at <= final.at]
    if reason is FailureReason.UNKNOWN and before:
        reason = before[-1].reason or FailureReason.UNKNOWN
    locations = [each.status for each in before if each.status in _LOCATIONS]
    if reason is FailureReason.WAITING_TIMEOUT and locations and locations[-1] is not MeetingStatus.WAITING_ROOM:
        reason = FailureReason.NOBODY_CAME
    return final if reason is final.reason else final.model_copy(update={"reason": reason})


def _status_changes(bot: BotState, event: BotEvent) -> dict[str, object]:
    status = event.status
    if status is None:
        return {}
    update: dict[str, object] = {"recording_seen": bot.recording_seen or status is MeetingStatus.RECORDING}
    if bot.final is None and bot.settled_at is None and _is_latest(bot, event.occurred_at, status):
        update |= {"status": status, "status_since": event.occurred_at}
    return update


def _settled_changes(bot: BotState, event: BotEvent) -> dict[str, object]:
    at = min(bot.settled_at or event.occurred_at, event.occurred_at)
    if bot.final is not None:
        return {"settled_at": at}
    return {"settled_at": at, "status": MeetingStatus.ENDED, "status_since": at}


def _final_changes(bot: BotState, event: BotEvent) -> dict[str, object]:
    update: dict[str, object] = {
        "has_recording": bot.has_recording or event.has_recording,
        "has_transcript": bot.has_transcript or event.has_transcript,
    }
    if event.body and (event.has_recording or not bot.has_recording):
        update["delivery_path"] = event.body
    is_transcript = event.kind in {BotEventKind.TRANSCRIPTION_COMPLETE, BotEventKind.TRANSCRIPTION_FAILED}
    update["transcript_finished"] = bot.transcript_finished or event.transcript_finished or is_transcript
    if is_transcript:
        return update
    final = _final_event(event)
    if bot.final is None or final.precedence < bot.final.precedence:
        at = event.occurred_at
        update |= {"final": final, "final_event_at": at, "status": MeetingStatus.ENDED, "status_since": at}
    return update


def _final_event(event: BotEvent) -> FinalEvent:
    if event.kind is BotEventKind.COMPLETE:
        has_content = event.has_recording or event.has_transcript
        return FinalEvent(kind=event.kind, at=event.occurred_at, text=event.text, has_content=has_content)
    text = ": ".join(part for part in (event.code, event.text) if part)
    reason = event.reason or FailureReason.UNKNOWN
    return FinalEvent(kind=event.kind, at=event.occurred_at, reason=reason, stated_reason=reason, text=text)


def _is_known(events: tuple[BotEvent, ...], event: BotEvent) -> bool:
    """Whether there is an event of this identity: among those of its instant, for a status."""
    if event.kind is not BotEventKind.STATUS:
        return any(each.kind is event.kind for each in events)
    first = bisect_left(events, event.occurred_at, key=_occurred_at)
    same_instant = takewhile(lambda each: each.occurred_at == event.occurred_at, islice(events, first, None))
    return any(each.identity == event.identity for each in same_instant)


def _with_event(events: tuple[BotEvent, ...], event: BotEvent) -> tuple[BotEvent, ...]:
    """The events with one more, in their order; of too many the middle gives way."""
    kept = list(events)
    insort(kept, event, key=_position)
    if len(kept) > _MAX_EVENTS:
        del kept[_MAX_EVENTS // 2]
    return tuple(kept)


def _occurred_at(event: BotEvent) -> datetime:
    return event.occurred_at


def _position(event: BotEvent) -> tuple[datetime, int, bool, str]:
    """By time; at the same instant the further status is the later one, of equal ones that which gives a reason."""
    rank = -1 if event.status is None else _RANK[event.status]
    return (event.occurred_at, rank, event.reason is not None, f"{event.kind} {event.code}")


def _is_latest(bot: BotState, occurred_at: datetime, status: MeetingStatus) -> bool:
    if bot.status_since is None or occurred_at > bot.status_since:
        return True
    return occurred_at == bot.status_since and _RANK[status] > _RANK[bot.status]
