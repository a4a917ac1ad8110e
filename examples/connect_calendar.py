"""Connects a user's primary calendar with a policy, and prints the decision about each coming event.

    connect_calendar.py CREDENTIALS.json POLICY.json

CREDENTIALS.json holds platform (google or microsoft), client_id, client_secret and refresh_token. Temporal, the
provider and the artifact store are found as the settings say (docs/settings.md). Run again with the same calendar,
it renews the credentials and keeps the policy.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from minutekeeper.calendars.policy import Policy
from minutekeeper.process import run_and_exit
from minutekeeper.providers.calendar_base import CalendarCredentials
from starter.calendars.client import CalendarClient
from starter.calendars.credentials import load_credentials
from starter.calendars.preview import read_policy
from starter.calendars.summaries import CalendarSummaryState
from starter.errors import MeetingError

FIRST_READING_SECONDS = 60


async def connect(credentials: CalendarCredentials, policy: Policy) -> None:
    """Connects the calendar, waits until its events were read, and prints what was decided."""
    async with CalendarClient.opened() as calendars:
        calendar_id = (await calendars.connect(credentials, policy=policy)).calendar_id
        print(calendar_id)
        for _ in range(FIRST_READING_SECONDS):
            if (await calendars.show(calendar_id)).summary.state is not CalendarSummaryState.SYNCING:
                break
            await asyncio.sleep(1)
        else:
            sys.exit("The calendar is connected, but its events were not read yet: does a worker run?")
        for event in await calendars.events(calendar_id):
            print(event.start_time.isoformat(), event.title, "-", event.reason)


def main() -> int:
    parser = argparse.ArgumentParser(description="Connects a calendar.")
    parser.add_argument("credentials", type=Path, help="JSON with the app's credentials and the user's token")
    parser.add_argument("policy", type=Path, help="a policy, as JSON: docs/policy.md")
    given = parser.parse_args()
    try:
        policy = read_policy(given.policy, "POLICY.json")
        asyncio.run(connect(load_credentials(given.credentials), policy))
    except MeetingError as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    # Because Temporal's native threads can abort the interpreter's shutdown and replace the exit code.
    run_and_exit(main)
