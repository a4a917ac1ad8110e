"""Everything that is known of one meeting, and what follows from it. Pure: the caller says what time it is.

The workflow, its bot sessions and its update handlers read and change this one model, and continue-as-new carries
the whole of it.
"""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime, BaseModel, PrivateAttr

from minutekeeper.meetings import claims as interest
from minutekeeper.meetings import descriptions, polling_policy
from minutekeeper.meetings import views as timeline
from minutekeeper.meetings.bot_events import BotEvent, is_end_event
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.claims import MeetingClaims
from minutekeeper.meetings.dispatch import DispatchedBot, DispatchMode, DispatchTerms, is_worth_joining
from minutekeeper.meetings.next_steps import NextStep, NextStepKind, StopKind, StopState
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.session_state import SessionStage, SessionState
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import Artifact, Evidence, Failure, Outcome, TimelineEntry

_MAX_UNMATCHED_EVENTS = 100

_MAX_NOTE = 1000
"""Characters of one entry of the timeline, which may quote what others said."""

_CLOCK_TOLERANCE = timedelta(minutes=1)
"""How much earlier than its dispatch a bot's first event may be dated, by the provider's own clock."""


class MeetingState(BaseModel):
    """The state of one meeting. `run_id` is the first run of its workflow, `jitter` its place in the spread."""

    request: MeetingRequest
    meeting_id: str
    workflow_id: str
    run_id: str
    known_since: AwareDatetime
    """When the present time of the meeting became known: what was over by then was not missed by us."""
    sessions: list[SessionState] = []
    dispatches: int = 0
    """Requests for bots so far; the next one has this number."""
    policy: DispatchTerms = DispatchTerms()
    """As the worker that answered last for a bot said."""
    stop: StopState | None = None
    send_requested: bool = False
    """People asked for another bot, which is sent whatever the last one came to."""
    retranscribe: bool = False
    """The transcripts are to be made anew before they are collected."""
    failure: Failure | None = None
    """Why no bot can be sent for the present time of the meeting."""
    account_problem: Failure | None = None
    """What keeps a bot from being sent, as long as it may still pass."""
    storage_problem: str = ""
    """What keeps files from being stored and needs a person, as long as it is so."""
    held_change: str = ""
    """Why the last reschedule did not move the meeting."""
    unmatched_events: list[BotEvent] = []
    """News of bots that are not known yet."""
    artifacts: list[Artifact] = []
    has_manifest: bool = False
    """Whether the manifest says everything that there is."""
    transcript: TranscriptState = TranscriptState.PENDING
    interest: MeetingClaims = MeetingClaims()
    """Which calendars want the meeting."""
    timeline: tuple[TimelineEntry, ...] = ()
    next_check_at: AwareDatetime | None = None
    outcome: Outcome | None = None
    published: dict[str, str] = {}
    """The search attributes as last written, by name."""
    _revision: int = PrivateAttr(0)

    @classmethod
    def initial(cls, request: MeetingRequest, ids: tuple[str, str, str], now: datetime) -> Self:
        """The state of a meeting that was just booked; `ids` are its meeting, workflow and run id."""
        meeting_id, workflow_id, run_id = ids
        return cls(
            request=request.model_copy(update={"claim": None}),
            meeting_id=meeting_id,
            workflow_id=workflow_id,
            run_id=run_id,
            known_since=now,
            transcript=TranscriptState.PENDING if request.wanted.transcript else TranscriptState.NOT_ASKED,
            interest=interest.initial_claims(request.claim),
        )

    @property
    def revision(self) -> int:
        """Grows with every change that people may want to see."""
        return self._revision

    def changed(self) -> None:
        self._revision += 1

    def note(self, at: datetime, event: str, text: str) -> None:
        """Adds an entry to the timeline."""
        self.timeline = timeline.add_entry(self.timeline, TimelineEntry(at=at, event=event, text=text[:_MAX_NOTE]))
        self.changed()

    # Sessions.

    @property
    def standing(self) -> list[SessionState]:
        """The sessions for the present time of the meeting."""
        return [session for session in self.sessions if not session.superseded]

    @property
    def current(self) -> SessionState | None:
        """The last session for the present time of the meeting, else the last one that had a bot."""
        if standing := self.standing:
            return standing[-1]
        return next((session for session in reversed(self.sessions) if session.bot), None)

    @property
    def bots(self) -> list[BotState]:
        return [session.bot for session in self.sessions if session.bot]

    @property
    def bot(self) -> BotState | None:
        """The bot of the current session, else the last one that there was."""
        if self.current is not None and self.current.bot is not None:
            return self.current.bot
        return self.bots[-1] if self.bots else None

    def add_session(self, now: datetime) -> SessionState:
        """A session for the present time of the meeting; its bot is still to be asked for."""
        session = SessionState(
            number=len(self.sessions),
            dispatch=self.dispatches,
            meeting_url=self.request.meeting_url,
            start_time=self.request.start_time,
            join_at=max(self.request.start_time, now),
        )
        self.dispatches += 1
        self.sessions.append(session)
        self.send_requested = False
        self.changed()
        return session

    def add_bot(self, session: SessionState, sent: DispatchedBot, now: datetime) -> None:
        """Takes in the bot of a session, with the events that came before it."""
        shared = f", which workflow {sent.shared_with} had sent to this meeting already" if sent.shared_with else ""
        found = "Found bot" if sent.is_adopted else "Sent bot"
        self.note(sent.sent_at, "bot_sent", f"{found} {sent.bot_id} ({sent.mode.value}){shared}.")
        session.bot = BotState(
            bot_id=sent.bot_id,
            provider=sent.provider,
            dispatch=session.dispatch,
            sent_at=sent.sent_at,
            join_at=max(sent.join_at or session.start_time, sent.sent_at),
            shared_with=sent.shared_with,
        )
        session.stage, session.request, session.failure = SessionStage.ACTIVE, None, None
        self.account_problem = None
        early, self.unmatched_events = self.unmatched_events, []
        for event in early:
            self.apply_event(event, now)

    def apply_event(self, event: BotEvent, now: datetime) -> None:
        """Takes in an event of a bot; one of a bot that is not known yet waits."""
        for session in self.sessions:
            if session.bot is not None and session.bot.is_sender_of(event):
                before, session.bot = session.bot, apply_bot_event(session.bot, event, now)
                if _says_more(session.bot, before):
                    self.note(event.occurred_at, descriptions.event_name(event), descriptions.describe_event(event))
                self.changed()
                return
        self.unmatched_events.append(event)
        if len(self.unmatched_events) > _MAX_UNMATCHED_EVENTS:
            # What a bot left behind outlasts the steps on its way there.
            del self.unmatched_events[
                next((n for n, each in enumerate(self.unmatched_events) if not is_end_event(each)), 0)
            ]

    def early_event(self, session: SessionState) -> BotEvent | None:
        """What a bot reported for a session's request before its id was known."""
        return next((event for event in self.unmatched_events if event.dispatch == session.dispatch), None)

    def unexpected_event(self) -> BotEvent | None:
        """What a bot reported that is one too many: a second one of a request, or of one that was given up."""
        for event in self.unmatched_events:
            sessions = [each for each in self.sessions if each.dispatch == event.dispatch]
            if not sessions or any(each.bot is None and not each.is_finished for each in sessions):
                continue
            first_sent = min((each.bot.sent_at for each in sessions if each.bot), default=event.occurred_at)
            if event.occurred_at >= first_sent - _CLOCK_TOLERANCE:
                return event
        return None

    def add_unexpected_bot(self, bot_id: str, dispatch: int, now: datetime) -> None:
        """A session for a bot that is one too many: it is removed, and what it recorded is kept."""
        session = SessionState(
            number=len(self.sessions),
            dispatch=dispatch,
            meeting_url=self.request.meeting_url,
            start_time=self.request.start_time,
            join_at=now,
            superseded=True,
            leave_requested=True,
        )
        self.sessions.append(session)
        provider = self.bots[0].provider if self.bots else ""
        self.note(now, "unexpected_bot", f"Bot {bot_id} reports here, too. It is one too many and is removed.")
        sent = DispatchedBot(
            bot_id=bot_id, provider=provider, sent_at=now, mode=DispatchMode.IMMEDIATE, is_adopted=True, join_at=now
        )
        self.add_bot(session, sent, now)

    # Which session comes next.

    def wants_session(self, now: datetime) -> bool:
        """Whether another bot session is wanted now or later."""
        if self.stop is not None or self.failure is not None:
            return False
        standing = self.standing
        if not standing:
            return True
        if standing[-1].is_relieved:
            # Its bot was in the call until then, so the meeting goes on, whatever its planned end is.
            return True
        return (self.send_requested or self.may_try_again()) and is_worth_joining(self.request, now)

    def may_try_again(self) -> bool:
        """Whether the last bot ended in a way that another one can cure, within the limit."""
        standing = self.standing
        bots = [session.bot for session in standing if session.bot]
        if not bots or standing[-1].bot is None or self.request.follows is not None:
            return False
        if bots[-1].taken_away:
            return bots[-1].final is not None
        own = [bot for bot in bots if not bot.taken_away]
        return len(own) < self.policy.max_dispatches and polling_policy.may_try_again(own)

    def next_session_at(self, jitter: float) -> datetime:
        """When the next session starts, if one is wanted (UTC)."""
        standing = self.standing
        if self.send_requested or (standing and standing[-1].is_relieved):
            return self.known_since
        if standing and (bot := standing[-1].bot) and bot.final_event_at:
            pause = 0 if bot.taken_away else self.policy.deadlines.retry
            return bot.final_event_at + timedelta(seconds=pause)
        return self.request.wake_up.wake_at(self.request.start_time, jitter)

    def next_step(self, now: datetime, jitter: float) -> "NextStep":
        """What the meeting does next about bot sessions."""
        if not self.wants_session(now):
            return NextStep(NextStepKind.WAIT)
        due = self.next_session_at(jitter)
        if now < due:
            return NextStep(NextStepKind.WAIT, due)
        if not self.standing and not is_worth_joining(self.request, now):
            return NextStep(NextStepKind.TOO_LATE)
        if self._has_conflict(now):
            until = None if self.standing else max(self.request.start_time, self.request.expected_end)
            return NextStep(NextStepKind.WAIT, until, is_room_occupied=True)
        return NextStep(NextStepKind.START)

    def _has_conflict(self, now: datetime) -> bool:
        """Whether an earlier bot, or one that may exist, could be in the room together with the next one."""
        start = max(self.request.start_time, now)
        end = max(self.request.expected_end, start)
        return any(
            session.may_meet(self.request.meeting_url, start, end, self.policy.deadlines)
            for session in self.sessions
        )

    @property
    def is_closing(self) -> bool:
        """Whether nobody can change any more what the meeting came to."""
        standing = self.standing
        if self.outcome is not None or (self.failure is not None and not self.send_requested):
            return True
        return bool(standing) and all(session.is_settled for session in standing) and not self.send_requested

    @property
    def current_status(self) -> MeetingStatus:
        """What the meeting is shown as; the status of its current session while there is one."""
        if self.outcome is not None:
            return self.outcome.status
        standing = self.standing
        if standing:
            return standing[-1].status
        is_over = self.sessions and (self.stop is not None or self.failure is not None)
        return MeetingStatus.ENDED if is_over else MeetingStatus.SCHEDULED

    @property
    def is_in_call(self) -> bool:
        """Whether the bot of the current session is in the call."""
        current = self.current
        return current is not None and not current.superseded and current.bot is not None and current.bot.is_in_call

    # How it ends.

    @property
    def needs_manifest(self) -> bool:
        return bool(self.artifacts) and not self.has_manifest

    def fail_too_late(self, now: datetime) -> None:
        """No bot is worth sending any more: says why none was sent."""
        end = self.request.expected_end
        left = "" if now >= end else ", so less than a minute is left"
        start = descriptions.format_utc(self.request.start_time)
        times = f"start {start}, end {descriptions.format_utc(end)}, now {descriptions.format_utc(now)}{left}"
        if self.account_problem is not None:
            self.failure = self.account_problem
            return
        was_missed = is_worth_joining(self.request, self.known_since)
        reason = FailureReason.MISSED if was_missed else FailureReason.MEETING_OVER
        self.failure = Failure(reason=reason, evidence=Evidence(event=reason.value, at=now, text=times))

    def verdict(self, now: datetime) -> tuple[MeetingStatus, FailureReason | None, Evidence]:
        """What the meeting came to, and what says so. What an earlier bot recorded counts."""
        if self.stop is not None and self.stop.kind is StopKind.CANCEL:
            return MeetingStatus.CANCELLED, None, self.stop.evidence
        finals = [
            session.bot.final
            for session in sorted(self.sessions, key=lambda each: not each.superseded)
            if session.bot and session.bot.final and self._has_what_is_wanted(session)
        ]
        if finals:
            final = finals[-1]
            return MeetingStatus.COMPLETED, None, Evidence(event=final.kind, at=final.at, text=final.text)
        failure = self.failure or self._session_failure()
        if failure is not None:
            return MeetingStatus.FAILED, failure.reason, failure.evidence
        evidence = self.stop.evidence if self.stop else Evidence(event="unknown", at=now, text="")
        return MeetingStatus.FAILED, FailureReason.STOPPED, evidence

    def _session_failure(self) -> Failure | None:
        standing = self.standing
        if not standing:
            return None
        session = standing[-1]
        if session.failure is not None or session.bot is None:
            return session.failure
        return polling_policy.failure_reason_for(session.bot)

    def _has_what_is_wanted(self, session: SessionState) -> bool:
        if self.request.wanted.recording:
            return session.recording_stored
        return session.bot is not None and session.bot.is_collectable


def _says_more(after: BotState, before: BotState) -> bool:
    """Whether an event brought something to tell: a repeat does, if it is the first that has a recording."""
    return (after.events, after.has_recording) != (before.events, before.has_recording)
