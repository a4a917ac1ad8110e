"""HTTP handlers for webhooks, and the check of the token in a bot's webhook URL."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime

from aiohttp import web

from bridge.app_keys import (
    BODIES,
    BOT_RATE_LIMIT,
    FORWARDER,
    INBOX,
    LAST_WEBHOOKS,
    LINE,
    PROVIDERS,
    READINESS,
    SETTINGS,
)
from bridge.delivery import BotAddress, DeliveryOutcome, WebhookDelivery
from bridge.delivery_log import DeliveryLogEntry
from bridge.forwarder import ForwardResult
from bridge.inbox import InboxFolder
from bridge.metrics import WRONG_KEY, WRONG_TOKEN
from minutekeeper.config import signing_secrets
from minutekeeper.meetings.webhook_urls import token_matches
from minutekeeper.providers.base import (
    BotWebhook,
    CalendarWebhook,
    IgnoredWebhook,
    MalformedWebhookError,
    Provider,
)
from minutekeeper.providers.factory import secrets_of
from minutekeeper.storage.errors import StoreError


def has_valid_token(request: web.Request) -> bool:
    """Whether the token in the URL belongs to the rest of it, by the current or previous secret."""
    secrets = signing_secrets(request.app[SETTINGS])
    address = request.match_info
    return token_matches(
        address["token"], address["provider"], address["workflow_id"], int(address["dispatch"]), secrets
    )


async def confirm_address(request: web.Request) -> web.Response:
    """Answers whether a bot with this webhook URL would be accepted; nothing is delivered."""
    if not has_valid_token(request):
        raise web.HTTPUnauthorized(text="unauthorized")
    return web.json_response({"address": "known"})


_RETRY_AFTER_SECONDS = 5
_NOTE_SECONDS = 1.0


async def receive_bot_webhook(request: web.Request) -> web.Response:
    """Receives a delivery at a bot's own webhook URL, which names the workflow and contains a token."""
    workflow_id = request.match_info["workflow_id"]
    line = request[LINE] = DeliveryLogEntry(workflow_id=workflow_id)
    if not has_valid_token(request):
        raise _unauthorized(line, WRONG_TOKEN)
    provider = _provider(request)
    allow_missing = request.app[SETTINGS].minutekeeper_bridge_allow_missing_key
    _check_key(request, provider, allow_missing=allow_missing)
    async with request.app[BODIES].of(request) as body:
        _check_signature(request, provider, body, allow_missing=allow_missing)
        received_at = datetime.now(UTC)
        notice = await _parse(request, provider, body, received_at)
        if not isinstance(notice, BotWebhook):
            return _ignored(line, notice)
        dispatch = int(request.match_info["dispatch"])
        return await _forward(
            request,
            WebhookDelivery.of_bot(
                notice,
                _redacted_body_to_store(request, notice, body),
                received_at,
                to=BotAddress(provider.name, workflow_id, dispatch),
            ),
        )


async def receive_account_webhook(request: web.Request) -> web.Response:
    """Receives a delivery at the account's webhook URL.

    About a calendar, or a bot whose meeting has to be found.
    """
    line = request[LINE] = DeliveryLogEntry()
    provider = _provider(request)
    _check_key(request, provider, allow_missing=False)
    async with request.app[BODIES].of(request) as body:
        _check_signature(request, provider, body, allow_missing=False)
        received_at = datetime.now(UTC)
        notice = await _parse(request, provider, body, received_at)
        if isinstance(notice, IgnoredWebhook):
            return _ignored(line, notice)
        with suppress(StoreError, TimeoutError):
            # A store in trouble must not hold the delivery back.
            async with asyncio.timeout(_NOTE_SECONDS):
                await request.app[LAST_WEBHOOKS].note(provider.name, received_at)
        if isinstance(notice, CalendarWebhook):
            return await _forward(request, WebhookDelivery.of_calendar(notice, provider.name, received_at))
        workflow_id, dispatch = notice.workflow_id, notice.event.dispatch
        return await _forward(
            request,
            WebhookDelivery.of_bot(
                notice,
                _redacted_body_to_store(request, notice, body),
                received_at,
                to=BotAddress(provider.name, workflow_id, dispatch),
            ),
        )


