"""Which events a meeting that has not ended yet is to tell of, if an endpoint wants them. Pure."""

import hashlib

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.deliveries.endpoint import OutgoingEventType
from minutekeeper.deliveries.events import MeetingFacts, OutgoingEvent, meeting_event, meeting_facts
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.meeting_view import meeting_view
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import MeetingStatus

EARLY_TYPES = (
    OutgoingEventType.MEETING_BOOKED,
    OutgoingEventType.MEETING_MOVED,
    OutgoingEventType.MEETING_RECORDING,
)
"""What the request of a meeting can ask for; each costs actions, so that nothing is told that no endpoint wants."""


class MeetingNews(BaseModel):
    """An event of a meeting, as its workflow has it told; `run` is its first run."""

    model_config = ConfigDict(frozen=True)

    kind: OutgoingEventType
    run: str
    sequence: int
    at: AwareDatetime
    meeting: MeetingFacts
    meeting_url: str

    def to_outgoing(self, api_url: str) -> OutgoingEvent:
        told = meeting_event(self.kind, self.meeting, self.run, self.sequence, self.at, api_url)
        return told.model_copy(update={"meeting_url": self.meeting_url})


def begin_telling(state: MeetingState) -> None:
    """Notes where and when the meeting is at first, so that a change is noticed."""
    if OutgoingEventType.MEETING_MOVED in state.request.events:
        state.told.setdefault(OutgoingEventType.MEETING_MOVED, _place(state.request))


def due_event(state: MeetingState) -> OutgoingEventType | None:
    """What is to be told now; None if nothing is."""
    if state.outcome is not None:
        return None
    return next((kind for kind in EARLY_TYPES if kind in state.request.events and _is_due(state, kind)), None)


def noted_news(state: MeetingState, kind: OutgoingEventType, now: AwareDatetime) -> MeetingNews:
    """The event, which is noted as told."""
    state.told[kind] = _mark(state, kind)
    state.announced += 1
    view = meeting_view(state)
    booked_at = state.timeline[0].at if state.timeline else state.known_since
    return MeetingNews(
        kind=kind,
        run=state.run_id,
        sequence=state.announced,
        at=now,
        meeting=meeting_facts(view).model_copy(update={"booked_at": booked_at}),
        meeting_url=view.meeting_url,
    )


def _is_due(state: MeetingState, kind: OutgoingEventType) -> bool:
    if kind is OutgoingEventType.MEETING_RECORDING and state.current_status is not MeetingStatus.RECORDING:
        return False
    return state.told.get(kind) != _mark(state, kind)


def _mark(state: MeetingState, kind: OutgoingEventType) -> str:
    """What is the same for as long as there is nothing new to tell."""
    match kind:
        case OutgoingEventType.MEETING_RECORDING:
            return state.bot.bot_id if state.bot else ""
        case OutgoingEventType.MEETING_MOVED:
            return _place(state.request)
    return "told"


def _place(request: MeetingRequest) -> str:
    end = request.end_time.isoformat() if request.end_time else ""
    text = f"{request.start_time.isoformat()} {end} {request.meeting_url}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
