"""Logs that name the meeting and the bot they speak of, as text for people or JSON for programs."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter
from temporalio import workflow

from minutekeeper.meetings.ids import meeting_id_from_workflow_id

_LOGGERS_OF_URLS = ("aiohttp.access", "httpx")
"""They log whole URLs at INFO, and ours carry tokens and signatures."""


class _MeetingFilter(logging.Filter):
    """Gives each record `meeting_id` and `bot_id`, taken from Temporal's context where the code runs in one."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = getattr(record, "temporal_workflow", None) or getattr(record, "temporal_activity", None) or {}
        workflow_id = getattr(record, "workflow_id", None) or context.get("workflow_id") or ""
        names = {"meeting_id": meeting_id_from_workflow_id(workflow_id), "bot_id": getattr(record, "bot_id", "")}
        subject = " ".join(name for name in names.values() if name)
        record.__dict__.update(names, subject=f"[{subject}] " if subject else "")
        return True


def set_up_logging(*, json: bool, level: str) -> None:
    """Sends the logs of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_MeetingFilter())
    if json:
        names = "%(asctime)s %(levelname)s %(name)s %(meeting_id)s %(bot_id)s %(message)s"
        handler.setFormatter(JsonFormatter(names, rename_fields={"asctime": "time", "levelname": "level"}))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(subject)s%(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The filter above names what a line is about.
    workflow.logger.workflow_info_on_message = False
    for name in _LOGGERS_OF_URLS:
        logging.getLogger(name).setLevel(logging.WARNING)
