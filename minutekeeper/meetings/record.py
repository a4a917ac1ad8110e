"""The record of a meeting: all that is kept of it when Temporal has forgotten its workflow."""

from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.meetings.views import MeetingView, Outcome
from minutekeeper.text import without_link_details

MAX_RECORD_BYTES = 64 * 1024

_FEWEST = 4
"""Entries of a list that are always kept: the first and the last explain most."""
_SHORTENED = 300
"""Characters of a long text in a record that would be too large with all of it."""

_Item = TypeVar("_Item")


class BotRecord(BaseModel):
    """One bot. `first_seen_at` is when it first reported, `ended_at` when it left the call; both its own times."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
    sent_at: AwareDatetime
    first_seen_at: AwareDatetime | None = None
    recording_from: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class SpeakerShare(BaseModel):
    """How long one speaker spoke, and how many words they said."""

    model_config = ConfigDict(frozen=True)

    name: str
    seconds: float
    words: int


class RecordedFile(BaseModel):
    """One stored file: `name` is relative to the meeting's folder, `size` in bytes, `sha256` in hexadecimal."""

    model_config = ConfigDict(frozen=True)

    name: str
    content_type: str
    size: int
    sha256: str


class MeetingRecord(MeetingView):
    """How a meeting ended: its last view with the timeline, and what else is known of it then.

    Contains no transcript, no signed link and no token. `folder`, `files`, `speakers` and `release` are filled in
    by the process that stores the record.
    """

    format_version: Literal[1] = Field(1, alias="schema")
    run: str
    """The first run of the workflow. The same meeting, booked again after its end, is another run."""
    booked_at: AwareDatetime
    written_at: AwareDatetime
    """When the meeting ended for us."""
    sequence: int = 1
    """The number of the meeting's end among its events for other services."""
    duration_seconds: int = 0
    """Recorded time, by the reports of the bots."""
    notice: str = ""
    """The message with which the bot introduced itself in the call; empty if there was none."""
    bots: tuple[BotRecord, ...] = ()
    speakers: tuple[SpeakerShare, ...] = ()
    """Those who spoke longest come first."""
    folder: str = ""
    """Where the files are in the artifact store."""
    files: tuple[RecordedFile, ...] = ()
    release: str = ""
    """The release of Minutekeeper that wrote the record."""

    @property
    def view(self) -> MeetingView:
        """What the meeting's workflow would answer."""
        return MeetingView.model_validate({name: getattr(self, name) for name in MeetingView.model_fields})

    @property
    def outcome(self) -> Outcome:
        """The result of the meeting's workflow. Raises ValueError if the record has no evidence."""
        if self.evidence is None:
            raise ValueError(f"the record of {self.meeting_id} says not what its end rests on")
        shown = self.model_dump(include=set(Outcome.model_fields))
        return Outcome.model_validate(shown)

    def to_bytes(self) -> bytes:
        """The content of the record's file: at most MAX_RECORD_BYTES, because the longest lists are shortened."""
        record = self._without_link_details()
        if len(data := _bytes(record)) <= MAX_RECORD_BYTES:
            return data
        short = record.model_copy(
            update={
                "timeline": tuple(
                    each.model_copy(update={"text": each.text[:_SHORTENED]}) for each in record.timeline
                )
            }
        )
        while len(data := _bytes(short)) > MAX_RECORD_BYTES:
            lists = ("timeline", "artifacts", "files", "bots", "speakers", "calendars")
            name = max(lists, key=lambda each: len(getattr(short, each)))
            if len(getattr(short, name)) <= _FEWEST:
                raise ValueError(f"the record of {self.meeting_id} has {len(data)} bytes, however it is shortened")
            short = short.model_copy(update={name: _without_middle(getattr(short, name))})
        return data

    def _without_link_details(self) -> "MeetingRecord":
        """The record without the queries of links in texts of others, which may be signatures."""
        timeline = tuple(
            each.model_copy(update={"text": without_link_details(each.text)}) for each in self.timeline
        )
        update: dict[str, Any] = {"timeline": timeline, "trouble": without_link_details(self.trouble)}
        if self.evidence is not None:
            update["evidence"] = self.evidence.model_copy(update={"text": without_link_details(self.evidence.text)})
        return self.model_copy(update=update)


def _bytes(record: MeetingRecord) -> bytes:
    return f"{record.model_dump_json(by_alias=True, indent=1)}\n".encode()


def _without_middle(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    middle, quarter = len(items) // 2, max(len(items) // 8, 1)
    return items[: middle - quarter] + items[middle + quarter :]
