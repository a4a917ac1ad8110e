"""The bots of Meeting BaaS v1."""

from dataclasses import dataclass
from datetime import datetime

from devtools.simulator.media import MediaFile
from devtools.simulator.models import BotRequest
from devtools.simulator.state import BotLife
from devtools.simulator.transcripts import Segment, conversation

_LANGUAGE = "en"


class DuplicateBotError(Exception):
    """A bot went to the same meeting a short while ago."""


@dataclass(kw_only=True)
class Bot(BotLife):
    """One bot. `event_uuid` is that of the calendar event that it was scheduled for.

    A bot that is the `double_of` another was sent by the service for the request of that one.
    """

    number: int
    request: BotRequest
    event_uuid: str | None = None
    recording: MediaFile | None = None
    audio: MediaFile | None = None
    screenshot: MediaFile | None = None
    screenshot_at: datetime | None = None
    transcript: tuple[Segment, ...] | None = None
    transcriptions: int = 0

    @property
    def meeting_url(self) -> str:
        return self.request.meeting_url

    @property
    def files(self) -> dict[str, MediaFile]:
        """What can be fetched now, by file name."""
        if self.content_deleted:
            return {}
        return {file.name: file for file in (self.recording, self.audio, self.screenshot) if file}

    @property
    def final_code(self) -> str | None:
        """`complete` or `failed`, whichever came last."""
        return next((m.code for m in reversed(self.timeline) if m.code in ("complete", "failed")), None)

    def transcribe(self) -> None:
        """Make a transcript of what was recorded; each one differs from those before."""
        heard = self.recording is not None and not self.script.nobody_speaks
        self.transcript = conversation(self.recorded, self.transcriptions) if heard else ()
        self.transcriptions += 1

    @property
    def language(self) -> str:
        """The language of its transcript: that which was asked for in one of the ways of the transcriber."""
        asked = self.request.transcription_custom_parameters
        if not isinstance(asked, dict):
            return _LANGUAGE
        config = asked.get("language_config")
        languages = config.get("languages") if isinstance(config, dict) else None
        named = languages[0] if isinstance(languages, list) and languages else asked.get("language")
        return named if isinstance(named, str) and named else _LANGUAGE

    @property
    def speakers(self) -> list[str]:
        return sorted({segment.speaker for segment in self.transcript or ()})
