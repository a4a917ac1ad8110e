"""Control of the simulator itself: scripts, endpoints, events to order, and the ledger by which tests judge."""

import asyncio
from collections import defaultdict
from dataclasses import fields
from typing import Any
from uuid import UUID

from aiohttp import web

from devtools.simulator.call_counts import count_calls
from devtools.simulator.media import MediaFile
from devtools.simulator.recall.control_models import (
    EmitOrder,
    EndpointChange,
    EndpointOrder,
    ForeignOrder,
    ScriptRule,
)
from devtools.simulator.recall.files import JsonFile
from devtools.simulator.recall.keys import RECALL
from devtools.simulator.recall.payloads import bot_event
from devtools.simulator.recall.settings import HeaderFamily
from devtools.simulator.recall.simulation import RecallSimulation
from devtools.simulator.recall.state import Artifact, Bot, Recording, StatusChange
from devtools.simulator.recall.webhooks import Endpoint, RecallDelivery, Stranger
from devtools.simulator.responses import dumps, not_found, read_body, refusal
from devtools.simulator.state import DeliveryRecord, now, stamp

_FOREIGN_LIFE = ("joining_call", "in_call_not_recording", "in_call_recording", "call_ended", "done")


async def add_script_rule(request: web.Request) -> web.Response:
    rule = await read_body(request, ScriptRule)
    request.app[RECALL].add_rule(rule)
    return web.json_response({"script": rule.script.name})


async def add_endpoint(request: web.Request) -> web.Response:
    order = await read_body(request, EndpointOrder)
    chosen = {name: value for name, value in order.model_dump().items() if value is not None and name != "url"}
    return web.json_response(_endpoint(request.app[RECALL].add_endpoint(order.url, **chosen)))


async def show_endpoints(request: web.Request) -> web.Response:
    return web.json_response({"endpoints": [_endpoint(one) for one in request.app[RECALL].endpoints.values()]})


async def change_endpoint(request: web.Request) -> web.Response:
    """Rotate secrets, move, or switch on and off."""
    endpoint, change = _find_endpoint(request), await read_body(request, EndpointChange)
    for field in fields(endpoint):
        if field.name in change.model_fields_set:
            setattr(endpoint, field.name, getattr(change, field.name))
    if not endpoint.is_disabled:
        endpoint.failing_since = None
    return web.json_response(_endpoint(endpoint))


async def remove_endpoint(request: web.Request) -> web.Response:
    endpoint = _find_endpoint(request)
    endpoint.is_disabled = True
    del request.app[RECALL].endpoints[endpoint.id]
    return web.json_response({"ok": True})


async def recover_endpoint(request: web.Request) -> web.Response:
    """Send once more whatever was given up, as the dashboard's button does."""
    simulation, endpoint = request.app[RECALL], _find_endpoint(request)
    failed, endpoint.failed = endpoint.failed, []
    for delivery in failed:
        simulation.spawn(simulation.sender.send(delivery))
    return web.json_response({"messages": len(failed)})


async def emit(request: web.Request) -> web.Response:
    """Deliver a status of the bot, or any body, at once; the answer is what the ledger says about it."""
    simulation, order = request.app[RECALL], await read_body(request, EmitOrder)
    bot = _find_bot(request) if "uuid" in request.match_info else None
    source: Bot | Stranger = bot or Stranger()
    body: Any = order.body
    if order.code is not None:
        if bot is None:
            return refusal(400, "A code needs a bot: /_sim/bots/{uuid}/emit")
        body = bot_event(bot, StatusChange(order.code, order.sub_code, None, order.updated_at or now()))
    endpoint = _endpoint_for(simulation, order.url)
    if endpoint is None:
        return refusal(409, "The workspace has no endpoint; give one as url")
    delivery = RecallDelivery(source, endpoint, body)
    if order.message_id is not None:
        delivery = RecallDelivery(source, endpoint, body, order.message_id)
    record: DeliveryRecord = await simulation.sender.attempt(delivery, age=order.age, forged=order.forged)
    return web.json_response(vars(record), dumps=dumps)


async def emit_foreign(request: web.Request) -> web.Response:
    """Let bots of another environment of the workspace live; the answer has their ids."""
    simulation, order = request.app[RECALL], await read_body(request, ForeignOrder)
    strangers = [Stranger() for _ in range(order.count)]
    for stranger in strangers:
        for code in _FOREIGN_LIFE:
            data = {"code": code, "sub_code": None, "updated_at": stamp(now())}
            bot = {"id": str(stranger.uuid), "metadata": {"environment": "staging"}}
            simulation.tell(stranger, {"event": f"bot.{code}", "data": {"data": data, "bot": bot}})
    return web.json_response({"bots": [str(stranger.uuid) for stranger in strangers]})


