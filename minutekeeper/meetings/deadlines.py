"""The table of deadlines: how long each phase may pass without an event before the provider is asked."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from minutekeeper.meetings.status import MeetingStatus


class Deadlines(BaseModel):
    """Seconds per phase. Each is a setting, `MINUTEKEEPER_DEADLINE_<NAME>`."""

    model_config = ConfigDict(frozen=True)

    first_webhook: int = Field(
        180,
        gt=0,
        description="From the bot's arrival to asking the provider if no webhook came; usually its URL is wrong.",
    )
    joining: int = Field(
        300, gt=0, description="In `joining` without an event. Joining takes a minute, on a new machine up to four."
    )
    waiting_room: int = Field(
        780,
        gt=0,
        description="In `waiting_room` without an event. Bots give up or are removed after ten minutes.",
    )
    in_call: int = Field(
        900,
        gt=0,
        description="In `in_call` without an event. Bots leave after ten minutes if no participant joins.",
    )
    recording: int = Field(
        1800,
        gt=0,
        description="In `recording` without an event: recording bots rarely report, and each question is billed.",
    )
    ended: int = Field(
        1260,
        gt=0,
        description="From leaving to the final event, which the provider sends again for twenty minutes.",
    )
    max_bot_lifetime: int = Field(
        18_000, gt=0, description="Longest time of a bot in a call: the provider ends bots after five hours."
    )
    relief: int = Field(
        600,
        gt=0,
        description="How long before that a bot leaves a meeting that still runs, and another one is sent.",
    )
    lobby: int = Field(120, gt=0, description="In the waiting room before an alert is logged and counted.")
    transcript: int = Field(
        450, gt=0, description="First pause before a transcript is asked for again, doubled with each attempt."
    )
    grace: int = Field(
        600,
        gt=0,
        description="After `failed`, while a recording may still come: providers and operators send events again.",
    )
    removed_bot: int = Field(
        120, gt=0, description="After the removal of a bot, before the provider is asked what it recorded."
    )
    shared_bot: int = Field(
        60, gt=0, description="Between questions about a bot that reports to another of our meetings."
    )
    retry: int = Field(
        30, gt=0, description="Before another bot is sent: one sent at once would fail for the same reason."
    )
    give_up: int = Field(
        604_800, gt=0, description="After this time a provider that does not answer is not asked any more: a week."
    )
    account_retry: int = Field(
        60, gt=0, description="Between two attempts while the account is rejected: key revoked or tokens used up."
    )

    def for_status(self, status: MeetingStatus) -> timedelta:
        """How long a bot may stay in a status without an event."""
        seconds = {
            MeetingStatus.JOINING: self.joining,
            MeetingStatus.WAITING_ROOM: self.waiting_room,
            MeetingStatus.IN_CALL: self.in_call,
            MeetingStatus.RECORDING: self.recording,
            MeetingStatus.PAUSED: self.recording,
            MeetingStatus.ENDED: self.ended,
        }[status]
        return timedelta(seconds=seconds)