async def healthz(_request: web.Request) -> web.Response:
    """The process runs, and can at least store deliveries."""
    return web.json_response({"alive": True})


async def readyz(request: web.Request) -> web.Response:
    """Whether all dependencies work. A bridge that is not ready still accepts webhooks."""
    parts = await request.app[READINESS].check()
    return web.json_response(parts._asdict(), status=200 if all(parts) else 503)


async def _forward(request: web.Request, delivery: WebhookDelivery) -> web.Response:
    line, inbox = request[LINE], request.app[INBOX]
    # Final events are limited apart, so that a flood of statuses does not block them.
    if delivery.bot_id and not request.app[BOT_RATE_LIMIT].admits(f"{delivery.bot_id} {delivery.kind}"):
        line.add(ForwardResult(DeliveryOutcome.REPEATED, delivery))
        return web.json_response({"outcome": DeliveryOutcome.REPEATED})
    try:
        result = await request.app[FORWARDER].forward(delivery)
        line.add(result)
        match result.outcome:
            case DeliveryOutcome.TEMPORAL_DOWN | DeliveryOutcome.RETRY_LATER:
                await inbox.put(result.delivery, InboxFolder.WAITING)
            case DeliveryOutcome.REFUSED:
                await inbox.put_rejected(result.delivery)
            case DeliveryOutcome.UNKNOWN_BOT:
                line.detail = "stored for now" if await inbox.put_unknown_bot(delivery) else "dropped"
    except StoreError as error:
        line.outcome, line.detail = "not stored", str(error)
        raise web.HTTPServiceUnavailable(
            text="the delivery could not be stored; send it again",
            headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
        ) from error
    return web.json_response({"outcome": result.outcome})


def _provider(request: web.Request) -> Provider:
    """The provider that the address names."""
    provider = request.app[PROVIDERS].find(request.match_info["provider"])
    if provider is None:
        request[LINE].outcome = "no such provider"
        raise web.HTTPNotFound
    return provider


def _check_key(request: web.Request, provider: Provider, *, allow_missing: bool) -> None:
    """Before the body is read, so that strangers cannot make the bridge read large ones."""
    if not provider.may_accept_webhook(
        request.headers, allow_missing_key=allow_missing, token=request.match_info.get("token", "")
    ):
        raise _unauthorized(request[LINE], WRONG_KEY)


def _check_signature(request: web.Request, provider: Provider, body: bytes, *, allow_missing: bool) -> None:
    if not provider.accepts_webhook(
        request.headers, body, allow_missing_key=allow_missing, token=request.match_info.get("token", "")
    ):
        raise _unauthorized(request[LINE], WRONG_KEY)


def _unauthorized(line: DeliveryLogEntry, why: str) -> web.HTTPUnauthorized:
    line.outcome = why
    return web.HTTPUnauthorized(text="unauthorized")


async def _parse(
    request: web.Request, provider: Provider, body: bytes, received_at: datetime
) -> BotWebhook | CalendarWebhook | IgnoredWebhook:
    try:
        async with request.app[BODIES].parsing(body):
            return provider.parse_webhook(request.headers, body, received_at)
    except MalformedWebhookError as error:
        raise web.HTTPBadRequest(text=str(error)) from error


def _redacted_body_to_store(request: web.Request, notice: BotWebhook, body: bytes) -> bytes | None:
    """The body to store, if it has to be: redacted, because the provider's texts may quote a key of ours."""
    if not notice.keep_body:
        return None
    for secret in secrets_of(request.app[SETTINGS]):
        body = body.replace(secret.encode(), b"***")
    return body


def _ignored(line: DeliveryLogEntry, notice: IgnoredWebhook | CalendarWebhook) -> web.Response:
    line.outcome = "ignored"
    line.detail = notice.detail if isinstance(notice, IgnoredWebhook) else "news of a calendar on a bot's address"
    return web.json_response({"outcome": line.outcome})
