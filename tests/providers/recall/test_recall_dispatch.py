"""Sending bots of Recall.ai: when it wants to be called, what it is sent, and what comes of lost answers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.dispatch import DispatchMode
from minutekeeper.meetings.fields import BotOptions, RecordingMode
from minutekeeper.providers.base import CapacityError, RequestRejectedError, UnavailableError
from minutekeeper.providers.recall.bot_marks import BotMarks, ReceivedBotMarks
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.recall.response_models import RecallBot
from tests.providers.recall.support import ADDRESS, MEETING_URL, ORDER, SECRET, START, open_provider
from tests.providers.response_server import Answer, ToldServer

SCHEDULED, AD_HOC = DispatchMode.RESERVED, DispatchMode.IMMEDIATE
JOIN_AT = START - timedelta(seconds=15)


def before(**span: float) -> datetime:
    return START - timedelta(**span)


def created(join_at: str | None = "2026-12-01T09:59:45Z") -> Answer:
    return Answer({"id": "b-1", "join_at": join_at, "status_changes": []}, status=201)


async def sent_body(
    recall: RecallProvider, server: ToldServer, now: datetime = ORDER.dispatch_at, **changes: Any
) -> dict[str, Any]:
    server.tell(created())
    await recall.dispatch(ORDER.model_copy(update=changes), ADDRESS, now)
    body = server.asked[-1].body
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    ("now", "call_at", "join_at", "mode"),
    [
        (before(days=30), before(minutes=20), JOIN_AT, SCHEDULED),
        (before(minutes=20), before(minutes=20), JOIN_AT, SCHEDULED),
        (before(minutes=15), before(minutes=15), JOIN_AT, SCHEDULED),
        (before(minutes=11.5), before(minutes=11.5), JOIN_AT, SCHEDULED),
        (before(minutes=11), before(minutes=11), JOIN_AT, AD_HOC),
        (before(minutes=2), before(minutes=2), JOIN_AT, AD_HOC),
        (before(seconds=60), before(seconds=60), before(seconds=60), AD_HOC),
        (START, START, START, AD_HOC),
        (before(minutes=-5), before(minutes=-5), before(minutes=-5), AD_HOC),
    ],
)
def test_when_it_wants_to_be_called(
    recall: RecallProvider, now: datetime, call_at: datetime, join_at: datetime, mode: DispatchMode
) -> None:
    plan = recall.dispatch_plan(START, now)
    assert (plan.dispatch_at, plan.join_at, plan.mode) == (call_at, join_at, mode)


def test_half_of_a_thousand_bots_can_be_sent_a_second_apart_before_and_after_that(recall: RecallProvider) -> None:
    plan = recall.dispatch_plan(START, before(days=1))
    last = plan.dispatch_at + timedelta(seconds=500 / recall.capabilities.requests_per_second)
    assert recall.dispatch_plan(START, last).mode is SCHEDULED


async def test_a_bot_keeps_its_time_over_there(recall: RecallProvider, server: ToldServer) -> None:
    server.tell(created())
    sent = await recall.dispatch(ORDER, ADDRESS, ORDER.dispatch_at)
    assert (sent.bot_id, sent.provider, sent.mode, sent.join_at) == ("b-1", "recall", SCHEDULED, JOIN_AT)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/bot/")
    assert asked.headers["authorization"] == "Token recall-key-0123456789abcdef"
    assert asked.body["join_at"] == "2026-12-01T09:59:45Z"
    assert "webhook" not in str(asked.body)


@pytest.mark.parametrize("minutes", [10, 3, 1.5])
async def test_a_late_bot_is_ad_hoc_and_still_joins_at_the_start(
    recall: RecallProvider, server: ToldServer, minutes: float
) -> None:
    server.tell(created())
    sent = await recall.dispatch(ORDER, ADDRESS, before(minutes=minutes))
    assert (sent.mode, sent.join_at) == (AD_HOC, JOIN_AT)
    assert server.asked[0].body["join_at"] == "2026-12-01T09:59:45Z"


@pytest.mark.parametrize("late", [timedelta(seconds=-60), timedelta(), timedelta(minutes=10)])
async def test_a_time_that_has_come_is_never_sent(
    recall: RecallProvider, server: ToldServer, late: timedelta
) -> None:
    server.tell(created(join_at=None))
    sent = await recall.dispatch(ORDER, ADDRESS, START + late)
    assert (sent.mode, sent.join_at) == (AD_HOC, START + late)
    assert "join_at" not in server.asked[0].body


@pytest.mark.parametrize(
    ("left", "join_at"),
    [
        (timedelta(minutes=20), "2026-12-01T10:00:00Z"),
        (timedelta(seconds=60), "2026-12-01T10:00:00Z"),
        (timedelta(seconds=59), "2026-12-01T10:01:00Z"),
        (timedelta(seconds=1), "2026-12-01T10:01:00Z"),
        (timedelta(), None),
    ],
)
async def test_a_bot_for_a_room_that_is_taken_never_joins_before_the_start(
    recall: RecallProvider, server: ToldServer, left: timedelta, join_at: str | None
) -> None:
    body = await sent_body(recall, server, START - left, stays_reserved=True)
    assert body.get("join_at") == join_at


async def test_repeats_of_one_request_are_the_same_to_the_letter(
    recall: RecallProvider, server: ToldServer
) -> None:
    first = await sent_body(recall, server, before(minutes=20))
    assert await sent_body(recall, server, before(minutes=2), dispatch_at=before(minutes=2)) == first
    marks = RecallBot.model_validate(first).metadata.verified([SECRET])
    assert marks.sent_at == before(minutes=20)
    early = await sent_body(recall, server, requested_since=before(days=9))
    assert RecallBot.model_validate(early).metadata.verified([SECRET]).sent_at == before(minutes=20)


async def test_metadata_of_the_caller_is_kept_apart_and_sent_without_local_urls(
    recall: RecallProvider, server: ToldServer
) -> None:
    metadata = {
        "crm.id": "1",
        "crm_id": "2",
        "crm-id": "3",
        "hook": "see http://127.0.0.1:80/",
        "web": "http://a.b/",
    }
    local = {"dev": "HTTPS://me@localhost/x", "six": "http://[::1]/"}
    server.tell(created())
    sent = await recall.dispatch(ORDER.model_copy(update={"metadata": metadata | local}), ADDRESS, START)
    theirs = {key: value for key, value in server.asked[0].body["metadata"].items() if key.startswith("meta_")}
    assert theirs == {"meta_crm_id": "1", "meta_crm_id_2": "2", "meta_crm_id_3": "3", "meta_web": "http://a.b/"}
    assert [note.split("'")[1] for note in sent.notes] == ["hook", "dev", "six"]
    assert sent.notes[0] == (
        "Recall.ai takes no URLs of IP addresses or localhost, so the metadata 'hook' was left out."
    )


async def test_the_answer_to_an_earlier_request_says_when_its_bot_joins(
    recall: RecallProvider, server: ToldServer
) -> None:
    server.tell(created())
    sent = await recall.dispatch(ORDER, ADDRESS, START - timedelta(seconds=30))
    assert sent.join_at == JOIN_AT


async def test_metadata_leads_back_to_us(recall: RecallProvider, server: ToldServer) -> None:
    long = {"workflow_id": "meeting-" + "ä" * 990}
    server.tell(created())
    address = type(ADDRESS)(webhook_url="https://ours/", **long)
    await recall.dispatch(ORDER.model_copy(update={"metadata": {"crm.id-7": "x", "none": ""}}), address, START)
    metadata = server.asked[0].body["metadata"]
    assert all(isinstance(value, str) and 0 < len(value) <= 500 for value in metadata.values())
    assert metadata["meta_crm_id_7"] == "x"
    marks = RecallBot.model_validate({"metadata": metadata}).metadata.verified([SECRET])
    assert (marks.key, marks.dispatch, marks.run, marks.meeting_url) == ("mk-abc-3", 3, "run-1", MEETING_URL)
    assert marks.workflow_id == long["workflow_id"]
    assert marks.sent_at is not None


@pytest.mark.parametrize("field", ["mk_key", "mk_workflow_id", "mk_dispatch", "mk_sent_at", "mk_signature"])
def test_changed_metadata_is_not_ours(field: str) -> None:
    marks = BotMarks(key="k", dispatch=2, workflow_id="w", run="r", sent_at=START)
    wire = marks.to_wire([SECRET])
    assert read(wire).verified(["another", SECRET]) == marks
    assert read(wire | {field: "1"}).verified([SECRET]) == BotMarks()
    assert read(wire).verified(["another"]) == BotMarks()


def read(metadata: Any) -> ReceivedBotMarks:
    return RecallBot.model_validate({"metadata": metadata}).metadata


async def test_options_as_they_are(recall: RecallProvider, server: ToldServer) -> None:
    options = BotOptions(
        name="Notes",
        entry_message="Hello",
        recording_mode=RecordingMode.AUDIO_ONLY,
        transcription_language="de",
        transcription_vocabulary=("Minutekeeper",),
        waiting_room_timeout=300,
        noone_joined_timeout=400,
        silence_timeout=500,
    )
    server.tell(created())
    sent = await recall.dispatch(ORDER.model_copy(update={"bot": options}), ADDRESS, ORDER.dispatch_at)
    body = server.asked[0].body
    assert sent.notes == ()
    assert body["bot_name"] == "Notes"
    assert body["chat"] == {"on_bot_join": {"send_to": "everyone", "message": "Hello"}}
    assert body["recording_config"] == {
        "retention": {"type": "timed", "hours": 168},
        "video_mixed_layout": "audio_only",
        "video_mixed_mp4": None,
        "audio_mixed_mp3": {},
        "transcript": {"provider": {"recallai_streaming": {"language_code": "de", "key_terms": ["Minutekeeper"]}}},
    }
    leave = body["automatic_leave"]
    assert (leave["waiting_room_timeout"], leave["noone_joined_timeout"]) == (300, 400)
    assert leave["silence_detection"] == {"timeout": 500}
    assert leave["everyone_left_timeout"]["timeout"] >= 60


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"name": "N" * 101}, "Recall.ai takes names of at most 100 characters, so the bot's name was cut."),
        ({"image": "https://ours/face.png"}, "Recall.ai takes no links to pictures, so the bot has none."),
        (
            {"transcription_language": "pt-BR"},
            "Recall.ai knows languages without a region: pt is transcribed.",
        ),
        (
            {"waiting_room_timeout": 900},
            "The bot waits for 600 s in the waiting room instead of 900 s, as Recall.ai allows here.",
        ),
        (
            {"noone_joined_timeout": 5},
            "The bot waits for 30 s alone in the call instead of 5 s, as Recall.ai allows here.",
        ),
        ({"silence_timeout": 1}, "The bot waits for 10 s in silence instead of 1 s, as Recall.ai allows here."),
    ],
)
async def test_each_change_of_an_option_is_told(
    recall: RecallProvider, server: ToldServer, options: dict[str, Any], note: str
) -> None:
    server.tell(created())
    order = ORDER.model_copy(update={"bot": BotOptions(**options)})
    assert (await recall.dispatch(order, ADDRESS, ORDER.dispatch_at)).notes == (note,)
    assert len(server.asked[0].body["bot_name"]) <= 100


async def test_captions_have_neither_language_nor_vocabulary(server: ToldServer) -> None:
    recall = open_provider(server.url, transcriber="meeting_captions", retention_hours=24)
    server.tell(created())
    order = ORDER.model_copy(update={"bot": BotOptions(transcription_language="de")})
    (note,) = (await recall.dispatch(order, ADDRESS, ORDER.dispatch_at)).notes
    await recall.aclose()
    assert "captions" in note
    config = server.asked[0].body["recording_config"]
    assert config["transcript"] == {"provider": {"meeting_captions": {}}}
    assert config["retention"]["hours"] == 24


async def test_without_a_transcript_none_is_asked_for(recall: RecallProvider, server: ToldServer) -> None:
    assert "transcript" not in (await sent_body(recall, server, transcript=False))["recording_config"]


async def test_repeats_have_the_same_key_until_an_attempt_is_known_to_have_made_no_bot(
    recall: RecallProvider, server: ToldServer
) -> None:
    async def key(**changes: Any) -> str:
        await sent_body(recall, server, **changes)
        return server.asked[-1].headers["idempotency-key"]

    first = await key()
    assert await key(dispatch_at=START) == first
    others = [
        await key(attempt=2),
        await key(key="mk-abc-4"),
        await key(run="run-2"),
        await key(requested_since=START),
    ]
    assert len({first, *others}) == 5
    assert all(value.isascii() and len(value) <= 64 for value in (first, *others))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer({"code": "adhoc_pool_depleted"}, status=507), CapacityError),
        (Answer({"code": "conflict", "detail": "in flight"}, status=409), UnavailableError),
        (Answer({"detail": "Not found."}, status=404), RequestRejectedError),
        (Answer({"bot": 1}, status=201), UnavailableError),
        (Answer(b"<html>oops</html>", status=200), UnavailableError),
        (Answer(cut=True), UnavailableError),
    ],
)
async def test_what_comes_of_a_request_that_fails(
    recall: RecallProvider, server: ToldServer, answer: Answer, kind: type[Exception]
) -> None:
    server.always = answer
    with pytest.raises(kind):
        await recall.dispatch(ORDER, ADDRESS, START)


async def test_no_machine_may_be_free_for_a_while(recall: RecallProvider, server: ToldServer) -> None:
    server.always = Answer({"code": "adhoc_pool_depleted"}, status=507, headers={"Retry-After": "45"})
    with pytest.raises(CapacityError, match="No machine is free") as caught:
        await recall.dispatch(ORDER, ADDRESS, START)
    assert caught.value.retry_after == 45


def test_what_it_can(recall: RecallProvider) -> None:
    can = recall.capabilities
    assert (can.keeps_timer, can.idempotent_for, can.requests_per_second) == (True, timedelta(hours=1), 1)
    assert (can.bot_webhooks, can.has_screenshots, can.retranscribes) == ("none", False, True)
