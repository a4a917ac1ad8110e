"""One structured log line per webhook delivery. Never contains bodies, headers or tokens."""

import logging
import traceback
from dataclasses import dataclass
from typing import Self

from bridge.delivery import DeliveryOutcome
from bridge.forwarder import ForwardResult
from minutekeeper.storage.errors import StoreError

logger = logging.getLogger(__name__)

_MAX_VALUE_LENGTH = 300
_LEVELS = {
    DeliveryOutcome.TEMPORAL_DOWN.value: logging.WARNING,
    DeliveryOutcome.RETRY_LATER.value: logging.WARNING,
    DeliveryOutcome.REFUSED.value: logging.ERROR,
}


@dataclass
class DeliveryLogEntry:
    """What is known of a delivery so far. Never add a body, a header or a URL that contains a token."""

    workflow_id: str = ""
    bot_id: str = ""
    event: str = ""
    outcome: str = ""
    detail: str = ""

    @classmethod
    def of(cls, result: ForwardResult) -> Self:
        line = cls()
        line.add(result)
        return line

    def add(self, result: ForwardResult) -> None:
        self.workflow_id = result.delivery.workflow_id
        self.bot_id = result.delivery.bot_id
        self.event = result.delivery.event
        self.outcome = result.outcome.value
        self.detail = result.detail

    def write(self, answer: int | None = None) -> None:
        """Writes the line. `answer` is the HTTP status that was sent.

        Without one, the delivery came from the inbox.
        """
        fields = {name: _on_one_line(value) for name, value in vars(self).items()}
        level = _LEVELS.get(self.outcome, logging.INFO)
        if answer is not None:
            level = max(level, logging.ERROR if answer >= 500 else logging.WARNING if answer >= 400 else level)
        logger.log(
            level,
            "webhook %s: %s%s%s",
            "from the inbox" if answer is None else f"answered {answer}",
            f"{fields['event']}: " if self.event else "",
            fields["outcome"],
            f" ({fields['detail']})" if self.detail else "",
            extra={**fields, "answer": answer},
        )


class WithoutTraceback(logging.Filter):
    """Reduces aiohttp's messages to the type of the error, because they quote requests with tokens and keys."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[0].__name__}", ()
            record.exc_info = None
        return True


http_logger = logging.getLogger("bridge.http")
"""The logger that aiohttp writes to."""
http_logger.addFilter(WithoutTraceback())


def without_secrets(error: Exception) -> str:
    """The message of an error of ours; of any other only type and place, because its message may quote a body."""
    if isinstance(error, StoreError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} in {frame.name}, {frame.filename}:{frame.lineno}"


def _on_one_line(text: str) -> str:
    """IDs are untrusted input: non-printable characters are replaced to prevent log injection."""
    text = text[:_MAX_VALUE_LENGTH]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
