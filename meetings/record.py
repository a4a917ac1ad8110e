"""Everything that is known of a meeting, and what follows from it. Pure: the caller says what time it is."""

from datetime import datetime

from meetings import interest, reporting, story, timeline, watch
from meetings.bot import BotState, apply
from meetings.dispatch import DispatchMode, SentBot, is_worth_joining
from meetings.events import BotEvent, BotEventKind
from meetings.ids import dispatch_key
from meetings.outcome import Evidence, MeetingView, Outcome
from meetings.request import CarriedState, MeetingRequest, Reschedule
from meetings.status import FailureReason, MeetingStatus, TranscriptState, WebhookState
from meetings.timeline import TimelineEntry

_MAX_EARLY_EVENTS = 100
_MAX_NOTE = 1000
"""Characters of one entry of the timeline, which may quote what others said."""

Failure = tuple[FailureReason, Evidence]


class MeetingRecord:
    """The state of one meeting. `meeting_id` names it, `workflow_id` is where it lives."""

    def __init__(self, request: MeetingRequest, meeting_id: str, workflow_id: str, known_since: datetime) -> None:
        carried = request.carried or CarriedState()
        self.request = request.model_copy(update={"carried": None, "claim": None})
        self.meeting_id = meeting_id
        self.workflow_id = workflow_id
        self.known_since = known_since
        """When the present time of the meeting became known: what was over by then was not missed by us."""
        self.phase = MeetingStatus.SCHEDULED
        self.bots = list(carried.bots)
        self.dispatches = carried.dispatches
        self.failure: Failure | None = None
        self.trouble: Failure | None = None
        """What keeps a bot from being sent, as long as it may still pass."""
        self.collect_trouble = ""
        """What keeps files from being brought home and needs a person, as long as it is so."""
        self.stop_evidence: Evidence | None = None
        self.artifacts = list(carried.artifacts)
        self.interest = carried.interest if request.carried else interest.beginning_with(request.claim)
        """Which calendars want the meeting."""
        self.transcript = TranscriptState.PENDING if request.wanted.transcript else TranscriptState.NOT_ASKED
        self.deadline: datetime | None = None
        self.outcome: Outcome | None = None
        self.timeline = carried.timeline
        self._early: list[BotEvent] = []

    @property
    def tries(self) -> int:
        """Bots sent for the present time of the meeting."""
        return sum(not bot.superseded for bot in self.bots)

    @property
    def newest_number(self) -> int:
        """The place of the bot that stands for the meeting: the last one that was not taken back, else the last."""
        in_use = [number for number, bot in enumerate(self.bots) if not bot.superseded]
        return in_use[-1] if in_use else len(self.bots) - 1

    @property
    def newest(self) -> BotState:
        """Raises IndexError if there was never a bot."""
        return self.bots[self.newest_number]

    @property
    def bot_id(self) -> str:
        return self.newest.bot_id if self.bots else ""

    @property
    def stray(self) -> BotEvent | None:
        """What a bot said that came of an order which was given up as lost."""
        known = {bot.dispatch for bot in self.bots}
        return next(
            (
                event
                for event in self._early
                if event.dispatch is not None and event.dispatch < self.dispatches and event.dispatch not in known
            ),
            None,
        )

    @property
    def next_dispatch_key(self) -> str:
        return dispatch_key(self.request.meeting_url, self.request.start_time, self.dispatches)

    def note(self, at: datetime, event: str, text: str) -> None:
        self.timeline = timeline.record(self.timeline, TimelineEntry(at=at, event=event, text=text[:_MAX_NOTE]))

    def move(self, change: Reschedule, at: datetime) -> bool:
        """Takes over a change; whether the meeting is now at another time or place."""
        before, self.request = self.request, self.request.moved(change)
        if (self.request.start_time, self.request.meeting_url) == (before.start_time, before.meeting_url):
            self.note(at, "changed", "The meeting's end or title was changed; its start stays.")
            return False
        self.bots = [bot.model_copy(update={"superseded": True}) for bot in self.bots]
        self.failure = self.trouble = None
        self.known_since = at
        link = "" if before.meeting_url == self.request.meeting_url else f", now at {self.request.public_url}"
        moved = f"Moved from {story.clock(before.start_time)} to {story.clock(self.request.start_time)}"
        self.note(at, "rescheduled", f"{moved}{link}.")
        return True

    def welcome(self, dispatch: int, sent: SentBot, join_at: datetime, at: datetime) -> int:
        """Takes in a bot that was sent, with the events that came before it; its place in the list of bots."""
        shared = f", which workflow {sent.shared_with} had sent to this meeting already" if sent.shared_with else ""
        adopted = "Found bot" if sent.adopted else "Sent bot"
        self.note(sent.sent_at, "bot_sent", f"{adopted} {sent.bot_id} ({sent.mode.value}){shared}.")
        self.bots.append(
            BotState(
                dispatch=dispatch,
                bot_id=sent.bot_id,
                sent_at=sent.sent_at,
                join_at=max(join_at, sent.sent_at),
                shared_with=sent.shared_with,
            )
        )
        self.dispatches = max(self.dispatches, dispatch + 1)
        early, self._early = self._early, []
        for event in early:
            self.hear(event, at)
        return len(self.bots) - 1

    def adopt_stray(self, at: datetime) -> int:
        """Takes in the bot behind `stray`, as one that was taken back; its place in the list of bots.

        Raises ValueError if there is none.
        """
        stray = self.stray
        if stray is None:
            raise ValueError("no stray bot has reported")
        number = len(self.bots)
        sent = SentBot(bot_id=stray.bot_id, sent_at=at, mode=DispatchMode.IMMEDIATE, adopted=True)
        self.welcome(stray.dispatch or 0, sent, at, at)
        self.update_bot(number, superseded=True)
        return number

    def hear(self, event: BotEvent, at: datetime) -> int | None:
        """Takes in an event: the bot it belongs to, None if that bot is not known yet (then the event waits)."""
        for number, bot in enumerate(self.bots):
            if _is_of(event, bot):
                after = apply(bot, event, at)
                if _says_more(after, bot):
                    self.note(event.occurred_at, story.event_name(event), story.tell(event))
                self.bots[number] = after
                return number
        self._early.append(event)
        if len(self._early) > _MAX_EARLY_EVENTS:
            # What a bot left behind outlasts the steps on its way there.
            del self._early[next((n for n, each in enumerate(self._early) if not _is_end(each)), 0)]
        return None

    def early_bot(self, dispatch: int) -> str:
        """The id of a bot that reports for a dispatch although we do not know of it; empty if there is none."""
        return next((event.bot_id for event in self._early if event.dispatch == dispatch), "")

    def update_bot(self, number: int, **changes: object) -> None:
        self.bots[number] = self.bots[number].model_copy(update=changes)

    def may_try_again(self, max_dispatches: int, now: datetime) -> bool:
        """Whether another bot is worth sending after the last one failed."""
        bots = [bot for bot in self.bots if not bot.superseded]
        return 0 < len(bots) < max_dispatches and watch.may_try_again(bots) and is_worth_joining(self.request, now)

    def fail_too_late(self, now: datetime) -> None:
        """No bot is worth sending any more: says whose fault that is."""
        end = self.request.expected_end
        left = "" if now >= end else ", so less than a minute is left"
        times = (
            f"start {story.clock(self.request.start_time)}, end {story.clock(end)}, now {story.clock(now)}{left}"
        )
        if self.trouble is not None:
            self.failure = self.trouble
        elif is_worth_joining(self.request, self.known_since):
            self.failure = (FailureReason.MISSED, Evidence(event="missed", at=now, text=times))
        else:
            self.failure = (FailureReason.MEETING_OVER, Evidence(event="meeting_over", at=now, text=times))

    def verdict(self, *, cancelled: bool, now: datetime) -> tuple[MeetingStatus, FailureReason | None, Evidence]:
        """What the meeting came to, and what says so."""
        if cancelled and self.stop_evidence:
            return MeetingStatus.CANCELLED, None, self.stop_evidence
        finals = [bot.final for bot in self.bots if bot.final and self._has_what_is_wanted(bot)]
        if finals:
            final = finals[-1]
            return MeetingStatus.COMPLETED, None, Evidence(event=final.kind, at=final.at, text=final.text)
        if self.failure is None and self.bots and not self.newest.superseded:
            self.failure = watch.failure_of(self.newest)
        stopped = self.stop_evidence or Evidence(event="unknown", at=now, text="")
        reason, evidence = self.failure or (FailureReason.STOPPED, stopped)
        return MeetingStatus.FAILED, reason, evidence

    def _has_what_is_wanted(self, bot: BotState) -> bool:
        wanted = bot.stored if self.request.wanted.recording else bot.is_collectable
        return wanted and not bot.superseded

    def view(self) -> MeetingView:
        """What everybody is shown."""
        failure = self.failure or self.trouble
        reason, evidence = failure or (None, None)
        if self.outcome is not None:
            reason, evidence = self.outcome.reason, self.outcome.evidence
        return MeetingView(
            meeting_id=self.meeting_id,
            workflow_id=self.workflow_id,
            status=self.outcome.status if self.outcome else self.phase,
            reason=reason,
            evidence=evidence,
            trouble=self.collect_trouble,
            bot_id=self.bot_id,
            meeting_url=self.request.public_url,
            platform=self.request.platform,
            title=self.request.title,
            start_time=self.request.start_time,
            end_time=self.request.end_time,
            transcript=self.transcript,
            artifacts=tuple(each.kept for each in self.artifacts),
            dispatches=len(self.bots),
            next_deadline=self.deadline,
            bot_goes_at=self._bot_goes_at(),
            timeline=self.timeline,
            webhooks=reporting.state_of(self.newest) if self.bots else WebhookState.NOT_EXPECTED,
            calendars=interest.calendars_of(self.interest),
        )

    def _bot_goes_at(self) -> datetime | None:
        if self.outcome is not None or self.phase is not MeetingStatus.SCHEDULED:
            return None
        return self.request.wake_up.call_at(self.request.start_time)

    def carried(self) -> MeetingRequest:
        """The request with which a long-sleeping meeting goes on in a fresh history."""
        carried = CarriedState(
            dispatches=self.dispatches,
            bots=tuple(self.bots),
            artifacts=tuple(self.artifacts),
            timeline=self.timeline,
            interest=self.interest,
        )
        return self.request.model_copy(update={"carried": carried})


def _is_of(event: BotEvent, bot: BotState) -> bool:
    """Whether an event is a bot's: by its id, or by its address where the provider's two forms of ids differ.

    The address alone does not say it: a bot of an earlier run of the same workflow reports to the same one.
    """
    if event.bot_id == bot.bot_id:
        return True
    return event.dispatch == bot.dispatch and event.bot_id.isdigit() != bot.bot_id.isdigit()


def _says_more(after: BotState, before: BotState) -> bool:
    """Whether an event brought something to tell: a repeat does, if it is the first that has a recording."""
    return (after.events, after.has_recording) != (before.events, before.has_recording)


def _is_end(event: BotEvent) -> bool:
    return event.kind in {BotEventKind.COMPLETE, BotEventKind.FAILED}
