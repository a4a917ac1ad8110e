"""A meeting's record, written down where people look: search attributes and Temporal's details pane."""

from datetime import datetime

from temporalio import workflow

from minutekeeper.temporal import search_attributes
from workflows.publishing import Publisher

with workflow.unsafe.imports_passed_through():
    from meetings import story
    from meetings.dispatch import SentBot
    from meetings.events import BotEvent
    from meetings.record import MeetingRecord
    from meetings.status import MeetingStatus

_MILESTONES = frozenset({MeetingStatus.SCHEDULED, MeetingStatus.JOINING})
"""The statuses, beside the final ones, that are written to the search attributes: each write costs an action.

What a meeting is exactly that is under way, the command line asks it.
"""


class Journal:
    def __init__(self, record: MeetingRecord) -> None:
        self.record = record
        self.publisher = Publisher(lambda: story.details(record.view()))

    def note(self, event: str, text: str) -> None:
        """Adds what has just happened to the timeline."""
        self.record.note(workflow.now(), event, text)
        self.publisher.show()

    def enter(self, status: MeetingStatus) -> None:
        """Shows a new status."""
        if status is self.record.phase:
            return
        self.record.phase = status
        is_written = status in _MILESTONES or status.is_final
        self.publisher.show([search_attributes.MEETING_STATUS.value_set(status.value)] if is_written else [])

    def hear(self, event: BotEvent) -> None:
        """Takes in news of a bot; the meeting's status follows that of its newest bot while it is in use."""
        number = self.record.hear(event, workflow.now())
        if number is not None:
            self._follow_phase(number)

    def welcome(self, dispatch: int, sent: SentBot, join_at: datetime) -> int:
        """Takes in a bot that was sent; its number."""
        number = self.record.welcome(dispatch, sent, join_at, workflow.now())
        self.record.trouble = None
        self.record.phase = self.record.bots[number].phase
        self.publisher.show(
            [
                search_attributes.BOT_ID.value_set(search_attributes.as_keyword(sent.bot_id)),
                search_attributes.MEETING_STATUS.value_set(self.record.phase.value),
            ]
        )
        return number

    def adopt_stray(self) -> int:
        """Takes in a bot that nobody waits for any more; its number."""
        number = self.record.adopt_stray(workflow.now())
        self.publisher.show()
        return number

    def _follow_phase(self, number: int) -> None:
        bot = self.record.bots[number]
        in_use = number == self.record.newest_number and not bot.superseded
        if in_use and self.record.phase in _OF_BOTS:
            self.enter(bot.phase)
        self.publisher.show()


_OF_BOTS = frozenset(
    {
        MeetingStatus.JOINING,
        MeetingStatus.WAITING_ROOM,
        MeetingStatus.IN_CALL,
        MeetingStatus.RECORDING,
        MeetingStatus.PAUSED,
        MeetingStatus.ENDED,
    }
)
"""While the meeting shows one of these, a bot is in use; outside of them it sleeps, sends or collects."""
