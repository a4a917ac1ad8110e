"""Webhooks and callbacks of Meeting BaaS v2: which are accepted, and what they say."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import BotWebhook, CalendarWebhook, IgnoredWebhook, MalformedWebhookError
from minutekeeper.providers.meetingbaas_v2.provider import MeetingBaasV2Provider
from tests.providers.conftest import KEY, SECRET
from tests.providers.meetingbaas_v2.bodies import (
    ADDRESS,
    BOT,
    NOW,
    ORDER,
    OURS,
    START,
    completed,
    data,
    encoded,
    failed,
    signed_headers,
    status_change,
)
from tests.providers.response_server import ToldServer

SENT_AT = datetime(2026, 3, 1, 11, 5, tzinfo=UTC)
TOKEN = "t0ken"


def parsed(v2: MeetingBaasV2Provider, document: Any) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    return v2.parse_webhook({}, encoded(document), NOW)


def reported(v2: MeetingBaasV2Provider, document: Any) -> BotWebhook:
    notice = parsed(v2, document)
    assert isinstance(notice, BotWebhook)
    return notice


async def callback_secret(v2: MeetingBaasV2Provider, server: ToldServer) -> str:
    server.tell(data({"bot_id": BOT}, 201))
    await v2.dispatch(ORDER, ADDRESS, START)
    secret: str = server.asked[-1].body["callback_config"]["secret"]
    return secret


def test_a_signed_delivery_is_accepted_at_either_address(v2: MeetingBaasV2Provider) -> None:
    body = encoded(completed())
    headers = signed_headers(body)
    for token in ("", TOKEN):
        assert v2.may_accept_webhook(headers, token=token)
        assert v2.accepts_webhook(headers, body, token=token)
    assert not v2.accepts_webhook(headers, body + b" ")


async def test_a_callback_is_accepted_at_its_own_address_alone(
    v2: MeetingBaasV2Provider, server: ToldServer
) -> None:
    headers = {"X-Mb-Secret": await callback_secret(v2, server)}
    assert v2.may_accept_webhook(headers, token=TOKEN)
    assert v2.accepts_webhook(headers, b"{}", token=TOKEN)
    for token in ("", "another-token"):
        assert not v2.may_accept_webhook(headers, token=token)
        assert not v2.accepts_webhook(headers, b"{}", token=token)


async def test_a_callback_outlives_the_rotation_of_the_secret(
    v2: MeetingBaasV2Provider, server: ToldServer
) -> None:
    secret = await callback_secret(v2, server)
    assert SECRET not in secret
    later = MeetingBaasV2Provider(v2._client, signing_secrets=["a-new-secret-of-enough-letters", SECRET])
    unrelated = MeetingBaasV2Provider(v2._client, signing_secrets=["a-new-secret-of-enough-letters"])
    assert later.accepts_webhook({"x-mb-secret": secret}, b"{}", token=TOKEN)
    assert not unrelated.accepts_webhook({"x-mb-secret": secret}, b"{}", token=TOKEN)


@pytest.mark.parametrize("value", ["", " ", "wrong", "\udcff", KEY])
def test_a_wrong_secret_is_refused_everywhere(v2: MeetingBaasV2Provider, value: str) -> None:
    headers = {"x-mb-secret": value, "x-meeting-baas-api-key": KEY}
    assert not v2.accepts_webhook(headers, b"{}", token=TOKEN, allow_missing_key=True)
    assert not v2.accepts_webhook(headers, b"{}", allow_missing_key=True)


def test_a_missing_secret_may_be_allowed_at_a_bots_own_address(v2: MeetingBaasV2Provider) -> None:
    assert v2.accepts_webhook({}, b"{}", token=TOKEN, allow_missing_key=True)
    assert not v2.accepts_webhook({}, b"{}", token=TOKEN)
    assert not v2.accepts_webhook({}, b"{}", allow_missing_key=True)


def test_a_status_leads_to_its_bot(v2: MeetingBaasV2Provider) -> None:
    notice = reported(v2, status_change("in_call_recording", start_time=1736941800))
    event = notice.event
    assert (event.bot_id, event.kind, event.status) == (BOT, BotEventKind.STATUS, MeetingStatus.RECORDING)
    assert (notice.workflow_id, event.dispatch, notice.event_id, notice.keep_body) == ("meeting-x", 0, "", False)
    assert event.occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


@pytest.mark.parametrize("place", ["beside", "inside"])
def test_metadata_is_read_in_both_places_and_only_if_it_is_ours(v2: MeetingBaasV2Provider, place: str) -> None:
    body = status_change("queued")
    for extra, workflow_id in ((OURS, "meeting-x"), (OURS | {"workflow_id": "another"}, ""), (None, "")):
        body["extra"] = extra if place == "beside" else None
        body["data"]["extra"] = extra if place == "inside" else None
        assert reported(v2, body).workflow_id == workflow_id


def test_an_error_in_a_status_is_told(v2: MeetingBaasV2Provider) -> None:
    event = reported(v2, status_change("meeting_error", error_message=f"no {KEY}")).event
    assert (event.reason, event.text) == (FailureReason.PROVIDER_ERROR, "no ***")


def test_a_status_from_the_future_counts_from_now(v2: MeetingBaasV2Provider) -> None:
    later = (NOW + timedelta(days=1)).isoformat()
    assert reported(v2, status_change("queued", created_at=later)).event.occurred_at == NOW
    assert reported(v2, status_change("queued", created_at="soon")).event.occurred_at == NOW


def test_the_end_with_a_recording(v2: MeetingBaasV2Provider) -> None:
    notice = reported(v2, completed(event_id="e-1"))
    event = notice.event
    assert (event.kind, event.occurred_at) == (BotEventKind.COMPLETE, SENT_AT)
    assert (event.has_recording, event.has_transcript) == (True, True)
    assert (notice.keep_body, notice.event_id) == (True, "e-1")


def test_the_end_without_a_file_is_asked_about(v2: MeetingBaasV2Provider) -> None:
    notice = reported(v2, completed(video=None, audio=None))
    assert (notice.event.kind, notice.keep_body) == (BotEventKind.SETTLED, False)


@pytest.mark.parametrize("code", ["TRANSCRIPTION_FAILED", "EXITING_MEETING_BEFORE_RECORD", "OOM_KILLED", "NEW", ""])
def test_a_failure_is_asked_about(v2: MeetingBaasV2Provider, code: str) -> None:
    event = reported(v2, failed(code)).event
    assert (event.kind, event.reason, event.code) == (BotEventKind.SETTLED, None, code)
    assert event.text == (f"{code}: why" if code else "why")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("INSUFFICIENT_TOKENS", FailureReason.ACCOUNT),
        ("DAILY_BOT_CAP_REACHED", FailureReason.ACCOUNT),
        ("BOT_ALREADY_EXISTS", FailureReason.ROOM_OCCUPIED),
    ],
)
def test_a_bot_that_never_ran_needs_no_question(
    v2: MeetingBaasV2Provider, code: str, reason: FailureReason
) -> None:
    event = reported(v2, failed(code)).event
    assert (event.kind, event.reason, event.text) == (BotEventKind.FAILED, reason, "why")


def test_doubled_final_events_are_one(v2: MeetingBaasV2Provider) -> None:
    """The end comes as a status, to the endpoint and to the bot's own address, and again when it is asked for."""
    webhook, again = reported(v2, completed()).event, reported(v2, completed(sent_at="2026-03-01T11:30:00Z")).event
    assert webhook.identity == again.identity
    assert reported(v2, failed("X")).event.identity == reported(v2, failed("Y")).event.identity
    assert reported(v2, status_change("completed")).event.status is MeetingStatus.ENDED


