"""Books a meeting with the Python client and prints its id.

    book_meeting.py URL START [--title TITLE] [--wait]

START is an instant with a zone, such as 2027-01-11T10:00:00Z. With --wait, the program stays until the meeting has
ended and prints its status and files. Temporal is found as TEMPORAL_ADDRESS and Temporal's other variables say.
"""

import argparse
import asyncio
import sys

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.process import run_and_exit
from starter.client import MeetingClient
from starter.errors import MeetingError
from starter.inputs import parse_input


async def book(request: MeetingRequest, *, wait: bool) -> None:
    """Books the meeting. Booking the same link and start again gives the same meeting."""
    client = await MeetingClient.connect()
    booked = await client.start(request)
    print(booked.meeting_id)
    if wait:
        outcome = await client.wait(booked.meeting_id)
        print(outcome.status, *(artifact.path for artifact in outcome.artifacts))


def main() -> int:
    parser = argparse.ArgumentParser(description="Books a meeting.")
    parser.add_argument("url", help="a Google Meet, Zoom or Microsoft Teams link")
    parser.add_argument("start", help="an instant with a zone, such as 2027-01-11T10:00:00Z")
    parser.add_argument("--title", default="")
    parser.add_argument("--wait", action="store_true", help="wait for the end of the meeting")
    given = parser.parse_args()
    fields = {"meeting_url": given.url, "start_time": given.start, "title": given.title}
    try:
        request = parse_input(MeetingRequest, fields | {"bot": {"name": "Example bot"}})
        asyncio.run(book(request, wait=given.wait))
    except MeetingError as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    # Because Temporal's native threads can abort the interpreter's shutdown and replace the exit code.
    run_and_exit(main)
