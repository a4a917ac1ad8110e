"""What a policy wants of the meetings that it records: the bot, what is kept, and data to find them by. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, StrictBool

from minutekeeper.calendars.bot_texts import BotNameText, EntryMessageText, filled, values_of
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.limits import USUAL_IMPORTANCE
from minutekeeper.calendars.policy_context import StrictModel
from minutekeeper.meetings.fields import (
    MAX_BOT_NAME,
    MAX_ENTRY_MESSAGE,
    BotOptions,
    LanguageTag,
    ProviderName,
    RecordingMode,
    Vocabulary,
    WantedArtifacts,
)

Seconds = Annotated[int, Field(strict=True, ge=1, le=7200)]
MinutesAfterEnd = Annotated[int, Field(strict=True, ge=0, le=1440)]
MinutesOfStay = Annotated[int, Field(strict=True, ge=1, le=1440)]

_LONGEST_TEXTS = {"name": MAX_BOT_NAME, "entry_message": MAX_ENTRY_MESSAGE}


class BotOverrides(StrictModel):
    """Options of the bot that a policy sets; the others stay as they are. Timeouts are in seconds.

    `leave_at_end` and `longest_stay` are in minutes. Texts may name the event: `{title}`, `{organizer}`, `{user}`.
    """

    provider: ProviderName | None = None
    name: BotNameText | None = None
    image: str | None = None
    entry_message: EntryMessageText | None = None
    recording_mode: RecordingMode | None = None
    transcription_language: LanguageTag | None = None
    transcription_vocabulary: Vocabulary | None = None
    waiting_room_timeout: Seconds | None = None
    noone_joined_timeout: Seconds | None = None
    silence_timeout: Seconds | None = None
    leave_at_end: MinutesAfterEnd | None = None
    longest_stay: MinutesOfStay | None = None


class ArtifactOverrides(StrictModel):
    """What a policy wants to be kept of a meeting; what it does not say stays as it is."""

    recording: StrictBool | None = None
    transcript: StrictBool | None = None
    audio: StrictBool | None = None


def bot_options(event: CalendarEvent, my_emails: Iterable[str], *changes: BotOverrides | None) -> BotOptions | None:
    """The options of an event's bot, later changes before earlier ones; None if there are none."""
    options = merged_options(*changes)
    values = values_of(event, my_emails)
    for name, longest in _LONGEST_TEXTS.items():
        if name in options:
            options[name] = filled(options[name], values, longest)
            if not options[name]:
                del options[name]
    return BotOptions.model_validate(options) if options else None


def wanted_artifacts(*changes: ArtifactOverrides | None) -> WantedArtifacts | None:
    """What is kept of a meeting; None if no change says anything about it."""
    wanted = merged_options(*changes)
    return WantedArtifacts.model_validate(wanted) if wanted else None


def merged_options(*changes: StrictModel | None) -> dict[str, Any]:
    """What is said by any of the changes; of what several say, the last counts."""
    options: dict[str, Any] = {}
    for each in changes:
        options |= each.model_dump(exclude_none=True) if each else {}
    return options


_SENTENCES = {
    "provider": "The bot is sent by {}.",
    "name": "The bot is called {}.",
    "entry_message": "It writes when it joins: {}",
    "recording_mode": "It records in the mode {}.",
    "transcription_language": "The spoken language is {}.",
    "longest_stay": "It stays for at most {} minutes.",
    "leave_at_end": "It leaves {} minutes after the planned end.",
}


def describe_actions(
    bot: BotOptions | None,
    wanted: WantedArtifacts | None,
    metadata: Mapping[str, str],
    importance: int = USUAL_IMPORTANCE,
) -> Iterator[str]:
    """What is wanted of a meeting, beyond what goes for every meeting: one sentence each."""
    said = bot.model_dump(exclude_defaults=True) if bot else {}
    yield from (sentence.format(said[name]) for name, sentence in _SENTENCES.items() if name in said)
    if wanted is not None:
        kept = [name for name, is_wanted in wanted if is_wanted]
        yield f"Kept: {' and '.join(kept) or 'nothing'}."
        if not wanted.transcript:
            yield "No transcript is made."
    if metadata:
        yield f"Its data: {', '.join(f'{key}={value}' for key, value in sorted(metadata.items()))}."
    if importance != USUAL_IMPORTANCE:
        yield f"Where limits leave meetings out, its importance is {importance}."
