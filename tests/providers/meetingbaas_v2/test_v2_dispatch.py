"""How a bot of Meeting BaaS v2 is planned, ordered and removed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.dispatch import DispatchMode, RemovalResult
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.providers.base import (
    BotWebhookScope,
    DuplicateBotError,
    Provider,
    RequestRejectedError,
    UnavailableError,
)
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import BotSetup, MeetingBaasV2Provider
from tests.providers.conftest import SECRET
from tests.providers.meetingbaas_v2.bodies import (
    ADDRESS,
    BOT,
    MEETING_URL,
    ORDER,
    OURS,
    START,
    data,
    details,
    listed,
    progress,
    refusal,
)
from tests.providers.response_server import ToldServer

JOIN_AT = START - timedelta(seconds=90)
ORDERED = data({"bot_id": BOT}, 201)


def test_it_is_a_provider_that_keeps_the_timer(v2: MeetingBaasV2Provider) -> None:
    port: Provider = v2
    assert port.name == "meetingbaas-v2"
    can = port.capabilities
    assert (can.keeps_timer, can.idempotent_for, can.retranscribes) == (True, None, False)
    assert can.bot_webhooks is BotWebhookScope.FINAL_EVENTS


@pytest.mark.parametrize("left", [timedelta(days=80), timedelta(hours=1), timedelta(seconds=165)])
def test_a_bot_is_ordered_ahead_and_at_once(v2: MeetingBaasV2Provider, left: timedelta) -> None:
    plan = v2.dispatch_plan(START, START - left)
    assert (plan.mode, plan.dispatch_at, plan.join_at) == (DispatchMode.RESERVED, START - left, JOIN_AT)


def test_no_bot_is_ordered_further_ahead_than_is_taken(v2: MeetingBaasV2Provider) -> None:
    plan = v2.dispatch_plan(START, START - timedelta(days=120))
    assert START - plan.dispatch_at < timedelta(days=90)
    assert plan.join_at == JOIN_AT


@pytest.mark.parametrize("left", [timedelta(seconds=164), timedelta(0), timedelta(hours=-1)])
def test_a_late_bot_joins_at_once(v2: MeetingBaasV2Provider, left: timedelta) -> None:
    now = START - left
    plan = v2.dispatch_plan(START, now)
    assert (plan.mode, plan.dispatch_at, plan.join_at) == (DispatchMode.IMMEDIATE, now, now)


async def test_orders_a_bot_with_a_way_back(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(ORDERED)
    sent = await v2.dispatch(ORDER.model_copy(update={"metadata": {"team": "a"}}), ADDRESS, ORDER.dispatch_at)
    assert (sent.bot_id, sent.provider, sent.mode, sent.join_at) == (
        BOT,
        "meetingbaas-v2",
        DispatchMode.RESERVED,
        JOIN_AT,
    )
    asked = server.asked[0]
    secret = asked.body["callback_config"].pop("secret")
    assert len(secret) > 30
    assert (asked.method, asked.path) == ("POST", "/v2/bots/scheduled")
    assert asked.body == {
        "meeting_url": MEETING_URL,
        "bot_name": "Minutekeeper",
        "recording_mode": "speaker_view",
        "allow_multiple_bots": True,
        "transcription_enabled": True,
        "transcription_config": {"provider": "gladia"},
        "callback_enabled": True,
        "callback_config": {"url": ADDRESS.webhook_url, "method": "POST"},
        "extra": {"meta_team": "a"} | OURS,
        "join_at": "2026-12-01T09:58:30Z",
    }


@pytest.mark.parametrize(
    ("left", "stays_reserved", "join_at"),
    [
        (timedelta(seconds=165), False, JOIN_AT),
        (timedelta(seconds=164), False, None),
        (timedelta(seconds=-30), False, None),
        (timedelta(minutes=10), True, START),
        (timedelta(seconds=20), True, START + timedelta(seconds=55)),
        (timedelta(seconds=-1), True, None),
    ],
)
async def test_the_clock_decides_how_a_late_order_is_sent(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    left: timedelta,
    stays_reserved: bool,
    join_at: datetime | None,
) -> None:
    server.tell(ORDERED)
    now = START - left
    order = ORDER.model_copy(update={"stays_reserved": stays_reserved})
    sent = await v2.dispatch(order, ADDRESS, now)
    asked = server.asked[0]
    assert asked.path == ("/v2/bots/scheduled" if join_at else "/v2/bots")
    assert asked.body.get("join_at") == (f"{join_at:%Y-%m-%dT%H:%M:%SZ}" if join_at else None)
    assert sent.mode is (DispatchMode.RESERVED if join_at else DispatchMode.IMMEDIATE)
    assert sent.join_at == (join_at or now)


@pytest.mark.parametrize(("dispatch", "allowed"), [(0, False), (1, True)])
async def test_a_second_bot_is_refused_until_it_is_wanted(
    v2: MeetingBaasV2Provider,
    server: ToldServer,
    dispatch: int,
    allowed: bool,
) -> None:
    server.tell(ORDERED)
    await v2.dispatch(ORDER.model_copy(update={"dispatch": dispatch}), ADDRESS, START)
    assert server.asked[0].body["allow_multiple_bots"] is allowed


LOCKED = refusal(409, "FST_ERR_BOT_ALREADY_EXISTS")


@pytest.mark.parametrize("status", ["completed", "failed"])
async def test_a_lock_without_a_bot_holds_nobody_up(
    v2: MeetingBaasV2Provider, server: ToldServer, status: str
) -> None:
    ended = details(status, created_at=datetime.now(UTC).isoformat())
    server.tell(LOCKED, listed(), listed(), listed(), listed(ended), ORDERED)
    sent = await v2.dispatch(ORDER, ADDRESS, START)
    assert sent.bot_id == BOT
    first, *_, last = server.asked
    assert (first.body["allow_multiple_bots"], last.body["allow_multiple_bots"]) == (False, True)


@pytest.mark.parametrize(
    ("is_in_doubt", "age"), [(True, timedelta()), (False, None), (False, timedelta(minutes=6))]
)
async def test_a_lock_that_may_be_that_of_an_unlisted_bot_is_heeded(
    v2: MeetingBaasV2Provider, server: ToldServer, is_in_doubt: bool, age: timedelta | None
) -> None:
    known = [] if age is None else [details("failed", created_at=(datetime.now(UTC) - age).isoformat())]
    server.tell(LOCKED, listed(), listed(), listed(), listed(*known), ORDERED)
    with pytest.raises(DuplicateBotError):
        await v2.dispatch(ORDER.model_copy(update={"is_in_doubt": is_in_doubt}), ADDRESS, START)
    assert [asked.method for asked in server.asked].count("POST") == 1


async def test_a_bot_in_the_meeting_keeps_another_one_out(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    present = details("in_call_recording", created_at=datetime.now(UTC).isoformat())
    server.tell(LOCKED, listed(), listed(), listed(), listed(present))
    with pytest.raises(DuplicateBotError):
        await v2.dispatch(ORDER, ADDRESS, START)
    assert [asked.method for asked in server.asked].count("POST") == 1


async def test_sends_what_was_wished_for(v2_client: MeetingBaasV2Client, server: ToldServer) -> None:
    server.always = ORDERED
    provider = MeetingBaasV2Provider(
        v2_client, signing_secrets=[SECRET], setup=BotSetup(transcriber_key="gladia-key")
    )
    options = BotOptions(
        name="Scribe",
        image="https://ours/face.png",
        entry_message="Hello",
        recording_mode=RecordingMode.AUDIO_ONLY,
        waiting_room_timeout=300,
        noone_joined_timeout=600,
        silence_timeout=900,
        transcription_language="de-CH",
        transcription_vocabulary=("Minutekeeper",),
    )
    order = ORDER.model_copy(update={"bot": options})
    sent = await provider.dispatch(order, ADDRESS, START)
    await provider.dispatch(order.model_copy(update={"transcript": False}), ADDRESS, START)
    wished, silent = (asked.body for asked in server.asked)
    assert sent.notes == ()
    assert (wished["bot_name"], wished["bot_image"], wished["entry_message"], wished["recording_mode"]) == (
        "Scribe",
        "https://ours/face.png",
        "Hello",
        "audio_only",
    )
    assert wished["timeout_config"] == {
        "waiting_room_timeout": 300,
        "no_one_joined_timeout": 600,
        "silence_timeout": 900,
    }
    assert wished["transcription_config"]["api_key"] == "gladia-key"
    assert wished["transcription_config"]["custom_params"]["language_config"]["languages"] == ["de"]
    assert wished["transcription_config"]["custom_params"]["custom_vocabulary_config"] == {
        "vocabulary": ["Minutekeeper"]
    }
    assert silent["transcription_enabled"] is False
    assert "transcription_config" not in silent


async def test_options_are_fitted_with_notes(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(ORDERED)
    options = BotOptions(
        image="http://ours/face.png", waiting_room_timeout=60, noone_joined_timeout=7200, silence_timeout=10
    )
    sent = await v2.dispatch(ORDER.model_copy(update={"bot": options}), ADDRESS, START)
    body = server.asked[0].body
    assert "bot_image" not in body
    assert body["timeout_config"] == {
        "waiting_room_timeout": 120,
        "no_one_joined_timeout": 1800,
        "silence_timeout": 300,
    }
    assert sent.notes[0] == (
        "Meeting BaaS v2 takes 120 to 1800 seconds as waiting_room_timeout, so 120 were requested, not 60."
    )
    named = [
        name for note in sent.notes for name in ("noone_joined_timeout", "silence_timeout", "image") if name in note
    ]
    assert named == ["noone_joined_timeout", "silence_timeout", "image"]


async def test_zoom_heeds_only_the_waiting_room(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(ORDERED)
    options = BotOptions(waiting_room_timeout=300, silence_timeout=600)
    order = ORDER.model_copy(update={"meeting_url": "https://zoom.us/j/12345678901", "bot": options})
    sent = await v2.dispatch(order, ADDRESS, START)
    assert sent.notes == ("Meeting BaaS v2 does not heed silence_timeout on Zoom.",)


LEFT = data({"message": "ok"})
GONE = refusal(404, "FST_ERR_BOT_NOT_FOUND_BY_ID")
ENDED = refusal(409, "FST_ERR_BOT_STATUS")


@pytest.mark.parametrize(
    ("answers", "result", "calls"),
    [
        ([LEFT], RemovalResult.LEAVING, ["POST leave"]),
        ([GONE, LEFT], RemovalResult.LEAVING, ["POST leave", f"DELETE {BOT}"]),
        ([GONE, GONE], RemovalResult.ALREADY_GONE, ["POST leave", f"DELETE {BOT}"]),
        (
            [ENDED, data(progress("failed")), data(details("failed"))],
            RemovalResult.ALREADY_GONE,
            ["POST leave", "GET status", f"GET {BOT}"],
        ),
        (
            [ENDED, GONE, data({"bot_id": BOT, "status": "scheduled"}), LEFT],
            RemovalResult.LEAVING,
            ["POST leave", "GET status", f"GET {BOT}", f"DELETE {BOT}"],
        ),
        (
            [ENDED, data(progress("joining_call")), data(details("joining_call")), GONE],
            RemovalResult.REFUSED_NOW,
            ["POST leave", "GET status", f"GET {BOT}", f"DELETE {BOT}"],
        ),
    ],
)
async def test_a_bot_is_removed_in_every_state(
    v2: MeetingBaasV2Provider, server: ToldServer, answers: list[Any], result: RemovalResult, calls: list[str]
) -> None:
    server.tell(*answers)
    assert await v2.remove_bot(BOT) is result
    assert [f"{asked.method} {asked.path.rpartition('/')[2]}" for asked in server.asked] == calls


async def test_a_removal_without_an_answer_is_in_doubt(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    server.tell(refusal(500, "X"))
    with pytest.raises(UnavailableError):
        await v2.remove_bot(BOT)


async def test_nothing_is_transcribed_again(v2: MeetingBaasV2Provider, server: ToldServer) -> None:
    with pytest.raises(RequestRejectedError):
        await v2.retranscribe(BOT)
    assert server.asked == []
