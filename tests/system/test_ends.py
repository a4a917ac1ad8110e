"""Every script of the simulated provider, and deliveries of every year, end as they should."""

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus, TranscriptState
from minutekeeper.meetings.views import Outcome
from tests.system.stack import KEY, RunningStack
from tests.system.test_good_day import meeting_url

pytestmark = pytest.mark.asyncio(loop_scope="session")

DONE, FAILED = MeetingStatus.COMPLETED, MeetingStatus.FAILED
READY, MISSING = TranscriptState.READY, TranscriptState.FAILED

ENDS: dict[str, tuple[MeetingStatus, FailureReason | None, int]] = {
    "normal": (DONE, None, 1),
    "paused": (DONE, None, 1),
    "rejected": (FAILED, FailureReason.NOT_ACCEPTED, 1),
    "waiting_room_timeout": (FAILED, FailureReason.WAITING_TIMEOUT, 3),
    "nobody_came": (FAILED, FailureReason.NOBODY_CAME, 1),
    "removed": (DONE, None, 1),
    "removed_early": (FAILED, FailureReason.REMOVED, 1),
    "invalid_url": (FAILED, FailureReason.INVALID_MEETING_URL, 1),
    "internal_error": (FAILED, FailureReason.PROVIDER_ERROR, 3),
    "silent": (DONE, None, 1),
    "no_final": (DONE, None, 1),
    "empty_complete": (FAILED, FailureReason.EMPTY_RECORDING, 1),
    "tiny_complete": (FAILED, FailureReason.EMPTY_RECORDING, 1),
    "failed_then_complete": (DONE, None, 1),
    "late_transcript": (DONE, None, 1),
}
"""How a meeting ends whose bots live by a script, and how many bots it takes."""


async def start(stack: RunningStack, script: str | dict[str, Any], **fields: Any) -> str:
    """A meeting that starts in a minute, so that its bot is sent from the pool at once."""
    url = meeting_url()
    await stack.script(url, script)
    name = f"meeting-{uuid.uuid4()}"
    request = MeetingRequest(meeting_url=url, start_time=datetime.now(UTC) + timedelta(minutes=1), **fields)
    await stack.client.start_workflow("MeetingWorkflow", request, id=name, task_queue="meetings")
    return name


async def test_every_script_ends_as_it_should(stack: RunningStack) -> None:
    names = {script: await start(stack, script) for script in ENDS}
    outcomes = {script: await stack.outcome(name, 100) for script, name in names.items()}
    sent = {script: len(await stack.bots_of(name)) for script, name in names.items()}
    assert {script: (outcome.status, outcome.reason, sent[script]) for script, outcome in outcomes.items()} == ENDS
    for script, outcome in outcomes.items():
        assert outcome.transcript is READY or outcome.status is FAILED, script
        assert outcome.evidence.event


async def test_audio_only_and_no_transcript(stack: RunningStack) -> None:
    options = {"bot": {"recording_mode": "audio_only"}, "wanted": {"transcript": False}}
    outcome = await stack.outcome(await start(stack, "normal", **options))
    names = {artifact.path.rsplit("/", 1)[1] for artifact in outcome.artifacts}
    assert names == {"recording.mp3", "manifest.json"}
    assert outcome.transcript is TranscriptState.NOT_ASKED


class Deliveries:
    """Webhooks written by hand for a bot whose own ones never come."""

    def __init__(self, stack: RunningStack, name: str, bot: dict[str, Any]) -> None:
        self._stack, self._name, self._bot = stack, name, bot

    @classmethod
    async def of(cls, stack: RunningStack) -> "Deliveries":
        name = await start(stack, {"steps": [{"after": 1, "code": "joining_call"}], "send_statuses": False})
        await stack.until(name, "bot_sent")
        (bot,) = await stack.bots_of(name)
        return cls(stack, name, bot)

    async def send(self, event: str, *, key: str = KEY, **data: Any) -> int:
        body = {"event": event, "data": {"bot_id": self._bot["id"]} | data}
        async with self._stack.http.post(
            self._bot["webhook_url"], data=json.dumps(body), headers={"x-meeting-baas-api-key": key}
        ) as answer:
            return answer.status

    async def status(self, code: str, second: int, **more: Any) -> int:
        at = (datetime.now(UTC) + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
        return await self.send("bot.status_change", status={"code": code, "created_at": at} | more)

    async def recording(self) -> str:
        """A link to a real recording, lent by a bot that has one."""
        lender = await start(self._stack, "normal")
        outcome = await self._stack.outcome(lender)
        simulator = self._stack.addresses["simulator"]
        async with self._stack.http.get(
            f"{simulator}/bots/meeting_data",
            params={"bot_id": outcome.bot_id},
            headers={"x-meeting-baas-api-key": KEY},
        ) as answer:
            link: str = (await answer.json())["mp4"]
            return link

    async def outcome(self) -> Outcome:
        return await self._stack.outcome(self._name)


SPOKEN = [{"speaker": "Ada", "words": [{"start": 1.0, "end": 1.5, "word": "Hello"}]}]


async def test_a_complete_of_march_2025_after_swapped_and_doubled_statuses(stack: RunningStack) -> None:
    bot = await Deliveries.of(stack)
    for code, second in (("call_ended", 4), ("in_call_recording", 3), ("joining_call", 1), ("call_ended", 4)):
        assert await bot.status(code, second) == 200
    assert await bot.send("complete", mp4=await bot.recording(), speakers=["Ada"], transcript=SPOKEN) == 200
    outcome = await bot.outcome()
    assert (outcome.status, outcome.transcript) == (DONE, READY)


async def test_a_complete_of_2024_with_an_integer_id_and_no_words(stack: RunningStack) -> None:
    bot = await Deliveries.of(stack)
    link = await bot.recording()
    assert await bot.send("complete", bot_id=4711, mp4=link, speakers=["Ada"], transcript=SPOKEN) == 200
    assert (await bot.outcome()).status is DONE


async def test_a_redelivered_final_with_a_fresh_link_replaces_a_dead_one(stack: RunningStack) -> None:
    bot = await Deliveries.of(stack)
    link = await bot.recording()
    assert await bot.send("failed", error="InternalError : the page crashed", message="", event_uuid=None) == 200
    assert await bot.send("complete", mp4=link, transcript=SPOKEN, audio="", extra=None, event_uuid=None) == 200
    assert (await bot.outcome()).status is DONE


async def test_nothing_forged_or_broken_gets_in(stack: RunningStack) -> None:
    bot = await Deliveries.of(stack)
    assert await bot.send("complete", key="wrong", mp4="https://example.com/a.mp4") == 401
    url = bot._bot["webhook_url"]
    async with aiohttp.ClientSession(headers={"x-meeting-baas-api-key": KEY}) as session:
        for body, status in ((b"{", 400), (b"[]", 400), (b'{"event": "meeting.started", "data": {}}', 200)):
            async with session.post(url, data=body) as answer:
                assert answer.status == status
        async with session.post(url[:-1] + ("0" if url[-1] != "0" else "1"), data=b"{}") as answer:
            assert answer.status == 401
    history = await stack.history(bot._name)
    assert "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED" not in history
    await asyncio.wait_for(stack.handle(bot._name).cancel(), 10)
