"""Answers over every limit: received in bounded memory, off the event loop, and understood all the same."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from devtools.simulator.transcripts import conversation, stored
from minutekeeper.providers import response_bodies
from minutekeeper.providers.base import UnavailableError
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.recordings import recorded_content
from tests.devtools.stack.processes import ROOT

HOURS = 10
MOST_MEBIBYTES = 64
"""What ten hours, 10 MiB of JSON, may add to a process; made into objects as a whole they added 128."""

PROGRAM = """
import asyncio, re, sys
from activities.transcripts import write_transcript
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.meetings.collection import CollectInput
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.recordings import recorded_content

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])

class Delivered:
    content = None

    async def read(self):
        self.content = self.content or await recorded_content(client, "b-1", None)
        return self.content

    async def transcript(self):
        found = await self.read()
        return found, found.transcript

async def main():
    global client
    client = MeetingBaasClient(sys.argv[1], "key")
    before = peak()
    order = CollectInput(bot_id="b-1", folder="m")
    result = await write_transcript(ArtifactStore(sys.argv[2]), order, Delivered())
    print(peak() - before, result.state.value)
    await client.aclose()

asyncio.run(main())
"""


def answer_of(hours: float, **bot_data: Any) -> dict[str, Any]:
    bot = {"uuid": "b-1", "recording_mode": "speaker_view", "ended_at": "2026-11-30T10:00:00Z"}
    transcripts = stored(conversation(hours * 3600), 1, "en")
    return {
        "mp4": "https://media.example/b-1.mp4?X-Amz-Expires=60",
        "duration": hours * 3600,
        "bot_data": {"bot": bot, "transcripts": transcripts} | bot_data,
    }


@asynccontextmanager
async def served(*texts: str) -> AsyncIterator[str]:
    """Answers with one text after the other, and the last one for ever."""
    left = list(texts)

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(text=left.pop(0) if len(left) > 1 else left[0], content_type="application/json")

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def collected(*texts: str) -> Any:
    async with served(*texts) as url:
        client = MeetingBaasClient(url, "key")
        try:
            return await recorded_content(client, "b-1", None)
        finally:
            await client.aclose()


async def test_a_long_transcript_is_the_same_by_way_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(answer_of(0.5))
    small = await collected(text)
    monkeypatch.setattr(response_bodies, "_LARGE_BYTES", 1000)
    large = await collected(text)

    assert len(small.transcript.segments) > 100
    assert large == small


@pytest.mark.parametrize("odd", ["NaN", '"\\ud83d"', "[1, null]", "9" * 5000])
async def test_a_large_answer_with_oddities_is_understood(monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setattr(response_bodies, "_LARGE_BYTES", 1000)
    text = json.dumps(answer_of(0.1, odd=1)).replace('"odd": 1', f'"odd": {odd}')
    found = await collected(text)
    assert len(found.transcript.segments) > 20
    assert found.media


async def test_an_answer_beyond_reason_costs_the_transcript_and_not_the_recording(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_bodies, "MOST_BYTES_ON_DISK", 100_000)
    found = await collected(json.dumps(answer_of(0.5)), json.dumps(answer_of(0.5, transcripts=[])))
    assert (found.transcript, found.transcript_failed, len(found.media)) == (None, True, 1)

    async with served(json.dumps(answer_of(0.5))) as url:
        client = MeetingBaasClient(url, "key")
        with pytest.raises(UnavailableError, match="answered GET /bots/meeting_data with more than"):
            await client.meeting_data("b-1")
        await client.aclose()


async def test_ten_hours_of_speech_take_little_memory(tmp_path: Any) -> None:
    async with served(json.dumps(answer_of(HOURS))) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PROGRAM, url, tmp_path.as_uri()), stdout=subprocess.PIPE, cwd=ROOT
        )
        said, _ = await process.communicate()
    grown, state = said.decode().split()
    assert state == "ready"
    assert int(grown) < MOST_MEBIBYTES * 1024, f"{int(grown) // 1024} MiB"
    assert sorted(path.name for path in (tmp_path / "m").glob("transcript.*")) == [
        *("transcript.json", "transcript.md", "transcript.srt", "transcript.txt", "transcript.vtt")
    ]
