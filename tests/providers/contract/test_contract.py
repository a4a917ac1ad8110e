"""What every provider promises, whatever its API is: the meeting's workflow relies on nothing else."""

import random
from datetime import UTC, datetime, timedelta
from itertools import groupby

import aiohttp
import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.dispatch import RemovalResult
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.base import (
    BotObservation,
    BotWebhook,
    IgnoredWebhook,
    ProviderBotStatus,
    UnavailableError,
)
from minutekeeper.transcripts.model import Transcript
from tests.providers.contract.bench import BENCHES, WORKFLOW_ID, Bench

_WILL_NOT_BE_THERE = {RemovalResult.LEAVING, RemovalResult.ALREADY_GONE}
LIFE = [
    MeetingStatus.JOINING,
    MeetingStatus.WAITING_ROOM,
    MeetingStatus.IN_CALL,
    MeetingStatus.RECORDING,
    MeetingStatus.ENDED,
]


def statuses(news: list[BotWebhook]) -> list[MeetingStatus | None]:
    """In their order, each once, because some providers have several words for one."""
    events = sorted((each.event for each in news), key=lambda event: event.occurred_at)
    return [status for status, _ in groupby(event.status for event in events if event.kind is BotEventKind.STATUS)]


def folded(bot_id: str, news: list[BotWebhook], seen: BotObservation) -> BotState:
    start = datetime.now(UTC)
    state = BotState(bot_id=bot_id, dispatch=0, sent_at=start, join_at=start)
    for event in (*(each.event for each in news), *seen.events):
        state = apply_bot_event(state, event)
    return state


async def transcript_of(bench: Bench, bot_id: str) -> Transcript:
    """Inline, or behind a link that needs no key."""
    content = await bench.provider.get_recorded_content(bot_id, None)
    if content.transcript is not None:
        return content.transcript
    (link,) = content.transcript_links
    async with aiohttp.request("GET", link.url) as answer:
        return bench.provider.parse_transcript(await answer.read())


async def test_a_whole_life(bench: Bench) -> None:
    sent = await bench.send(bench.order())
    assert sent.provider == bench.provider.name
    news = await bench.all_news_of(sent.bot_id)
    assert statuses(news) == LIFE
    assert {each.workflow_id for each in news} <= {WORKFLOW_ID, ""}
    assert len({each.delivery for each in news}) == len(news)
    seen = await bench.ended(sent.bot_id)
    assert seen.status is ProviderBotStatus.COMPLETE
    state = folded(sent.bot_id, news, seen)
    assert state.final is not None
    assert (state.final.kind, state.has_recording, state.recording_seen) == (BotEventKind.COMPLETE, True, True)


async def test_a_bot_is_found_by_its_key(bench: Bench) -> None:
    order = bench.order()
    sent = await bench.send(order)
    other = await bench.send(
        bench.order("mk-other-0", meeting_url="https://meet.google.com/zzz-zzzz-zzz", requested_since=None)
    )
    (found,) = await bench.provider.find(order.key, order.meeting_url, datetime.now(UTC) - timedelta(minutes=1))
    assert (found.bot_id, found.key, found.workflow_id, found.run) == (sent.bot_id, order.key, WORKFLOW_ID, "run-1")
    assert other.bot_id != sent.bot_id
    origin = [
        each
        async for page in bench.provider.recent_origins(datetime.now(UTC) - timedelta(minutes=1))
        for each in page
        if each.bot_id == sent.bot_id
    ]
    assert [(each.is_ours, each.workflow_id, each.dispatch) for each in origin] == [(True, WORKFLOW_ID, 0)]


async def test_a_lost_answer_never_makes_a_second_bot(bench: Bench) -> None:
    order = bench.order()
    await bench.lose_answer()
    with pytest.raises(UnavailableError):
        await bench.send(order)
    since = datetime.now(UTC) - timedelta(minutes=1)
    (lost,) = await bench.provider.find(order.key, order.meeting_url, since)
    if bench.provider.capabilities.idempotent_for is not None:
        assert (await bench.send(order)).bot_id == lost.bot_id
    assert [each.bot_id for each in await bench.provider.find(order.key, order.meeting_url, since)] == [lost.bot_id]


async def test_a_bot_that_is_booked_is_cancelled_without_a_trace(bench: Bench) -> None:
    sent = await bench.send(bench.order(ahead=timedelta(hours=2)))
    assert (sent.join_at is not None) is bench.provider.capabilities.keeps_timer
    assert (await bench.provider.get_bot_status(sent.bot_id)).status is ProviderBotStatus.OPEN
    assert await bench.provider.remove_bot(sent.bot_id) is RemovalResult.LEAVING
    await bench.seen(sent.bot_id, lambda seen: seen.status in {ProviderBotStatus.GONE, ProviderBotStatus.FAILED})
    assert await bench.provider.remove_bot(sent.bot_id) in _WILL_NOT_BE_THERE


@pytest.mark.parametrize("moment", [MeetingStatus.JOINING, MeetingStatus.WAITING_ROOM, MeetingStatus.RECORDING])
async def test_a_bot_leaves_whenever_it_is_told_to(bench: Bench, moment: MeetingStatus) -> None:
    await bench.tell("scripts", script="normal", times=1)
    sent = await bench.send(bench.order())
    await bench.receiver.wait_for(lambda: any(each.event.status is moment for each in bench.news_of(sent.bot_id)))
    result = await bench.provider.remove_bot(sent.bot_id)
    assert result in _WILL_NOT_BE_THERE
    seen = await bench.ended(sent.bot_id)
    state = folded(sent.bot_id, await bench.all_news_of(sent.bot_id), seen)
    assert state.final is not None
    if not state.recording_seen:
        assert state.final.reason is FailureReason.STOPPED


