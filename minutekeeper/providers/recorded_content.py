"""What a bot recorded, as a provider lists it: files behind links that work for hours."""

from dataclasses import dataclass
from datetime import datetime

from minutekeeper.transcripts.model import Transcript


@dataclass(frozen=True, kw_only=True)
class Media:
    """A recording that can be downloaded now. `url` is signed and short-lived: never log or store it.

    `expires_at` is when the URL stops working, where the URL says so (UTC). `extension` is that of the
    URL; the first bytes of the file decide. `part` counts a bot's recordings in the order of their start.
    """

    url: str
    extension: str
    expires_at: datetime | None
    part: int = 0


@dataclass(frozen=True, kw_only=True)
class TranscriptLink:
    """A transcript that can be downloaded now, in the provider's format. `url` is as that of a Media.

    `offset` is where its recording begins, in seconds after the beginning of the first recording.
    """

    url: str
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RecordedContent:
    """The recordings and the transcript of a bot. A recording that does not exist, or not yet, is not listed.

    `media` has one file of each recording; `is_pending` says that the provider is still preparing one. `audio` is
    the sound as a file of its own, if there is one beside the video. `transcript` is None while the provider has
    none, or where `transcript_links` lead to it; `is_transcript_pending` says that one is still to come, whatever
    was announced; `transcript_failed` says that there will never be one. `deleted` says that the provider has
    deleted its copy. `duration` is in seconds, None if not said.
    """

    media: tuple[Media, ...]
    transcript: Transcript | None
    transcript_links: tuple[TranscriptLink, ...] = ()
    is_pending: bool = False
    is_transcript_pending: bool = False
    audio: Media | None = None
    transcript_failed: bool = False
    deleted: bool = False
    duration: float | None = None


@dataclass(frozen=True, kw_only=True)
class BotScreenshot:
    """A picture of what a bot saw. `url` is signed and short-lived: never log or keep it."""

    url: str
    taken_at: datetime | None = None
