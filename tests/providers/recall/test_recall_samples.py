"""Every sample payload of Recall.ai, read as its manifest says that a correct receiver reads it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import MeetingStatus
from minutekeeper.providers.base import (
    AccountError,
    BotWebhook,
    CalendarWebhook,
    CapacityError,
    IgnoredWebhook,
    NotFoundError,
    ProviderBotStatus,
    ProviderError,
    RequestRejectedError,
)
from minutekeeper.providers.fields import parse_time
from minutekeeper.providers.recall.http import CodedRejectionError
from minutekeeper.providers.recall.provider import RecallProvider
from tests.providers.recall.support import ADDRESS, ORDER, expectations, needs_samples, sample, signed
from tests.providers.response_server import Answer, ToldServer

pytestmark = needs_samples
NOW = datetime(2026, 12, 1, tzinfo=UTC)
PHASES = {
    "joining": MeetingStatus.JOINING,
    "waiting_room": MeetingStatus.WAITING_ROOM,
    "in_call": MeetingStatus.IN_CALL,
    "in_call_denied": MeetingStatus.IN_CALL,
    "recording": MeetingStatus.RECORDING,
    "left": MeetingStatus.ENDED,
}
ENDS = {"finished": BotEventKind.SETTLED, "failed": BotEventKind.FAILED}
TRANSCRIPTS = {"done": BotEventKind.TRANSCRIPTION_COMPLETE, "failed": BotEventKind.TRANSCRIPTION_FAILED}


@pytest.mark.parametrize(("name", "expect"), expectations("webhook"))
def test_webhooks(recall: RecallProvider, name: str, expect: dict[str, Any]) -> None:
    body = json.dumps(sample(name)).encode()
    headers = signed(body)
    assert recall.may_accept_webhook(headers)
    assert recall.accepts_webhook(headers, body)
    notice = recall.parse_webhook(headers, body, NOW)
    if expect["category"].startswith("calendar."):
        assert isinstance(notice, CalendarWebhook)
        assert (notice.calendar_id, notice.event_ids, notice.everything) == (expect["calendar_id"], (), False)
        assert notice.is_about_access is (expect["category"] == "calendar.update")
        return
    if isinstance(notice, IgnoredWebhook):
        assert expect["category"].startswith(("ignored", "artifact_status"))
        assert not (expect.get("artifact") == "transcript" and expect["code"] in TRANSCRIPTS)
        return
    assert isinstance(notice, BotWebhook)
    event = notice.event
    assert (event.bot_id, notice.delivery) == (expect["bot_id"], "msg_1")
    assert event.occurred_at == (parse_time(expect.get("occurred_at")) or event.occurred_at)
    if expect["category"] == "artifact_status":
        assert event.kind is TRANSCRIPTS[expect["code"]]
        assert event.text == (expect["sub_code"] or "")
    elif expect["phase"] in ENDS:
        assert event.kind is ENDS[expect["phase"]]
    else:
        assert (event.kind, event.status) == (BotEventKind.STATUS, PHASES[expect["phase"]])
        assert (event.code, event.text) == (expect["code"], expect["sub_code"] or "")


@pytest.mark.parametrize(("name", "expect"), expectations("realtime", "realtime_request", "webhook_other_provider"))
def test_what_is_not_signed_by_the_workspace(recall: RecallProvider, name: str, expect: dict[str, Any]) -> None:
    payload = sample(name)
    body = json.dumps(payload.get("body", payload)).encode()
    assert not recall.accepts_webhook(payload.get("headers", {}), body)
    if expect.get("category") == "realtime":
        assert isinstance(recall.parse_webhook({}, body, NOW), IgnoredWebhook)


ERRORS = {
    400: CodedRejectionError,
    401: AccountError,
    403: RequestRejectedError,
    404: NotFoundError,
    405: CodedRejectionError,
    507: CapacityError,
}


@pytest.mark.parametrize(("name", "expect"), expectations("error"))
async def test_errors(recall: RecallProvider, server: ToldServer, name: str, expect: dict[str, Any]) -> None:
    assert expect["class"]
    told = sample(name)
    server.always = Answer(told["body"], status=told["status"], headers=told["headers"])
    with pytest.raises(ProviderError) as caught:
        await recall.get_bot_origin("b-1")
    assert isinstance(caught.value, ERRORS[told["status"]])
    code = told["body"].get("code")
    if isinstance(caught.value, CodedRejectionError):
        assert caught.value.code == (code if isinstance(code, str) else "")
    said = [each for value in told["body"].values() for each in (value if isinstance(value, list) else [value])]
    assert any(str(each) in str(caught.value) for each in said)


STATUSES: dict[str, tuple[ProviderBotStatus, MeetingStatus | None, BotEventKind | None]] = {
    "status_changes.in-call": (ProviderBotStatus.OPEN, MeetingStatus.RECORDING, None),
    "status_changes.unknown-last": (ProviderBotStatus.OPEN, None, None),
    "status_changes.out-of-order": (ProviderBotStatus.COMPLETE, MeetingStatus.ENDED, BotEventKind.COMPLETE),
    "status_changes.nobody-joined": (ProviderBotStatus.FAILED, MeetingStatus.ENDED, BotEventKind.FAILED),
    "status_changes.fatal-waiting-room": (
        ProviderBotStatus.FAILED,
        MeetingStatus.WAITING_ROOM,
        BotEventKind.FAILED,
    ),
    "retrieve_bot.media-expired": (ProviderBotStatus.COMPLETE, None, BotEventKind.COMPLETE),
    "retrieve_bot.done-no-transcript": (ProviderBotStatus.COMPLETE, None, BotEventKind.COMPLETE),
}


@pytest.mark.parametrize("name", STATUSES)
async def test_statuses(recall: RecallProvider, server: ToldServer, name: str) -> None:
    server.always = Answer(sample(f"responses/{name}.json"))
    seen = await recall.get_bot_status("b-1")
    reality, last, final = STATUSES[name]
    assert seen.status is reality
    statuses = [event.status for event in seen.events if event.kind is BotEventKind.STATUS]
    assert (statuses[-1] if statuses else None) is last
    assert seen.events == tuple(sorted(seen.events, key=lambda event: event.occurred_at))
    assert [event.kind for event in seen.events if event.kind is not BotEventKind.STATUS] == (
        [final] if final else []
    )


async def test_a_new_bot_waits_for_its_time(recall: RecallProvider, server: ToldServer) -> None:
    server.always = Answer(sample("responses/create_bot.201.json"), status=201)
    sent = await recall.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    assert sent.bot_id == sample("responses/create_bot.201.json")["id"]
    seen = await recall.get_bot_status(sent.bot_id)
    assert (seen.status, seen.events) == (ProviderBotStatus.OPEN, ())


@pytest.mark.parametrize(
    ("name", "media", "is_deleted"),
    [
        ("retrieve_bot.recording-done", 1, False),
        ("retrieve_bot.quickstart-signed-url", 1, False),
        ("retrieve_bot.media-expired", 0, True),
        ("retrieve_bot.done-before-artifacts", 0, False),
        ("legacy/retrieve_bot", 0, False),
    ],
)
async def test_recordings(
    recall: RecallProvider, server: ToldServer, name: str, media: int, is_deleted: bool
) -> None:
    server.tell(Answer(sample(f"responses/{name}.json")))
    server.always = Answer({"results": []})
    found = await recall.get_recorded_content("b-1", None)
    assert (len(found.media), found.is_pending, found.deleted) == (media, False, is_deleted)
    assert all(each.extension == "mp4" for each in found.media)
    if name == "retrieve_bot.quickstart-signed-url":
        assert found.media[0].expires_at == datetime.fromtimestamp(1732766680, UTC)


@pytest.mark.parametrize("name", ["transcript_download", "transcript_download.full"])
def test_transcripts(recall: RecallProvider, name: str) -> None:
    (expect,) = (each.values[1] for each in expectations("response") if each.values[0] == f"responses/{name}.json")
    transcript = recall.parse_transcript(json.dumps(sample(f"responses/{name}.json")).encode())
    assert len(transcript.segments) == expect["segments"]
    assert " ".join(segment.text for segment in transcript.segments) == expect["text"]


def test_a_transcript_of_an_older_version(recall: RecallProvider) -> None:
    body = json.dumps(sample("responses/legacy/get_bot_transcript.json")).encode()
    assert recall.parse_transcript(body).segments


async def test_a_list_of_an_older_version_leads_nowhere_else(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(Answer(sample("responses/legacy/list_bots.json")))
    server.always = Answer({"results": [], "next": None})
    pages = [page async for page in recall.recent_origins(datetime(2020, 1, 1, tzinfo=UTC))]
    assert len(pages) == 2
    assert [asked.query["page"] for asked in server.asked] == ["1", "2"]
