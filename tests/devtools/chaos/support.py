"""A day on which nothing went wrong, in small: one meeting, its bot, its recording. Tests plant a breach in it."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from devtools.chaos.evidence import Booking, Evidence, FileInStore, Order, Run
from devtools.chaos.ledger import Bot, Delivery, Extra, Ledger, Recording
from devtools.chaos.plan import CustomerAction
from minutekeeper.meetings.bot_events import BotEvent, BotEventKind
from minutekeeper.meetings.ids import dispatch_key
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import Evidence as Proof
from minutekeeper.meetings.views import Outcome, StoredFile
from tests.bot_events import bot_event

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
URL = "https://meet.google.com/abc-defg-hij"
WORKFLOW = "meeting-one"
FOLDER = "one"
START = NOON + timedelta(minutes=4)


def at(seconds: float) -> datetime:
    """So many seconds after noon, when the meeting is booked."""
    return NOON + timedelta(seconds=seconds)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def bot(name: str = "bot", **changes: Any) -> Bot:
    """A bot that was sent at noon, was in the call from second 10 to 20, and recorded."""
    recording = Recording(size=300_000, sha256=sha256(name))
    extra = Extra(dispatch_key=dispatch_key(URL, START, 0), dispatch="0", workflow_id=WORKFLOW, run="run")
    given = {"created_at": NOON, "joined_at": at(10), "left_at": at(20), "ended_at": at(21)} | changes
    return Bot(**{"id": name, "meeting_url": URL, "extra": extra, "recording": recording} | given)


def extra(dispatch: int = 0, start: datetime = START, workflow_id: str = WORKFLOW, run: str = "run") -> Extra:
    key = dispatch_key(URL, start, dispatch)
    return Extra(dispatch_key=key, dispatch=str(dispatch), workflow_id=workflow_id, run=run)


def recording_of(name: str = "bot", path: str = f"{FOLDER}/recording.mp4") -> FileInStore:
    return FileInStore(path=path, size=300_000, sha256=sha256(name))


JOINED = bot_event(kind=BotEventKind.STATUS, bot_id="bot", code="joining_call", occurred_at=at(5))
COMPLETE = bot_event(
    kind=BotEventKind.COMPLETE, bot_id="bot", occurred_at=at(21), body=f"{FOLDER}/raw/complete.json"
)
BODY = FileInStore(path=f"{FOLDER}/raw/complete.json", size=10, sha256=sha256("body of complete"))


def delivery(event: BotEvent, **changes: Any) -> Delivery:
    """An attempt to deliver an event, answered with 200."""
    is_status = event.kind is BotEventKind.STATUS
    given: dict[str, Any] = {
        "bot_id": event.bot_id,
        "event": "bot.status_change" if is_status else event.kind.value,
        "code": event.code if is_status else event.kind.value,
        "created_at": event.occurred_at if is_status else None,
        "url": f"http://127.0.0.1:1/webhooks/meetingbaas/{WORKFLOW}/0/token",
        "at": event.occurred_at,
        "status": 200,
        "sha256": BODY.sha256 if event.body else sha256(event.code),
    }
    return Delivery(**given | changes)


def run(**changes: Any) -> Run:
    artifact = StoredFile(path=f"{FOLDER}/recording.mp4", size=300_000)
    outcome = Outcome(
        meeting_id="one",
        status=MeetingStatus.COMPLETED,
        evidence=Proof(event="complete", at=at(21), text=""),
        artifacts=(artifact,),
    )
    given = {"status": "completed", "started_at": NOON, "closed_at": at(30), "outcome": outcome}
    given |= {"heard": (JOINED, COMPLETE)}
    return Run(**{"workflow_id": WORKFLOW, "run_id": "run"} | given | changes)


def order(action: CustomerAction, seconds: float, **changes: Any) -> Order:
    given = {"workflow_id": WORKFLOW, "action": action, "asked_at": at(seconds), "acknowledged_at": at(seconds)}
    return Order(**given | changes)


def ledger(**changes: Any) -> Ledger:
    given = {"bots": (bot(),), "deliveries": (delivery(JOINED), delivery(COMPLETE))}
    return Ledger(**given | changes)


def day(**changes: Any) -> Evidence:
    """The evidence of the good day, with what a test plants in it."""
    booking = Booking(
        workflow_id=WORKFLOW,
        meeting_url=URL,
        start_time=START,
        end_time=START + timedelta(hours=1),
        title="one",
        acknowledged_at=NOON,
    )
    given: dict[str, Any] = {
        "bookings": (booking,),
        "ledger": ledger(),
        "runs": (run(),),
        "files": (recording_of(), BODY),
        "manifests": {f"{FOLDER}/manifest.json": {f"{FOLDER}/recording.mp4": sha256("bot")}},
    }
    return Evidence(**given | changes)