async def advance(request: web.Request) -> web.Response:
    """Let the time up to the bot's next step pass at once: its dispatch, its arrival, its next status."""
    _find_bot(request).nudge.set()
    return web.json_response({"ok": True})


async def reset(request: web.Request) -> web.Response:
    await request.app[RECALL].reset()
    return web.json_response({"ok": True})


async def show_ledger(request: web.Request) -> web.Response:
    """Everything since the start or the last reset."""
    simulation = request.app[RECALL]
    files = [file for artifact in simulation.artifacts.values() for file in artifact.files.values()]
    await asyncio.to_thread(lambda: [file.sha256 for file in files if isinstance(file, MediaFile)])
    ledger = _ledger(simulation)
    body = await asyncio.to_thread(lambda: dumps(ledger).encode())
    return web.Response(body=body, content_type="application/json")


def _ledger(simulation: RecallSimulation) -> dict[str, Any]:
    ledger = simulation.ledger
    return {
        "requests": [vars(record) for record in ledger.requests],
        "calls": count_calls(simulation.ledger.requests) | {"replayed": simulation.idempotency.replayed},
        "bots": [_bot(bot) for bot in simulation.bots.values()],
        "rooms": _rooms(simulation),
        "deliveries": [vars(record) for record in ledger.deliveries],
        "syncs": [vars(record) for record in ledger.syncs],
        "faults": [vars(record) for record in ledger.faults],
        "orders": simulation.faults.history(),
    }


def _rooms(simulation: RecallSimulation) -> dict[str, Any]:
    """Which bot was in which room: from knocking to leaving, null if it is still there."""
    rooms: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for bot in simulation.bots.values():
        knocked = next((change.created_at for change in bot.status_changes if change.code == "joining_call"), None)
        if knocked:
            stay = {"bot_id": str(bot.uuid), "from": knocked, "joined_at": bot.joined_at, "to": bot.left_at}
            rooms[bot.meeting_url].append(stay)
    return dict(rooms)


def _bot(bot: Bot) -> dict[str, Any]:
    return {
        "id": str(bot.uuid),
        "meeting_url": bot.meeting_url,
        "bot_name": bot.config.bot_name,
        "metadata": bot.config.metadata,
        "script": bot.script.name,
        "is_adhoc": bot.is_adhoc,
        "by_calendar": bot.by_calendar,
        "join_at": bot.join_at,
        "created_at": bot.created_at,
        "dispatched_at": bot.dispatched_at,
        "joined_at": bot.joined_at,
        "leave_requested_at": bot.leave_requested_at,
        "left_at": bot.left_at,
        "ended_at": bot.ended_at,
        "deleted_at": bot.deleted_at,
        "end_reason": bot.end_reason,
        "duration": int(sum(recording.seconds for recording in bot.recordings)),
        "recordings": [_recording(recording) for recording in bot.recordings],
        "timeline": [
            {"code": change.code, "sub_code": change.sub_code, "at": change.created_at, "sent": change.sent}
            for change in bot.status_changes
        ],
    }


def _recording(recording: Recording) -> dict[str, Any]:
    return {
        "id": str(recording.uuid),
        "status": recording.status.code,
        "seconds": recording.seconds,
        "artifacts": [_artifact(artifact) for artifact in recording.artifacts],
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    files = {
        name: {"content_type": file.content_type, "size": file.size, "sha256": file.sha256}
        for name, file in artifact.files.items()
        if isinstance(file, MediaFile | JsonFile)
    }
    return {"id": str(artifact.uuid), "kind": artifact.kind, "status": artifact.status.code, "files": files}


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "headers": endpoint.headers,
        "secrets": endpoint.secrets,
        "own_secret": endpoint.own_secret,
        "events": endpoint.events,
        "is_disabled": endpoint.is_disabled,
        "failed": len(endpoint.failed),
    }


def _endpoint_for(simulation: RecallSimulation, url: str | None) -> Endpoint | None:
    """The first endpoint, or one like it at another address."""
    first = next(iter(simulation.endpoints.values()), None)
    if url is None:
        return first
    settings = simulation.settings
    headers: HeaderFamily = first.headers if first else settings.signature_headers
    keys = first.secrets if first else (settings.webhook_secret,)
    return Endpoint(url, keys, headers)


def _find_endpoint(request: web.Request) -> Endpoint:
    try:
        return request.app[RECALL].endpoints[request.match_info["id"]]
    except KeyError:
        raise not_found("EndpointNotFound") from None


def _find_bot(request: web.Request) -> Bot:
    try:
        return request.app[RECALL].bots[UUID(request.match_info["uuid"])]
    except (ValueError, KeyError):
        raise not_found() from None
