"""What really happened: every bot with its times in its meeting, every request, delivery and fault."""

from collections import defaultdict
from typing import Any

from devtools.simulator.call_counts import count_calls
from devtools.simulator.meetingbaas_v2.account import Account
from devtools.simulator.meetingbaas_v2.artifacts import AUDIO, VIDEO, available, video_of
from devtools.simulator.meetingbaas_v2.bots import ScheduledBot, V2Bot


def sum_up(account: Account) -> None:
    """Make the hashes of all recordings, which takes a while; the ledger then has them at once."""
    for bot in list(account.bots.values()):
        if VIDEO in available(bot, account.retained_seconds):
            _ = video_of(bot).sha256


def ledger_of(account: Account) -> dict[str, Any]:
    """Everything since the start or the last reset, without the secrets that callers put into bodies."""
    ledger = account.ledger
    return {
        "requests": [vars(record) for record in ledger.requests],
        "calls": count_calls(ledger.requests),
        "rooms": _rooms(account),
        "bots": [_bot(bot, account) for bot in account.bots.values()],
        "scheduled": [_scheduled(bot) for bot in account.scheduled.values()],
        "deliveries": [vars(record) for record in ledger.deliveries],
        "syncs": [vars(record) for record in ledger.syncs],
        "faults": [vars(record) for record in ledger.faults],
        "orders": account.faults.history(),
    }


def _rooms(account: Account) -> dict[str, Any]:
    """Which bot was in which room: from knocking to leaving, null if it is still there."""
    rooms: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for bot in account.bots.values():
        knocked = next((moment.at for moment in bot.timeline if moment.code == "joining_call"), None)
        if knocked:
            stay = {"bot_id": str(bot.uuid), "from": knocked, "joined_at": bot.joined_at, "to": bot.left_at}
            rooms[bot.meeting_url].append(stay)
    return dict(rooms)


def _bot(bot: V2Bot, account: Account) -> dict[str, Any]:
    """`joined_at` to `left_at` is when it was in the meeting of `meeting_url`."""
    callback = bot.request.callback
    names = available(bot, account.retained_seconds)
    video = video_of(bot) if VIDEO in names else None
    return {
        "id": str(bot.uuid),
        "event_id": bot.event_id,
        "double_of": bot.double_of and str(bot.double_of),
        "meeting_url": bot.meeting_url,
        "bot_name": bot.request.bot_name,
        "extra": bot.extra,
        "was_scheduled": bot.was_scheduled,
        "callback_url": callback and callback.url,
        "script": bot.script.name,
        "status": bot.status,
        "created_at": bot.created_at,
        "joined_at": bot.joined_at,
        "leave_requested_at": bot.leave_requested_at,
        "left_at": bot.left_at,
        "ended_at": bot.ended_at,
        "end_reason": bot.end_reason,
        "error": bot.error_code,
        "duration": bot.duration,
        "content_deleted": bot.content_deleted,
        "files": names,
        "recording": {"content_type": video.content_type, "size": video.size, "sha256": video.sha256}
        if video
        else None,
        "audio": {"size": bot.audio_size} if AUDIO in names else None,
        "timeline": [vars(moment) for moment in bot.timeline],
    }


def _scheduled(bot: ScheduledBot) -> dict[str, Any]:
    return {
        "id": str(bot.uuid),
        "event_id": bot.event_id,
        "meeting_url": bot.meeting_url,
        "bot_name": bot.request.bot_name,
        "extra": bot.request.extra,
        "join_at": bot.join_at,
        "status": bot.status,
        "error": bot.error_code,
        "created_at": bot.created_at,
        "cancelled_at": bot.cancelled_at,
    }
