"""Control of the stand-in itself, under `/_sim`: scripts, endpoints, limits, events to order, and the ledger."""

import asyncio
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import AwareDatetime, Field, JsonValue, StringConstraints, model_validator

from devtools.simulator.meetingbaas_v2 import payloads
from devtools.simulator.meetingbaas_v2.bots import FINAL, ChatMessage, ScheduledBot, V2Bot
from devtools.simulator.meetingbaas_v2.keys import ACCOUNT
from devtools.simulator.meetingbaas_v2.ledger import ledger_of, sum_up
from devtools.simulator.meetingbaas_v2.scripts import SCRIPTS
from devtools.simulator.meetingbaas_v2.webhooks import Endpoint, V2Delivery
from devtools.simulator.models import Control, ScriptRule
from devtools.simulator.responses import dumps, not_found, read_body, refusal
from devtools.simulator.scripts import Step
from devtools.simulator.state import now

_Secret = Annotated[str, StringConstraints(pattern="^whsec_.+")]


class V2ScriptRule(ScriptRule):
    known: ClassVar = SCRIPTS


class EndpointOrder(Control):
    """A further endpoint, as the dashboard makes them; by default with the secret of the settings."""

    url: str
    secret: _Secret | None = None


class EndpointChange(Control):
    """`secret` begins a rotation, during which both sign; `rotated` ends it. `disabled` as in the dashboard."""

    secret: _Secret | None = None
    rotated: bool = False
    disabled: bool | None = None


class AccountChange(Control):
    """Limits from now on; 0, or null for `tokens`, is none. `chat_disabled` are parts of meeting URLs."""

    tokens: Annotated[float, Field(ge=0)] | None = None
    daily_bot_cap: Annotated[int, Field(ge=0)] | None = None
    requests_per_second: Annotated[int, Field(ge=0)] | None = None
    calendar_limit: Annotated[int, Field(ge=0)] | None = None
    chat_disabled: tuple[str, ...] | None = None


class ChatOrder(Control):
    """What a participant writes into the chat."""

    text: str
    sender_name: str = "Ada"
    sender_id: int | None = 1


class V2EmitOrder(Control):
    """One delivery at once: `body` as it is, or the payload of `code` for the bot as it stands.

    `fields` join the status, or the data of `completed` and `failed` with `final`. Without a `url` it goes to all.
    """

    code: str | None = None
    final: bool = False
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    created_at: AwareDatetime | None = None
    body: JsonValue = None
    url: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.code is None) == ("body" not in self.model_fields_set):
            raise ValueError("give either code or body")
        if self.final and self.code not in FINAL:
            raise ValueError("final: only completed and failed have an event of their own")
        return self


async def add_script_rule(request: web.Request) -> web.Response:
    rule = await read_body(request, V2ScriptRule)
    request.app[ACCOUNT].rules.add(rule)
    return web.json_response({"script": rule.script.name})


async def show_endpoints(request: web.Request) -> web.Response:
    endpoints = request.app[ACCOUNT].endpoints.values()
    return web.json_response({"endpoints": [_endpoint(each) for each in endpoints]}, dumps=dumps)


async def add_endpoint(request: web.Request) -> web.Response:
    account, order = request.app[ACCOUNT], await read_body(request, EndpointOrder)
    endpoint = Endpoint(order.url, order.secret or account.settings.webhook_secret)
    account.add_endpoint(endpoint)
    return web.json_response(_endpoint(endpoint), dumps=dumps)


async def change_endpoint(request: web.Request) -> web.Response:
    endpoint, change = _named_endpoint(request), await read_body(request, EndpointChange)
    if change.secret:
        endpoint.previous, endpoint.secret = endpoint.secret, change.secret
    if change.rotated:
        endpoint.previous = None
    if change.disabled is not None:
        endpoint.disabled, endpoint.failing_since = change.disabled, None
    return web.json_response(_endpoint(endpoint), dumps=dumps)


async def remove_endpoint(request: web.Request) -> web.Response:
    del request.app[ACCOUNT].endpoints[_named_endpoint(request).id]
    return web.json_response({"ok": True})


