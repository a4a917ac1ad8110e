"""Books a meeting over Minutekeeper's HTTP API and prints its id: with httpx, and without a library of ours.

    book_over_api.py URL START [--title TITLE] [--wait]

START is an instant with a zone, such as 2027-01-11T10:00:00Z. MK_API_URL is the address of `minutekeeper web`, and
MK_API_KEY a key with the scopes book and read (`make dev` writes both into the file that it names). With --wait,
the program stays until the meeting has ended and prints its status. Programs that may use our code are shorter
with `MeetingClient.over_http`.
"""

import argparse
import os
import sys
import time
from typing import Any

import httpx

TRIES = 5


def ask(api: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
    """The answer of the API, which is asked again where it is busy; ends the program where it refuses."""
    for attempt in range(1, TRIES + 1):
        try:
            answer = api.request(method, path, **options)
        except httpx.TransportError as error:
            if attempt == TRIES:
                sys.exit(f"The API does not answer: {error}")
            time.sleep(attempt)
            continue
        if answer.status_code in {429, 503} and attempt < TRIES:
            time.sleep(float(answer.headers.get("Retry-After", attempt)))
            continue
        break
    if answer.is_error:
        sys.exit(f"The API answered {answer.status_code}: {answer.json()['detail']}")
    return answer


def wait_for_end(api: httpx.Client, meeting: str) -> str:
    """The final status. Each answer is held back for half a minute, or until something happens."""
    headers: dict[str, str] = {}
    while True:
        answer = ask(api, "GET", f"/api/v1/meetings/{meeting}?wait=30", headers=headers)
        if answer.status_code != 304:
            status: str = answer.json()["status"]
            if status in {"completed", "failed", "cancelled"}:
                return status
            headers = {"If-None-Match": answer.headers["ETag"]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Books a meeting.")
    parser.add_argument("url", help="a Google Meet, Zoom or Microsoft Teams link")
    parser.add_argument("start", help="an instant with a zone, such as 2027-01-11T10:00:00Z")
    parser.add_argument("--title", default="")
    parser.add_argument("--wait", action="store_true", help="wait for the end of the meeting")
    given = parser.parse_args()
    with httpx.Client(
        base_url=os.environ.get("MK_API_URL", "http://127.0.0.1:8092"),
        headers={"Authorization": f"Bearer {os.environ.get('MK_API_KEY', '')}"},
        timeout=60,
    ) as api:
        wanted = {"meeting_url": given.url, "start_time": given.start, "title": given.title}
        # The same link and start are the same meeting, so this may be repeated when an answer was lost.
        booked = ask(api, "POST", "/api/v1/meetings", json=wanted).json()
        print(booked["meeting_id"], booked["booking"], flush=True)
        if given.wait:
            print(wait_for_end(api, booked["workflow_id"]))


if __name__ == "__main__":
    main()
