"""An answer of 200 means that the delivery is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from devtools.chaos.evidence import Evidence
from devtools.chaos.ledger import Delivery
from devtools.chaos.rules.breach import Breach
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind

_STATUS_CHANGE = "bot.status_change"
_STATUS_PATIENCE = timedelta(seconds=5)
_FINAL_PATIENCE = timedelta(seconds=10)
"""How long a sender waits for its answer, so how much later than its sending a delivery may have been taken."""

_WITH_BODY = frozenset({BotEventKind.COMPLETE.value, BotEventKind.FAILED.value})
_NEVER = datetime.max.replace(tzinfo=UTC)


def forgotten(evidence: Evidence) -> Iterator[Breach]:
    """A delivery that was answered with 200 and is neither in a history nor in the inbox.

    News for a meeting that was over when it was taken need not be kept, but the body of a final event is even then.
    """
    boxes: dict[str, _Mailbox] = {}
    told: set[tuple[str, str]] = set()
    for delivery in evidence.ledger.deliveries:
        workflow_id = delivery.workflow_id
        if not (delivery.is_acknowledged and workflow_id) or (workflow_id, delivery.sha256) in told:
            continue
        if workflow_id not in boxes:
            boxes[workflow_id] = _mailbox(evidence, workflow_id)
        if missing := _what_is_missing(delivery, boxes[workflow_id]):
            told.add((workflow_id, delivery.sha256))
            answer = f"answered {delivery.status} at {delivery.at:%H:%M:%S.%f}"
            what = f"{delivery.code} of bot {delivery.bot_id}, {answer}: {missing}"
            yield Breach(workflow_id=workflow_id, what=what)


@dataclass(frozen=True)
class _Mailbox:
    """What is known of the deliveries to one workflow; bodies by their SHA-256. `over_at`: no run is open since."""

    events: frozenset[tuple[object, ...]]
    bodies_heard: frozenset[str]
    bodies_waiting: frozenset[str]
    bodies_kept: frozenset[str]
    over_at: datetime


def _mailbox(evidence: Evidence, workflow_id: str) -> _Mailbox:
    runs = evidence.runs_of(workflow_id)
    heard = [event for run in runs for event in run.heard]
    waiting = [each for each in evidence.inbox if each.workflow_id == workflow_id]
    kept = {file.path: file.sha256 for file in evidence.files_of(workflow_id)}
    return _Mailbox(
        events=frozenset(_identity(event) for event in [*heard, *(each.event for each in waiting)]),
        bodies_heard=frozenset(kept[event.body] for event in heard if event.body in kept),
        bodies_waiting=frozenset(each.body_sha256 for each in waiting),
        bodies_kept=frozenset(kept.values()),
        over_at=max((run.closed_at or _NEVER for run in runs), default=_NEVER),
    )


def _identity(event: BotEvent) -> tuple[object, ...]:
    if event.kind is BotEventKind.STATUS:
        return (event.bot_id, _STATUS_CHANGE, event.code, event.occurred_at)
    return (event.bot_id, event.kind.value)


def _what_is_missing(delivery: Delivery, box: _Mailbox) -> str:
    if delivery.event in _WITH_BODY:
        if delivery.sha256 in box.bodies_waiting:
            return ""
        if delivery.sha256 not in box.bodies_kept:
            return "its body is neither in the store nor in the inbox"
        is_known = delivery.sha256 in box.bodies_heard
    elif delivery.event == _STATUS_CHANGE:
        is_known = (delivery.bot_id, _STATUS_CHANGE, delivery.code, delivery.created_at) in box.events
    else:
        is_known = (delivery.bot_id, delivery.event) in box.events
    patience = _STATUS_PATIENCE if delivery.event == _STATUS_CHANGE else _FINAL_PATIENCE
    if is_known or box.over_at <= delivery.at + patience:
        return ""
    open_until = "now" if box.over_at == _NEVER else f"{box.over_at:%H:%M:%S.%f}"
    return f"it is in no history and not in the inbox, and the meeting was open until {open_until}"