def test_the_id_of_a_signed_delivery_is_its_own(v2: MeetingBaasV2Provider) -> None:
    body = encoded(completed())

    def delivery(headers: Mapping[str, str], content: bytes) -> str:
        notice = v2.parse_webhook(headers, content, NOW)
        assert isinstance(notice, BotWebhook)
        return notice.delivery

    assert delivery(signed_headers(body, "msg_7"), body) == "msg_7"
    assert delivery({}, body) == delivery({"x-mb-secret": "x"}, body)
    assert delivery({}, body) != delivery({}, encoded(completed(video="https://fresh/v")))
    forged = signed_headers(body, "msg_7") | {"svix-id": "msg_8"}
    assert delivery(forged, body) == delivery({}, body)
    assert len(delivery(signed_headers(body, "m" * 5000), body)) < 300


EVENT = {"event_id": "e-1", "start": "2026-03-01T12:00:00Z"}
OTHER = {"event_id": "e-2"}


@pytest.mark.parametrize(
    ("event", "payload", "names", "everything"),
    [
        (
            "calendar.events_synced",
            {"events": [{"instances": [EVENT, {"event_id": "e-2"}]}]},
            ("e-1", "e-2"),
            False,
        ),
        ("calendar.events_synced", {"events_count": 7}, (), True),
        ("calendar.event_created", {"instances": [EVENT, EVENT]}, ("e-1",), False),
        ("calendar.event_updated", {"affected_instances": [EVENT]}, ("e-1",), False),
        ("calendar.event_cancelled", {"cancelled_instances": [EVENT]}, ("e-1",), False),
        ("calendar.event_cancelled", {"event_id": "e-3"}, ("e-3",), False),
        ("calendar.event_updated", {"instances": [{"event_id": f"e-{n}"} for n in range(101)]}, (), True),
        ("calendar.something_new", {}, (), True),
    ],
)
def test_news_of_events(
    v2: MeetingBaasV2Provider,
    event: str,
    payload: dict[str, Any],
    names: tuple[str, ...],
    everything: bool,
) -> None:
    notice = parsed(v2, {"event": event, "data": {"calendar_id": "c-1"} | payload})
    assert isinstance(notice, CalendarWebhook)
    assert (notice.calendar_id, notice.event_ids, notice.everything) == ("c-1", names, everything)
    assert not notice.is_about_access


