"""The status machine of one bot: a pure fold over its events, in whatever order they arrive."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.events import BotEvent, BotEventKind
from meetings.status import STATUS_CODES, FailureReason, MeetingStatus, failure_reason

_RANK = {code: rank for rank, code in enumerate(STATUS_CODES)}

_MAX_EVENTS = 200
"""A bot that reports for ever must not outgrow its workflow; the middle gives way, first and last explain most."""


class FinalEvent(BaseModel):
    """The event that ended a bot, as evidence."""

    model_config = ConfigDict(frozen=True)

    kind: BotEventKind
    at: AwareDatetime
    reason: FailureReason | None = None
    text: str = ""


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
    phase_code: str = ""
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

    Duplicates change nothing; the order is that of the events' own times; unknown codes are kept and harmless.
    Only `complete` and `failed` end a bot, and the one way on from `failed` is a recording that turns up.
    """
    known = any(each.identity == event.identity for each in state.events)
    if not known:
        state = _keep(state, event).model_copy(update={"heard_at": heard_at, "asked_in_vain": 0})
    if event.kind is not BotEventKind.STATUS:
        return _apply_final(state, event, heard_at)
    if known:
        return state
    phase = STATUS_CODES.get(event.code)
    if phase is None:
        return state
    if phase is MeetingStatus.RECORDING:
        state = state.model_copy(update={"recording_seen": True})
    if state.final is None and _is_latest(state, event):
        state = state.model_copy(
            update={"phase": phase, "phase_since": event.occurred_at, "phase_code": event.code}
        )
    return state


def _apply_final(state: BotState, event: BotEvent, heard_at: datetime) -> BotState:
    update: dict[str, object] = {
        "has_recording": state.has_recording or event.has_recording,
        "has_transcript": state.has_transcript or event.has_transcript,
    }
    if event.body and (event.has_recording or not state.has_recording):
        update["body"] = event.body
    if event.kind is BotEventKind.TRANSCRIPTION_COMPLETE:
        update["transcript_finished"] = True
    elif _ends(state, event):
        update |= {
            "final": _final(state, event),
            "final_heard_at": heard_at,
            "phase": MeetingStatus.ENDED,
            "phase_since": event.occurred_at,
            "phase_code": event.kind.value,
        }
    return state.model_copy(update=update)


def _ends(state: BotState, event: BotEvent) -> bool:
    if state.final is None:
        return True
    brings_something = event.has_recording or event.has_transcript
    return event.kind is BotEventKind.COMPLETE and brings_something and state.final.kind is BotEventKind.FAILED


def _final(state: BotState, event: BotEvent) -> FinalEvent:
    if event.kind is BotEventKind.COMPLETE:
        return FinalEvent(kind=event.kind, at=event.occurred_at, text=event.text)
    reason = failure_reason(event.code)
    if reason is FailureReason.UNKNOWN:
        reason = failure_reason(state.phase_code)
    text = ": ".join(part for part in (event.code, event.text) if part)
    return FinalEvent(kind=event.kind, at=event.occurred_at, reason=reason, text=text)


def _keep(state: BotState, event: BotEvent) -> BotState:
    events = sorted((*state.events, event), key=lambda each: each.occurred_at)
    if len(events) > _MAX_EVENTS:
        del events[_MAX_EVENTS // 2]
    return state.model_copy(update={"events": tuple(events)})


def _is_latest(state: BotState, event: BotEvent) -> bool:
    if state.phase_since is None or event.occurred_at > state.phase_since:
        return True
    same_instant = event.occurred_at == state.phase_since
    return same_instant and _RANK[event.code] > _RANK.get(state.phase_code, -1)