async def show_account(request: web.Request) -> web.Response:
    account = request.app[ACCOUNT]
    limits = account.limits
    return web.json_response(
        {
            "tokens": limits.tokens,
            "daily_bot_cap": limits.daily_bot_cap,
            "requests_per_second": limits.requests_per_second,
            "calendar_limit": limits.calendar_limit,
            "chat_disabled": list(account.chat_disabled),
        }
    )


async def change_account(request: web.Request) -> web.Response:
    account, change = request.app[ACCOUNT], await read_body(request, AccountChange)
    limits = account.limits
    if "tokens" in change.model_fields_set:
        limits.tokens = change.tokens
    if change.daily_bot_cap is not None:
        limits.daily_bot_cap = change.daily_bot_cap
    if change.requests_per_second is not None:
        limits.change_rate(change.requests_per_second)
    if change.calendar_limit is not None:
        limits.calendar_limit = change.calendar_limit
    if change.chat_disabled is not None:
        account.chat_disabled = change.chat_disabled
    return await show_account(request)


async def advance(request: web.Request) -> web.Response:
    """Let the time up to the bot's next step pass at once; one that was not made yet is made now."""
    account, bot = request.app[ACCOUNT], _named_bot(request)
    if isinstance(bot, V2Bot):
        bot.nudge.set()
    elif bot.status == "scheduled":
        if bot.waiting:
            bot.waiting.cancel()
        account.spawn_now(bot)
    return web.json_response({"ok": True})


async def write(request: web.Request) -> web.Response:
    """Let a participant write into the chat of the bot's meeting."""
    account, bot, order = request.app[ACCOUNT], _named_bot(request), await read_body(request, ChatOrder)
    if not isinstance(bot, V2Bot):
        raise not_found()
    message = ChatMessage(str(uuid4()), order.sender_name, order.sender_id, order.text, now())
    bot.chat.append(message)
    account.hear(bot, message)
    return web.json_response({"message_id": message.id})


async def emit(request: web.Request) -> web.Response:
    """Deliver at once, signed; the answer is what the ledger says of each delivery. The bot does not notice."""
    account, bot, order = request.app[ACCOUNT], _named_bot(request), await read_body(request, V2EmitOrder)
    if not isinstance(bot, V2Bot):
        raise not_found()
    endpoints = [each for each in account.endpoints.values() if order.url in (None, each.url)]
    if order.url and not endpoints:
        endpoints = [Endpoint(order.url, account.settings.webhook_secret)]
    if not endpoints:
        return refusal(409, "The account has no webhook endpoint; give one as url")
    body: Any = order.body
    if order.code is not None and order.final:
        body = payloads.ended_as(
            bot, order.code, account.signer, account.retained_seconds, account.settings.wording
        )
        body["data"] |= order.fields
    elif order.code is not None:
        step = Step(code=order.code, fields=dict(order.fields))
        body = payloads.status_change(bot, step, order.created_at or now(), account.settings.wording)
        body["data"]["status"] |= order.fields
    deliveries = [V2Delivery(bot, each.url, body, endpoint=each) for each in endpoints]
    records = [await account.sender.attempt(delivery) for delivery in deliveries]
    return web.json_response({"deliveries": [vars(record) for record in records]}, dumps=dumps)


async def reset(request: web.Request) -> web.Response:
    await request.app[ACCOUNT].reset()
    return web.json_response({"ok": True})


async def show_ledger(request: web.Request) -> web.Response:
    """Bots live on while the text is made; only in between all stands still."""
    await asyncio.to_thread(sum_up, request.app[ACCOUNT])
    ledger = ledger_of(request.app[ACCOUNT])
    body = await asyncio.to_thread(lambda: dumps(ledger).encode())
    return web.Response(body=body, content_type="application/json")


def _named_bot(request: web.Request) -> V2Bot | ScheduledBot:
    account = request.app[ACCOUNT]
    try:
        uuid = UUID(request.match_info["uuid"])
        return account.bots.get(uuid) or account.scheduled[uuid]
    except (ValueError, KeyError):
        raise not_found() from None


def _named_endpoint(request: web.Request) -> Endpoint:
    try:
        return request.app[ACCOUNT].endpoints[UUID(request.match_info["id"])]
    except (ValueError, KeyError):
        raise not_found("EndpointNotFound") from None


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "secret": endpoint.secret,
        "previous": endpoint.previous,
        "disabled": endpoint.disabled,
        "failing_since": endpoint.failing_since,
    }
