"""The state of one bot session: from the request for a bot to the last file that the bot left."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel

from minutekeeper.meetings import polling_policy
from minutekeeper.meetings.bot_state import BotState
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import SendBotInput
from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.provider_choice import ProviderChoice
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.meetings.views import Evidence, Failure


class StopKind(StrEnum):
    CANCEL = "cancel"
    LEAVE = "leave"


class StopState(BaseModel):
    """Why the meeting is to have no bot any more; for good, once there is one."""

    kind: StopKind
    evidence: Evidence


class SessionStage(StrEnum):
    """Where a session is. `done` and `abandoned` are final; an abandoned bot may never have been heard of."""

    DISPATCHING = "dispatching"
    UNCONFIRMED = "unconfirmed"
    """A request was made and its answer was lost: a bot may exist."""
    ACTIVE = "active"
    LEAVING = "leaving"
    SETTLING = "settling"
    COLLECTING = "collecting"
    DONE = "done"
    ABANDONED = "abandoned"

    @property
    def is_final(self) -> bool:
        return self in {SessionStage.DONE, SessionStage.ABANDONED}


class SessionState(BaseModel):
    """What is known of one bot session. `number` is its place in the meeting, `dispatch` that of its request.

    A bot that reports at another's address has a session of its own, with the same `dispatch`.
    """

    number: int
    dispatch: int
    meeting_url: str
    start_time: AwareDatetime
    """Of the meeting, when the bot was asked for."""
    stage: SessionStage = SessionStage.DISPATCHING
    request: SendBotInput | None = None
    """The request in flight, or the one whose answer was lost."""
    join_at: AwareDatetime
    """When its bot should be seen at the earliest."""
    choice: ProviderChoice | None = None
    """The provider that was chosen for its bot, where there are several; every request names it."""
    replaced_from: AwareDatetime | None = None
    """From when on another provider's bot takes its place, even if this one could not be told to leave by then."""
    retry_at: AwareDatetime | None = None
    """When the request is made again, after a refused account."""
    searches: int = 0
    """Answers of the provider that no bot of the unconfirmed request is known."""
    bot: BotState | None = None
    superseded: bool = False
    """The meeting moved, or the bot is one too many. What it recorded counts all the same."""
    leave_requested: bool = False
    removal_requested: bool = False
    """Whether the provider was asked to remove the bot, while that was there."""
    refused_removals: int = 0
    """How often the provider answered that the bot cannot be removed for now."""
    leave_at: AwareDatetime | None = None
    """When the bot has to leave because the room is another meeting's after that."""
    left_as_planned: bool = False
    """The bot left for the next meeting in its room, or by `leave_at_end`."""
    sharers: list[str] = []
    """The workflows that share its bot, which are told when it is removed."""
    is_relief: bool = False
    """Its bot goes on where that of the session before had to leave: the meeting runs, whatever its planned end."""
    is_relieved: bool = False
    """The bot left because its longest lifetime ends, while the meeting goes on."""
    failure: Failure | None = None
    """Why no bot came of the request."""
    folder: str | None = None
    """Where its files go, in the store: empty for the meeting's own folder, None as long as there are none."""
    recording_collected: bool = False
    recording_stored: bool = False
    transcript_finished: bool = False
    """Whether the provider had announced a transcript when it was last asked for one."""
    transcript_attempts: int = 0
    transcript_due_at: AwareDatetime | None = None
    lobby_alerted: bool = False

    @property
    def is_finished(self) -> bool:
        return self.stage.is_final

    @property
    def is_requested(self) -> bool:
        """Whether a bot may exist that is not known yet."""
        return self.bot is None and not self.is_finished and self.request is not None

    @property
    def may_change_provider(self) -> bool:
        """Whether another provider can take over from the one that was chosen."""
        return self.choice is not None and bool(self.choice.others)

    @property
    def is_shared(self) -> bool:
        return self.bot is not None and bool(self.bot.shared_with)

    @property
    def is_gone(self) -> bool:
        """Whether this session has no bot that could be in the room now or later."""
        if self.is_finished:
            return True
        if self.bot is None:
            return self.request is None
        return self.is_shared or self.bot.has_left

    @property
    def is_settled(self) -> bool:
        """Whether it is known what the bot came to."""
        return self.is_finished or self.stage is SessionStage.COLLECTING

    @property
    def has_uncollected_recording(self) -> bool:
        """Whether the bot left a recording that was not collected yet: one may turn up long after a failure."""
        is_given_up = self.is_shared and self.leave_requested
        return self.bot is not None and self.bot.has_recording and not self.recording_collected and not is_given_up

    @property
    def status(self) -> MeetingStatus:
        """What a meeting is shown as, of which this is the current session."""
        if self.bot is None:
            return MeetingStatus.ENDED if self.is_finished else MeetingStatus.DISPATCHING
        return MeetingStatus.COLLECTING if self.stage is SessionStage.COLLECTING else self.bot.status

    @property
    def has_reached_meeting(self) -> bool:
        """Whether its bot came as far as the waiting room, so that its link is good enough."""
        order = list(MeetingStatus)
        return order.index(self.status) >= order.index(MeetingStatus.WAITING_ROOM)

    def presence_end(self, deadlines: Deadlines) -> datetime:
        """Until when a bot of this session could be in the room, whatever became of it."""
        if self.bot is not None:
            return polling_policy.max_lifetime_end(self.bot, deadlines)
        return self.join_at + timedelta(seconds=deadlines.max_bot_lifetime)

    def may_meet(self, meeting_url: str, start: datetime, end: datetime, deadlines: Deadlines) -> bool:
        """Whether a bot of this session could be in the same room as another one between two instants (UTC)."""
        if self.is_gone or meeting_key(self.meeting_url) != meeting_key(meeting_url):
            return False
        arrives = self.bot.join_at if self.bot else self.join_at
        return arrives < end and start < self.presence_end(deadlines)
