"""A provider that tells what a test wants it to tell; only collecting is asked of it here."""

from collections.abc import Callable
from typing import cast

from pydantic import ValidationError

from minutekeeper.providers.base import Provider, ProviderError, UnavailableError
from minutekeeper.providers.recorded_content import BotScreenshot, Media, RecordedContent
from minutekeeper.transcripts.model import Transcript

Answer = RecordedContent | ProviderError


class FakeProvider:
    """Answers from `pushed` if a stored delivery is given to it, else from `asked`."""

    def __init__(self, asked: Callable[[], Answer], pushed: Callable[[], Answer] | None = None) -> None:
        self._asked = asked
        self._pushed = pushed
        self.bodies: list[bytes | None] = []
        self.pictures: list[BotScreenshot] | ProviderError = []

    @property
    def name(self) -> str:
        return "fake"

    @property
    def port(self) -> Provider:
        return cast("Provider", self)

    async def screenshots(self, bot_id: str) -> list[BotScreenshot]:
        assert bot_id == "bot-1"
        if isinstance(self.pictures, ProviderError):
            raise self.pictures
        return self.pictures

    async def get_recorded_content(self, bot_id: str, pushed: bytes | None) -> RecordedContent:
        assert bot_id == "bot-1"
        self.bodies.append(pushed)
        answer = self._pushed() if pushed is not None and self._pushed else self._asked()
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    def parse_transcript(self, body: bytes) -> Transcript:
        """A transcript in our own form stands for that of the provider."""
        try:
            return Transcript.model_validate_json(body)
        except ValidationError as error:
            raise UnavailableError("no transcript") from error


def recorded(url: str, extension: str = "mp4", duration: float | None = 60) -> RecordedContent:
    media = (Media(url=url, extension=extension, expires_at=None),)
    return RecordedContent(media=media, transcript=None, duration=duration)
