"""How a bot ended: which of its final events counts, and what it means."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.events import BotEvent, BotEventKind
from meetings.status import FailureReason, MeetingStatus

_PLACES = frozenset(
    {MeetingStatus.WAITING_ROOM, MeetingStatus.IN_CALL, MeetingStatus.RECORDING, MeetingStatus.PAUSED}
)
"""The statuses that say where a bot is: outside of the call, or in it."""


class FinalEvent(BaseModel):
    """The event that ended a bot. `text` is the provider's evidence.

    `stated_reason` is what a `failed` says by itself, `reason` what it means given the statuses before it.
    """

    model_config = ConfigDict(frozen=True)

    kind: BotEventKind
    at: AwareDatetime
    reason: FailureReason | None = None
    stated_reason: FailureReason | None = None
    text: str = ""
    brings_something: bool = False
    """Whether it is a `complete` with a recording or a transcript."""

    @property
    def weight(self) -> int:
        """How much it says: what was recorded, else why nothing was, else that all is done, else nothing at all."""
        if self.brings_something:
            return 3
        if self.kind is BotEventKind.COMPLETE:
            return 1
        return 0 if self.reason is FailureReason.NO_ANSWER else 2

    @property
    def precedence(self) -> tuple[int, datetime, str]:
        """The least of several counts: the one that says most, of equals the first, as the others repeat it."""
        return (-self.weight, self.at, self.text)


def final_of(event: BotEvent) -> FinalEvent:
    """What a `complete` or a `failed` says by itself."""
    if event.kind is BotEventKind.COMPLETE:
        brings_something = event.has_recording or event.has_transcript
        return FinalEvent(kind=event.kind, at=event.occurred_at, text=event.text, brings_something=brings_something)
    text = ": ".join(part for part in (event.code, event.text) if part)
    reason = event.reason or FailureReason.UNKNOWN
    return FinalEvent(kind=event.kind, at=event.occurred_at, reason=reason, stated_reason=reason, text=text)


def explained(final: FinalEvent, events: Iterable[BotEvent]) -> FinalEvent:
    """A failure in the light of the bot's statuses before it, `events` in their order.

    In words that are not known, it means what the last status says. A timeout of a bot that was let in means that
    it was alone in the call, because the provider has one name for both.
    """
    if final.kind is BotEventKind.COMPLETE:
        return final
    reason = final.stated_reason
    if reason not in {FailureReason.UNKNOWN, FailureReason.WAITING_TIMEOUT}:
        return final
    before = [event for event in events if event.status is not None and event.occurred_at <= final.at]
    if reason is FailureReason.UNKNOWN and before:
        reason = before[-1].reason or FailureReason.UNKNOWN
    where = [event.status for event in before if event.status in _PLACES]
    if reason is FailureReason.WAITING_TIMEOUT and where and where[-1] is not MeetingStatus.WAITING_ROOM:
        reason = FailureReason.NOBODY_CAME
    return final if reason is final.reason else final.model_copy(update={"reason": reason})
