"""Everything that is known of one meeting, and what follows from it. Pure: the caller says what time it is.

The workflow, its bot sessions and its update handlers read and change this one model, and continue-as-new carries
the whole of it.
"""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime, BaseModel, PrivateAttr

from minutekeeper.meetings import claims, descriptions, views
from minutekeeper.meetings.bot_events import BotEvent, is_end_event
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.claims import MeetingClaims
from minutekeeper.meetings.dispatch import DispatchedBot, DispatchMode, DispatchTerms
from minutekeeper.meetings.provider_choice import TriedProvider
from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.session_state import SessionStage, SessionState, StopState
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import Artifact, Failure, Outcome, TimelineEntry

_MAX_UNMATCHED_EVENTS = 100
_MAX_ENDED_BOTS = 5

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
    tried: list[TriedProvider] = []
    """Providers that another one took over from, for the present time of the meeting."""
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
    removed_bots: list[str] = []
    """Bots of other workflows that were removed before it was known that they are shared here."""
    artifacts: list[Artifact] = []
    has_manifest: bool = False
    """Whether the manifest says everything that there is."""
    transcript: TranscriptState = TranscriptState.PENDING
    interest: MeetingClaims = MeetingClaims()
    """Which calendars want the meeting."""
    timeline: tuple[TimelineEntry, ...] = ()
    next_check_at: AwareDatetime | None = None
    is_reopened: bool = False
    """A finished meeting that was taken up again: its manifest is written anew at the end."""
    outcome: Outcome | None = None
    told: dict[str, str] = {}
    """What other services were told before the end: for each type of event what is new with the next one."""
    announced: int = 0
    """Events for other services so far, without an end that the meeting has come to."""
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
            interest=claims.initial_claims(request.claim),
        )

    @property
    def revision(self) -> int:
        """Grows with every change that people may want to see."""
        return self._revision

    def changed(self) -> None:
        self._revision += 1

    def note(self, at: datetime, event: str, text: str) -> None:
        """Adds an entry to the timeline."""
        self.timeline = views.add_entry(self.timeline, TimelineEntry(at=at, event=event, text=text[:_MAX_NOTE]))
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
            is_relief=bool(self.standing) and self.standing[-1].is_relieved,
        )
        self.dispatches += 1
        self.sessions.append(session)
        self.send_requested = False
        self.changed()
        return session

    def add_bot(self, session: SessionState, sent: DispatchedBot) -> None:
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
            taken_away=bool(sent.shared_with) and sent.bot_id in self.removed_bots,
        )
        session.stage, session.request, session.failure = SessionStage.ACTIVE, None, None
        self.account_problem = None
        early, self.unmatched_events = self.unmatched_events, []
        for event in early:
            self.apply_event(event)

    def replace_bot(self, session: SessionState, sent: DispatchedBot) -> None:
        """Gives a session the bot that the answer names; the events of another one become unmatched again."""
        if session.bot is not None:
            self.unmatched_events.extend(session.bot.events)
        session.bot = None
        self.add_bot(session, sent)

    def apply_event(self, event: BotEvent) -> None:
        """Takes in an event of a bot, in each session that has this bot; one of an unknown bot waits."""
        sessions = [each for each in self.sessions if each.bot is not None and each.bot.is_sender_of(event)]
        if sessions:
            news = [self._apply_to_session(session, event) for session in sessions]
            if any(news):
                self.note(event.occurred_at, descriptions.event_name(event), descriptions.describe_event(event))
            self.changed()
            return
        self.unmatched_events.append(event)
        if len(self.unmatched_events) > _MAX_UNMATCHED_EVENTS:
            # What a bot left behind outlasts the steps on its way there.
            del self.unmatched_events[
                next((n for n, each in enumerate(self.unmatched_events) if not is_end_event(each)), 0)
            ]

    def _apply_to_session(self, session: SessionState, event: BotEvent) -> bool:
        """Whether the event says more than what was known."""
        before = session.bot
        if before is None:
            return False
        session.bot = apply_bot_event(before, event)
        if session.is_finished and session.has_uncollected_recording:
            session.stage = SessionStage.COLLECTING
        return _says_more(session.bot, before)

    def forget_bot(self, bot_id: str, now: datetime) -> None:
        """Drops what a bot reported that the provider does not know."""
        self.unmatched_events = [event for event in self.unmatched_events if event.bot_id != bot_id]
        self.note(now, "unknown_bot", f"Bot {bot_id} reports here, and the provider does not know it.")

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
        asked = [each for each in self.sessions if each.dispatch == dispatch]
        named = [each.bot.provider if each.bot else each.choice.provider if each.choice else "" for each in asked]
        provider = next((name for name in named if name), self.bots[0].provider if self.bots else "")
        self.note(now, "unexpected_bot", f"Bot {bot_id} reports here, too. It is one too many and is removed.")
        sent = DispatchedBot(
            bot_id=bot_id, provider=provider, sent_at=now, mode=DispatchMode.IMMEDIATE, is_adopted=True, join_at=now
        )
        self.add_bot(session, sent)

    @property
    def ended_shared_bots(self) -> tuple[str, ...]:
        """Bots of other workflows that have ended, the last few."""
        bots = (session.bot for session in self.sessions)
        ended = [bot.bot_id for bot in bots if bot and bot.shared_with and bot.final]
        return tuple(ended[-_MAX_ENDED_BOTS:])

    def leave_at(self, session: SessionState) -> datetime | None:
        """When a session's bot leaves at the latest (UTC): by its options, or for the next meeting in its room.

        The options are those of the meeting which owns the bot; `leave_at_end` follows the planned end.
        """
        known = [session.leave_at, self.stay_ends_at(session)]
        minutes, end = self.request.bot.leave_at_end, self.request.end_time
        if minutes is not None and end is not None and not session.is_shared:
            known.append(end + timedelta(minutes=minutes))
        return min((each for each in known if each is not None), default=None)

    def stay_ends_at(self, session: SessionState) -> datetime | None:
        """When a session's bot has stayed for as long as its option allows (UTC).

        A bot that goes on for another one goes on with its stay, too.
        """
        before = reversed(self.sessions[: session.number])
        chain = [session, *(each for each in before if not each.superseded)]
        bot = next((each.bot for each in chain if not each.is_relief), session.bot)
        if self.request.bot.longest_stay is None or bot is None or session.is_shared:
            return None
        return max(bot.sent_at, bot.join_at) + timedelta(minutes=self.request.bot.longest_stay)

    def has_recording_beside(self, session: SessionState) -> bool:
        """Whether the recording of another session's bot is stored."""
        return any(each.recording_stored for each in self.sessions if each is not session)

    @property
    def is_closing(self) -> bool:
        """Whether it is too late to change what the meeting came to."""
        standing = self.standing
        if self.outcome is not None:
            return True
        if self.send_requested or self.is_in_call:
            return False
        return self.failure is not None or (bool(standing) and all(session.is_settled for session in standing))

    @property
    def current_status(self) -> MeetingStatus:
        """What the meeting is shown as; the status of its current session while there is one."""
        if self.outcome is not None:
            return self.outcome.status
        standing = self.standing
        if standing:
            shown = standing[-1]
            if shown.is_finished or (shown.bot is not None and shown.bot.has_left):
                # Where a meeting went on in another room, the bot in the first one may be the last to leave.
                shown = next((each for each in self.sessions if each.bot and each.bot.is_in_call), shown)
            return shown.status
        is_over = self.sessions and (self.stop is not None or self.failure is not None)
        return MeetingStatus.ENDED if is_over else MeetingStatus.SCHEDULED

    @property
    def is_in_call(self) -> bool:
        """Whether a bot is in the call that is there for this meeting, or stays where the meeting was before."""
        return any(
            session.bot is not None and session.bot.is_in_call
            for session in self.sessions
            if not (session.superseded and session.leave_requested)
        )

    @property
    def needs_manifest(self) -> bool:
        return bool(self.artifacts) and not self.has_manifest


def _says_more(after: BotState, before: BotState) -> bool:
    """Whether an event brought something to tell: a repeat does, if it is the first that has a recording."""
    return (after.events, after.has_recording) != (before.events, before.has_recording)
