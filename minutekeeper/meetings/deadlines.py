"""How long each phase may go without news before the workflow asks the API itself: one table, reasons beside."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from minutekeeper.meetings.status import MeetingStatus


class Deadlines(BaseModel):
    """Seconds per phase. Each is a setting, `MINUTEKEEPER_DEADLINE_<NAME>`."""

    model_config = ConfigDict(frozen=True)

    first_webhook: int = Field(
        180, gt=0, description="Sent, expected, and not a word: the webhook URL may be wrong."
    )
    joining: int = Field(300, gt=0, description="Joining takes a minute; a fresh machine up to four.")
    waiting_room: int = Field(
        780, gt=0, description="Bots give up after ten minutes; Google Meet throws them out then."
    )
    in_call: int = Field(900, gt=0, description="In the call without recording: nobody came within ten minutes.")
    recording: int = Field(
        2400, gt=0, description="A recording needs no webhook for long, and each question costs an action."
    )
    ended: int = Field(
        1260,
        gt=0,
        description="From leaving to the final event; the bot repeats that call for twenty minutes.",
    )
    max_bot_lifetime: int = Field(
        18_000, gt=0, description="No bot of the provider stays in a call for longer than five hours."
    )
    relief: int = Field(
        600, gt=0, description="So long before that a bot leaves a running meeting, and another one is sent."
    )
    lobby: int = Field(120, gt=0, description="A bot that nobody lets in for so long is worth an alert.")
    transcript: int = Field(
        450, gt=0, description="Transcription ends minutes after the recording; asked again after twice as long."
    )
    grace: int = Field(
        600, gt=0, description="A `failed` may be followed by a recording: providers and operators resend."
    )
    removed_bot: int = Field(
        120, gt=0, description="A removed bot needs a moment to say what it recorded before we ask."
    )
    shared_bot: int = Field(
        60, gt=0, description="The bot of another of our meetings reports there, so this one asks."
    )
    retry: int = Field(
        30, gt=0, description="A second bot sent at once would meet the trouble that ended the first."
    )
    give_up: int = Field(
        604_800, gt=0, description="A provider that has been silent for a week is not asked any more."
    )
    account_retry: int = Field(
        60, gt=0, description="Between two tries while the account is refused: key revoked, tokens used up."
    )

    def for_status(self, status: MeetingStatus) -> timedelta:
        """The time without news that a bot may spend in a status."""
        seconds = {
            MeetingStatus.JOINING: self.joining,
            MeetingStatus.WAITING_ROOM: self.waiting_room,
            MeetingStatus.IN_CALL: self.in_call,
            MeetingStatus.RECORDING: self.recording,
            MeetingStatus.PAUSED: self.recording,
            MeetingStatus.ENDED: self.ended,
        }[status]
        return timedelta(seconds=seconds)
