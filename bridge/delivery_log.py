"""One log line for each delivery: enough to follow it, and nothing that opens a door."""

import logging
import traceback
from dataclasses import dataclass
from typing import Self

from bridge.delivery import DeliveryOutcome
from bridge.forwarder import ForwardResult
from minutekeeper.storage.errors import StoreError

logger = logging.getLogger(__name__)

_LONGEST_VALUE = 300
_LEVELS = {
    DeliveryOutcome.TEMPORAL_DOWN.value: logging.WARNING,
    DeliveryOutcome.RETRY_LATER.value: logging.WARNING,
    DeliveryOutcome.REFUSED.value: logging.ERROR,
}


@dataclass
class DeliveryLogEntry:
    """What is known of a delivery so far. Never give it a body, a header or an address that carries a token."""

    workflow_id: str = ""
    bot_id: str = ""
    event: str = ""
    outcome: str = ""
    detail: str = ""

    @classmethod
    def of(cls, handover: ForwardResult) -> Self:
        line = cls()
        line.add(handover)
        return line

    def add(self, handover: ForwardResult) -> None:
        self.workflow_id = handover.delivery.workflow_id
        self.bot_id = handover.delivery.bot_id
        self.event = handover.delivery.event
        self.outcome = handover.outcome.value
        self.detail = handover.detail

    def write(self, answer: int | None = None) -> None:
        """`answer` is the HTTP status the sender got; without one, the delivery came from the inbox."""
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


class _WithoutTraceback(logging.Filter):
    """What aiohttp says of a broken request quotes it, with its token and key: only the kind of error may pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[0].__name__}", ()
            record.exc_info = None
        return True


http_logger = logging.getLogger("bridge.http")
"""For aiohttp's own messages."""
http_logger.addFilter(_WithoutTraceback())


def without_secrets(error: Exception) -> str:
    """What went wrong: in its own words if they are ours, else only its type and place, for it may quote a body."""
    if isinstance(error, StoreError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__name__} in {frame.name}, {frame.filename}:{frame.lineno}"


def _on_one_line(text: str) -> str:
    """Ids come from outside, some from people who may not even knock: none of them may fake a line."""
    text = text[:_LONGEST_VALUE]
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)
