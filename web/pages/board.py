"""What the board shows: what needs a hand, what runs, what is next, what is done, and why meetings failed. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.fields import ASSUMED_LENGTH
from minutekeeper.meetings.reasons import REASON
from minutekeeper.meetings.record import MeetingRecord
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from minutekeeper.meetings.views import MeetingView
from web.pages.remedies import remedy_for
from web.pages.words import Tone, reason_tone

RECENT = timedelta(hours=24)
"""How far the board looks back at meetings that ended, and ahead at those to come."""
COUNTED = timedelta(days=7)
"""How far back failures are counted."""
MOST_ROWS = 50
"""Rows of a section: nobody reads more at a glance, and the list of meetings has them all."""
_LONG_WAIT = timedelta(minutes=2)

_Row = TypeVar("_Row")


class EndedMeeting(NamedTuple):
    """What the board needs of a meeting that has ended. `size` is that of its files in bytes."""

    workflow_id: str
    meeting_id: str
    title: str
    meeting_url: str
    status: MeetingStatus
    reason: FailureReason | None
    words: str
    """The provider's own words about the end."""
    start_time: datetime
    expected_end: datetime
    ended_at: datetime
    transcript: TranscriptState
    size: int

    @classmethod
    def of(cls, view: MeetingView, ended_at: datetime) -> "EndedMeeting":
        return cls(
            view.workflow_id,
            view.meeting_id,
            view.title,
            view.meeting_url,
            view.status,
            view.reason,
            view.evidence.text if view.evidence else "",
            view.start_time,
            view.end_time or view.start_time + ASSUMED_LENGTH,
            ended_at,
            view.transcript,
            sum(each.size for each in view.artifacts),
        )

    @classmethod
    def of_record(cls, record: MeetingRecord) -> "EndedMeeting":
        return cls.of(record, record.written_at)


class FailingEndpoint(NamedTuple):
    """A webhook endpoint that is told of nothing, or that refuses what it is told; `why` is a sentence."""

    endpoint_id: str
    name: str
    why: str


class BoardSources(NamedTuple):
    """What the board is made from. `progress` is by workflow id, `calendars` are the ids of those in trouble."""

    open: Collection[MeetingView] = ()
    ended: Collection[EndedMeeting] = ()
    progress: Mapping[str, DownloadProgress] = {}
    calendars: Sequence[str] = ()
    endpoints: Sequence[FailingEndpoint] = ()


class Chore(NamedTuple):
    """Something that needs a hand: what it is about, what is wrong, and what to do about it."""

    meeting: MeetingView | EndedMeeting | None
    name: str
    path: str
    tone: Tone
    word: str
    what: str
    todo: str
    since: datetime | None


class Running(NamedTuple):
    """A meeting with a bot. `percent` is that of its download."""

    meeting: MeetingView
    since: datetime | None
    percent: int | None


class Coming(NamedTuple):
    """A meeting to come, and why it is recorded."""

    meeting: MeetingView
    because: str


class ReasonCount(NamedTuple):
    """How many meetings failed for a reason; the bar's length in twentieths of the longest one."""

    reason: FailureReason
    tone: Tone
    number: int
    length: int


class Board(NamedTuple):
    """All sections. Those that are longer than MOST_ROWS are cut; `totals` are the numbers before that, by name."""

    chores: Sequence[Chore]
    running: Sequence[Running]
    coming: Sequence[Coming]
    done: Sequence[EndedMeeting]
    reasons: Sequence[ReasonCount]
    totals: Mapping[str, int]


def board_of(sources: BoardSources, now: datetime) -> Board:
    """The board as of `now`."""
    chores = _chores(sources, now)
    shown = {each.meeting.workflow_id for each in chores if isinstance(each.meeting, EndedMeeting)}
    running = sorted(
        (_running(each, sources.progress) for each in sources.open if _is_running(each)),
        key=lambda each: each.meeting.start_time,
    )
    coming = sorted(
        (
            Coming(each, _because(each))
            for each in sources.open
            if not _is_running(each) and not each.status.is_final and each.start_time < now + RECENT
        ),
        key=lambda each: each.meeting.start_time,
    )
    recent = [each for each in sources.ended if each.ended_at >= now - RECENT]
    done = sorted(
        (each for each in recent if each.workflow_id not in shown), key=lambda each: each.ended_at, reverse=True
    )
    failed = [
        each for each in sources.ended if each.status is MeetingStatus.FAILED and each.ended_at >= now - COUNTED
    ]
    totals = {
        "chores": len(chores),
        "running": len(running),
        "coming": len(coming),
        "done": len(done),
        "failed": len(failed),
        "ended": sum(each.ended_at >= now - COUNTED for each in sources.ended),
    }
    return Board(_first(chores), _first(running), _first(coming), _first(done), _reason_counts(failed), totals)