@pytest.mark.parametrize("what", ["created", "updated", "deleted", "error"])
def test_news_of_the_connection(v2: MeetingBaasV2Provider, what: str) -> None:
    notice = parsed(v2, {"event": f"calendar.connection_{what}", "data": {"calendar_id": "c-1", "status": "error"}})
    assert isinstance(notice, CalendarWebhook)
    assert (notice.calendar_id, notice.is_about_access, notice.everything) == ("c-1", True, False)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"event": "bot.chat_message", "data": {"bot_id": BOT, "text": "hi"}}, "chat message"),
        ({"event": "bot.levitated", "data": {}}, "'bot.levitated' is unknown"),
        ({"event": "complete", "data": {"bot_id": BOT}}, "'complete' is unknown"),
        ({"event": "bot.failed", "data": []}, "no data object"),
        ({"event": "bot.failed", "data": {"error_code": "X"}}, "names no bot"),
        ({"event": "calendar.event_created", "data": {}}, "names no calendar"),
        ({"data": {"bot_id": BOT}}, "names no event"),
        (status_change(""), "without a code"),
        (status_change(None), "without a code"),
    ],
)
def test_what_says_nothing_is_ignored(v2: MeetingBaasV2Provider, document: Any, why: str) -> None:
    notice = parsed(v2, document)
    assert isinstance(notice, IgnoredWebhook)
    assert why in notice.detail


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{", b'{"a":' * 100_000])
def test_what_is_no_object_is_refused(v2: MeetingBaasV2Provider, body: bytes) -> None:
    with pytest.raises(MalformedWebhookError):
        v2.parse_webhook({}, body, NOW)
