"""A client that a public generator makes from the document: it books, reads and cancels, and knows the problems."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.docs.generate import DOCS
from tests.system.stack import ROOT
from tests.web.api.test_meetings import booking
from tests.web.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENVIRONMENT = ROOT / ".venv" / "generator" / "bin"

PROGRAM = """
import datetime
import json
import sys

from generated import AuthenticatedClient
from generated.api.files import get_transcript
from generated.api.meetings import book_meeting, book_meetings, cancel_meeting, get_meeting, list_meetings
from generated.models import (
    BookedDetail, BookingOutcome, BookMeeting, BookMeetingMetadata, BookMeetings, MeetingDetail, MeetingPage,
    MeetingStatus, Problem, ProblemCode, StopMeeting, TranscriptFormat,
)

url, key, link, start, later = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key)
metadata = BookMeetingMetadata()
metadata["from"] = "generated"
wanted = BookMeeting(
    meeting_url=link, start_time=datetime.datetime.fromisoformat(start), title="Generated", metadata=metadata
)

booked = book_meeting.sync(client=client, body=wanted)
assert isinstance(booked, BookedDetail), booked
assert booked.booking is BookingOutcome.BOOKED
again = book_meeting.sync(client=client, body=wanted)
assert again.booking is BookingOutcome.ALREADY_BOOKED
assert again.view.title == "Generated"

shown = get_meeting.sync(booked.workflow_id, client=client)
assert isinstance(shown, MeetingDetail), shown
assert shown.status is MeetingStatus.SCHEDULED
assert shown.start_time == wanted.start_time
assert shown.metadata["from"] == "generated"
assert shown.end_time is None

page = list_meetings.sync(client=client, title="Generated", status=MeetingStatus.SCHEDULED, limit=5)
assert isinstance(page, MeetingPage), page
assert [each.workflow_id for each in page.items] == [booked.workflow_id]

other = BookMeeting(meeting_url=link, start_time=datetime.datetime.fromisoformat(later))
wrong = BookMeeting(meeting_url="https://example.com/", start_time=wanted.start_time)
first, second = book_meetings.sync(client=client, body=BookMeetings(meetings=[other, wrong])).results
assert first.meeting.booking is BookingOutcome.BOOKED, first
assert second.problem.code is ProblemCode.INVALID_REQUEST

refused = book_meeting.sync_detailed(client=client, body=wrong)
assert refused.status_code == 422
assert isinstance(refused.parsed, Problem)
assert refused.parsed.code is ProblemCode.INVALID_REQUEST
assert [each.field for each in refused.parsed.errors] == ["meeting_url"]

unknown = get_meeting.sync_detailed("no-such-meeting", client=client)
assert unknown.status_code == 404
assert unknown.parsed.code is ProblemCode.NOT_FOUND

early = get_transcript.sync(booked.workflow_id, client=client, format_=TranscriptFormat.VTT)
assert early.code is ProblemCode.NOT_READY

cancelled = cancel_meeting.sync(booked.workflow_id, client=client, body=StopMeeting(why="called off"))
assert cancelled.status is MeetingStatus.CANCELLED
print(json.dumps({"cancelled": cancelled.workflow_id}))
"""


async def run(*command: str | Path, folder: Path) -> str:
    """The output of a program that ends well."""
    done = await asyncio.to_thread(
        subprocess.run,
        [*map(str, command)],
        cwd=folder,
        env={"PATH": f"{ENVIRONMENT}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(not (ENVIRONMENT / "python").exists(), reason="make .venv/.generator installs it")
async def test_a_client_generated_from_the_document_books_a_meeting(api: Api, tmp_path: Path) -> None:
    told = await run(
        *(ENVIRONMENT / "openapi-python-client", "generate", "--path", DOCS / "openapi.json"),
        *("--output-path", tmp_path / "generated", "--meta", "none", "--fail-on-warning"),
        folder=tmp_path,
    )
    assert "WARNING" not in told
    (tmp_path / "program.py").write_text(PROGRAM)
    first, second = booking(610), booking(611)
    out = await run(
        *(ENVIRONMENT / "python", "program.py", api.url, api.keys["all"], first["meeting_url"]),
        *(first["start_time"], second["start_time"]),
        folder=tmp_path,
    )
    assert json.loads(out)["cancelled"].startswith("meeting-")