def _first(rows: Sequence[_Row]) -> Sequence[_Row]:
    return rows[:MOST_ROWS]


def _is_running(view: MeetingView) -> bool:
    return view.status is not MeetingStatus.SCHEDULED and not view.status.is_final


def _running(view: MeetingView, progress: Mapping[str, DownloadProgress]) -> Running:
    known = progress.get(view.workflow_id)
    percent = known.done * 100 // known.total if known and known.total else None
    since = view.waiting_since
    if view.status is MeetingStatus.RECORDING:
        since = descriptions.recording_since(view)
    return Running(view, since, percent)


def _because(view: MeetingView) -> str:
    """Empty while it is not known."""
    if view.bot_goes_at is None and not view.calendars and not view.timeline:
        return ""
    if len(view.calendars) > 1:
        return f"Wanted by {len(view.calendars)} calendars"
    return "Wanted by a calendar" if view.calendars else "Booked directly"


def _chores(sources: BoardSources, now: datetime) -> list[Chore]:
    """The most pressing ones first: what is going wrong now, then what went wrong, the latest first."""
    urgent = [chore for view in sources.open for chore in _chores_of(view, now)]
    urgent.sort(key=lambda each: each.since or now)
    failed = [
        _failure_chore(each, each.reason, todo)
        for each in sorted(sources.ended, key=lambda each: each.ended_at, reverse=True)
        if each.ended_at >= now - RECENT
        and each.reason is not None
        and (todo := remedy_for(each.reason, is_over=now >= each.expected_end))
    ]
    return [*urgent, *_calendar_chores(sources.calendars), *_endpoint_chores(sources.endpoints), *failed]


def _chores_of(view: MeetingView, now: datetime) -> Iterable[Chore]:
    if view.status.is_final:
        return
    bare = Chore(view, "", "", Tone.BAD, "", "", "", None)
    if view.reason is not None:
        yield bare._replace(
            word="Refused",
            what=_sentence(REASON[view.reason]),
            todo=remedy_for(view.reason, is_over=False),
            since=view.evidence.at if view.evidence else None,
        )
    if view.waiting_since is not None and now - view.waiting_since > _LONG_WAIT:
        yield bare._replace(
            tone=Tone.WARN,
            word="Waiting room",
            what="The bot waits to be let in.",
            todo="Ask a participant to admit it.",
            since=view.waiting_since,
        )
    if view.trouble:
        todo = "Mend that; the files are then stored by themselves."
        yield bare._replace(word="Not stored", what=_sentence(view.trouble), todo=todo)
    if view.webhooks is WebhookState.SILENT:
        yield bare._replace(
            tone=Tone.WARN,
            word="Silent",
            what="The bot does not report by itself, so the provider is asked about it.",
            todo="Look whether the provider reaches the bridge: minutekeeper doctor.",
        )


def _failure_chore(meeting: EndedMeeting, reason: FailureReason, todo: str) -> Chore:
    what = _sentence(REASON[reason])
    return Chore(meeting, "", "", reason_tone(reason), "Failed", what, todo, meeting.ended_at)


def _calendar_chores(calendar_ids: Sequence[str]) -> Iterable[Chore]:
    what = "It cannot be read, so new and moved events are not seen. Its meetings stay booked."
    todo = "The page of the calendars says what to do."
    for calendar_id in calendar_ids:
        yield Chore(None, f"Calendar {calendar_id}", "/calendars", Tone.BAD, "Calendar", what, todo, None)


def _endpoint_chores(endpoints: Sequence[FailingEndpoint]) -> Iterable[Chore]:
    todo = "Mend what listens there; the page of the webhooks shows its answers."
    for each in endpoints:
        yield Chore(None, each.name, "/webhooks", Tone.BAD, "Webhook", each.why, todo, None)


def _reason_counts(failed: Iterable[EndedMeeting]) -> list[ReasonCount]:
    counts = Counter(each.reason or FailureReason.UNKNOWN for each in failed).most_common()
    most = counts[0][1] if counts else 1
    return [
        ReasonCount(reason, reason_tone(reason), count, max(1, round(20 * count / most)))
        for reason, count in counts
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
