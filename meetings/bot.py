"""The status machine of one bot: a pure fold over its events, in whatever order they arrive."""

from bisect import bisect_left, insort
from datetime import datetime
from itertools import islice, takewhile

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.ending import FinalEvent, explained, final_of
from meetings.events import BotEvent, BotEventKind, EventSource
from meetings.status import MeetingStatus

_RANK = {status: rank for rank, status in enumerate(MeetingStatus)}

_MAX_EVENTS = 200
"""A bot that reports for ever must not outgrow its workflow; the middle gives way, first and last explain most."""


class BotState(BaseModel):
    """All that is known of one bot. `dispatch` counts the bots of a meeting from 0.

    Times ending in `_at` are our own clock's; those inside `events` and `final` are the provider's.
    """

    model_config = ConfigDict(frozen=True)

    dispatch: int
    bot_id: str
    sent_at: AwareDatetime
    join_at: AwareDatetime
    shared_with: str = ""
    """The workflow whose bot this is, when two workflows turned out to be the same meeting."""
    heard_at: AwareDatetime | None = None
    reported_until: AwareDatetime | None = None
    """The provider's time of the newest event that the bot reported itself, by webhook."""
    asked_at: AwareDatetime | None = None
    withdrawn_at: AwareDatetime | None = None
    final_heard_at: AwareDatetime | None = None
    superseded: bool = False
    """Taken back because the meeting moved."""
    given_up: bool = False
    brought_home: bool = False
    """Whether what it left was fetched, or at least tried."""
    stored: bool = False
    """Whether its recording is in the store."""
    asked_after_final: bool = False
    asked_in_vain: int = 0
    """Questions to the provider since there was any news."""
    phase: MeetingStatus = MeetingStatus.JOINING
    phase_since: AwareDatetime | None = None
    events: tuple[BotEvent, ...] = ()
    final: FinalEvent | None = None
    recording_seen: bool = False
    has_recording: bool = False
    has_transcript: bool = False
    transcript_finished: bool = False
    body: str = ""
    """Where the newest delivery that carries a recording lies in the artifact store."""

    @property
    def is_collectable(self) -> bool:
        """Whether the bot left anything to bring home."""
        return self.has_recording or self.has_transcript

    @property
    def is_recorded(self) -> bool:
        """Whether the bot is done and has something to bring home."""
        return self.final is not None and self.has_recording


def apply(state: BotState, event: BotEvent, heard_at: datetime) -> BotState:
    """The state after an event that reached us at `heard_at` (UTC).

    The same events come to the same, in whatever order and however often they arrive: duplicates change nothing,
    the order is that of the events' own times, unknown codes are kept and harmless. Only `complete` and `failed`
    end a bot; of several, the one that says most counts.
    """
    update: dict[str, object] = {}
    if event.source is EventSource.WEBHOOK:
        update["reported_until"] = max(state.reported_until or event.occurred_at, event.occurred_at)
    events = state.events
    is_new = not _is_known(events, event)
    if is_new:
        events = _kept(events, event)
        update |= {"events": events, "heard_at": heard_at, "asked_in_vain": 0}
    if event.kind is not BotEventKind.STATUS:
        update |= _of_final(state, event, heard_at)
    elif is_new:
        update |= _of_status(state, event)
    final = update.get("final", state.final)
    if isinstance(final, FinalEvent):
        update["final"] = explained(final, events)
    return state.model_copy(update=update)


def _of_status(state: BotState, event: BotEvent) -> dict[str, object]:
    phase = event.status
    if phase is None:
        return {}
    update: dict[str, object] = {"recording_seen": state.recording_seen or phase is MeetingStatus.RECORDING}
    if state.final is None and _is_latest(state, phase, event.occurred_at):
        update |= {"phase": phase, "phase_since": event.occurred_at}
    return update


def _of_final(state: BotState, event: BotEvent, heard_at: datetime) -> dict[str, object]:
    update: dict[str, object] = {
        "has_recording": state.has_recording or event.has_recording,
        "has_transcript": state.has_transcript or event.has_transcript,
    }
    if event.body and (event.has_recording or not state.has_recording):
        update["body"] = event.body
    if event.kind is BotEventKind.TRANSCRIPTION_COMPLETE:
        update["transcript_finished"] = True
        return update
    final = final_of(event)
    if state.final is None or final.weight > state.final.weight:
        update["final_heard_at"] = heard_at
    if state.final is None or final.precedence < state.final.precedence:
        update |= {"final": final, "phase": MeetingStatus.ENDED, "phase_since": event.occurred_at}
    return update


def _is_known(events: tuple[BotEvent, ...], event: BotEvent) -> bool:
    """Whether there is an event of this identity: among those of its instant, for a status."""
    if event.kind is not BotEventKind.STATUS:
        return any(each.kind is event.kind for each in events)
    first = bisect_left(events, event.occurred_at, key=_when)
    same_instant = takewhile(lambda each: each.occurred_at == event.occurred_at, islice(events, first, None))
    return any(each.identity == event.identity for each in same_instant)


def _kept(events: tuple[BotEvent, ...], event: BotEvent) -> tuple[BotEvent, ...]:
    """The events with one more, in their order; of too many the middle gives way."""
    kept = list(events)
    insort(kept, event, key=_place)
    if len(kept) > _MAX_EVENTS:
        del kept[_MAX_EVENTS // 2]
    return tuple(kept)


def _when(event: BotEvent) -> datetime:
    return event.occurred_at


def _place(event: BotEvent) -> tuple[datetime, int, bool, str]:
    """By time; at the same instant the further status is the later one, of equal ones that which gives a reason."""
    rank = -1 if event.status is None else _RANK[event.status]
    return (event.occurred_at, rank, event.reason is not None, f"{event.kind} {event.code}")


def _is_latest(state: BotState, status: MeetingStatus, occurred_at: datetime) -> bool:
    if state.phase_since is None or occurred_at > state.phase_since:
        return True
    return occurred_at == state.phase_since and _RANK[status] > _RANK[state.phase]
