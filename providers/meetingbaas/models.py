"""The answers of the API, in every shape it has had since 2025. Bots' keys are left out: nobody here needs them."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from providers.meetingbaas.extra import ExtraField, ReceivedExtra
from providers.meetingbaas.fields import (
    Evidence,
    Flag,
    Identifier,
    Instant,
    Link,
    Number,
    Objects,
    SecretText,
    Text,
    Tolerant,
    objects,
)


class CreatedBot(Tolerant):
    bot_id: Identifier = ""


class Acknowledgement(Tolerant):
    """`status` is the word of delete_data: `deleted`, `partiallyDeleted`, `alreadyDeleted` or `noDataFound`."""

    ok: Flag = True
    status: Text = ""


class BotSummary(Tolerant):
    """A bot in a list. `ended_at` is None while it is at work."""

    bot_id: Identifier = Field("", validation_alias=AliasChoices("uuid", "id"))
    meeting_url: Text = ""
    created_at: Instant = None
    ended_at: Instant = None
    extra: ExtraField = ReceivedExtra()


class BotPage(Tolerant):
    """One page of bots; an answer without any list is no page, so that it is never taken for an empty one."""

    bots: Annotated[list[BotSummary], BeforeValidator(objects)] = Field(
        validation_alias=AliasChoices("bots", "recent_bots", "recentBots")
    )
    next_cursor: Text = ""


class BotDetails(Tolerant):
    """What meeting_data says of the bot itself. `errors` is empty unless it failed."""

    bot_id: Identifier = Field("", validation_alias=AliasChoices("uuid", "id"))
    meeting_url: Text = ""
    created_at: Instant = None
    bot_joined_at: Instant = None
    bot_exited_at: Instant = None
    ended_at: Instant = None
    errors: Evidence = ""
    recording_mode: Text = ""
    transcription_fails: Flag = False
    extra: ExtraField = ReceivedExtra()


class BotData(Tolerant):
    """`transcripts` stays as it came: `transcripts` reads it."""

    bot: BotDetails | None = None
    transcripts: Objects = Field([], repr=False)
    event_uuid: Identifier = ""


class MeetingData(Tolerant):
    """All about one bot. `mp4` and `audio` are signed URLs, empty if there is no file; `duration` is in seconds."""

    mp4: Link = ""
    audio: Link = ""
    duration: Number = None
    content_deleted: Flag = False
    bot_data: BotData = BotData()

    @property
    def has_recording(self) -> bool:
        return bool(self.mp4 or self.audio)


class Screenshot(Tolerant):
    date: Instant = None
    url: SecretText = ""


class AccountWebhook(Tolerant):
    webhook_url: Text = ""