async def test_a_bot_that_has_ended_is_gone_already(bench: Bench) -> None:
    sent = await bench.send(bench.order())
    await bench.ended(sent.bot_id)
    assert await bench.provider.remove_bot(sent.bot_id) in _WILL_NOT_BE_THERE
    assert await bench.provider.remove_bot("00000000-0000-4000-8000-000000000000") is RemovalResult.ALREADY_GONE


async def test_a_move_is_a_removal_and_another_bot(bench: Bench) -> None:
    before = bench.order("mk-abc-0", ahead=timedelta(hours=2))
    first = await bench.send(before)
    await bench.provider.remove_bot(first.bot_id)
    after = bench.order("mk-abc-1", ahead=timedelta(hours=3))
    second = await bench.send(after)
    since = datetime.now(UTC) - timedelta(minutes=1)
    await bench.seen(first.bot_id, lambda seen: seen.status is not ProviderBotStatus.OPEN)
    still_there = [
        each.bot_id for each in await bench.provider.find(after.key, after.meeting_url, since) if each.is_open
    ]
    assert still_there == [second.bot_id]


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("rejected", FailureReason.NOT_ACCEPTED),
        ("waiting_room_timeout", FailureReason.WAITING_TIMEOUT),
        ("removed_early", FailureReason.REMOVED),
        ("invalid_url", FailureReason.INVALID_MEETING_URL),
        ("internal_error", FailureReason.PROVIDER_ERROR),
        ("nobody_came", FailureReason.NOBODY_CAME),
    ],
)
async def test_every_end_has_one_name(bench: Bench, script: str, reason: FailureReason) -> None:
    await bench.play(script)
    sent = await bench.send(bench.order())
    news = await bench.all_news_of(sent.bot_id)
    state = folded(sent.bot_id, news, await bench.ended(sent.bot_id))
    assert state.final is not None
    assert (state.final.kind, state.final.reason) == (BotEventKind.FAILED, reason)


async def test_every_order_of_webhooks_and_any_repeats_come_to_the_same(bench: Bench) -> None:
    sent = await bench.send(bench.order())
    news = await bench.all_news_of(sent.bot_id)
    seen = await bench.ended(sent.bot_id)
    expected = folded(sent.bot_id, news, seen)
    chance = random.Random(7)  # noqa: S311 - a choice of orders, not a key
    for _ in range(40):
        shuffled = [*chance.sample(news, len(news)), *chance.choices(news, k=3)]
        state = folded(sent.bot_id, shuffled, seen)
        assert state.model_copy(update={"last_event_at": None, "sent_at": expected.sent_at}).final == expected.final
        assert (state.status, state.has_recording) == (expected.status, expected.has_recording)
        assert statuses([BotWebhook(event=event, delivery="") for event in state.events]) == statuses(
            [BotWebhook(event=event, delivery="") for event in expected.events]
        )


async def test_recordings_can_be_collected_late_and_by_fresh_links(bench: Bench) -> None:
    sent = await bench.send(bench.order())
    await bench.ended(sent.bot_id)
    content = await bench.provider.get_recorded_content(sent.bot_id, None)
    while content.is_pending or not (content.transcript or content.transcript_links):
        content = await bench.provider.get_recorded_content(sent.bot_id, None)
    again = await bench.provider.get_recorded_content(sent.bot_id, None)
    for each in (content, again):
        (media,) = each.media
        assert media.expires_at is not None
        async with aiohttp.request("GET", media.url) as answer:
            assert (answer.status, len(await answer.read())) == (200, 30_000)
    assert (await transcript_of(bench, sent.bot_id)).segments


async def test_webhooks_of_others_prove_nothing(bench: Bench) -> None:
    sent = await bench.send(bench.order())
    await bench.all_news_of(sent.bot_id)
    arrived = list(zip(bench.receiver.headers, bench.receiver.raws, strict=True))
    for name in sorted(set(BENCHES) - {bench.provider.name}):
        async with BENCHES[name]() as other:
            assert not any(other.provider.accepts_webhook(headers, raw) for headers, raw in arrived)
    assert not bench.provider.accepts_webhook({}, arrived[0][1])


async def test_a_webhook_that_means_nothing_is_ignored(bench: Bench) -> None:
    notice = bench.provider.parse_webhook({}, b'{"event": "of.tomorrow", "data": {}}', datetime.now(UTC))
    assert isinstance(notice, IgnoredWebhook)


async def test_options_that_do_not_fit_are_told_and_never_refused(bench: Bench) -> None:
    order = bench.order(bot=bench.order().bot.model_copy(update={"name": "N" * 255, "waiting_room_timeout": 7200}))
    sent = await bench.send(order)
    assert all(note.endswith(".") and note[0].isupper() for note in sent.notes)


async def test_a_plan_is_never_in_the_past_and_never_after_the_start(bench: Bench) -> None:
    now = datetime.now(UTC)
    for ahead in (
        timedelta(days=30),
        timedelta(minutes=30),
        timedelta(minutes=12),
        timedelta(minutes=5),
        timedelta(),
    ):
        plan = bench.provider.dispatch_plan(now + ahead, now)
        assert now <= plan.dispatch_at <= now + ahead
        assert plan.dispatch_at <= plan.join_at <= now + ahead
    late = bench.provider.dispatch_plan(now - timedelta(minutes=5), now)
    assert (late.dispatch_at, late.join_at) == (now, now)
