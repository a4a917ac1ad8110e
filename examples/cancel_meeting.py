"""Cancels a meeting, or only has its bot leave the call.

    cancel_meeting.py ID [--why REASON] [--only-leave]

ID is a meeting id or a workflow id. What the bot recorded until then is kept.
"""

import argparse
import asyncio
import sys

from minutekeeper.process import run_and_exit
from starter.client import MeetingClient
from starter.errors import MeetingError


async def cancel(meeting: str, why: str, *, only_leave: bool) -> None:
    """Cancels the meeting and prints its status afterwards."""
    client = await MeetingClient.connect()
    view = await (client.leave(meeting, why) if only_leave else client.cancel(meeting, why))
    print(view.meeting_id, view.status)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cancels a meeting.")
    parser.add_argument("id", help="a meeting id or a workflow id")
    parser.add_argument("--why", default="", help="the reason, for the meeting's timeline")
    parser.add_argument(
        "--only-leave", action="store_true", help="have the bot leave; the meeting is not cancelled"
    )
    given = parser.parse_args()
    try:
        asyncio.run(cancel(given.id, given.why, only_leave=given.only_leave))
    except MeetingError as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    # Because Temporal's native threads can abort the interpreter's shutdown and replace the exit code.
    run_and_exit(main)
