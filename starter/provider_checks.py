"""Health checks of each provider that is set up: its key, its limits, and the secret that signs its webhooks."""

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import aiohttp
from standardwebhooks.webhooks import Webhook

from minutekeeper.config import Settings
from minutekeeper.provider_config import ProviderAccount
from minutekeeper.providers.base import AccountError, ProviderError
from minutekeeper.providers.factory import DEFAULT_PROVIDER
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.last_webhooks import LastWebhooks
from minutekeeper.storage.store import ArtifactStore
from starter.errors import MeetingInputError
from starter.health_checks import CheckFailedError, HealthCheck
from starter.provider_account import open_bot_account

_TITLES = {"meetingbaas": "Meeting BaaS", "meetingbaas-v2": "Meeting BaaS v2", "recall": "Recall.ai"}
_HOURS_TOLD = 48
_TEST_EVENT = json.dumps({"event": "minutekeeper.doctor"})
"""Means nothing to any provider, so that a bridge which believes it does nothing with it."""


def provider_checks(settings: Settings) -> Iterator[tuple[str, HealthCheck]]:
    """The checks by their titles; without any key, that of the default provider says what is missing."""
    names = settings.configured_providers or (DEFAULT_PROVIDER,)
    for account in map(settings.provider_account, names):
        title = _TITLES[account.name]
        yield title, partial(_check_account, settings, account, is_alone=len(names) == 1)
        if account.webhook_secret_variable:
            yield f"webhooks of {title}", partial(_check_secret, settings, account)


async def _check_account(settings: Settings, account: ProviderAccount, *, is_alone: bool) -> str:
    key, address = account.key_variable, account.address_variable
    region = "" if address.endswith("BASE_URL") else f" and {address}"
    try:
        async with open_bot_account(settings, account.name) as bots:
            await bots.account_webhook_url()
    except MeetingInputError as error:
        raise CheckFailedError(str(error), f"set {key} to the account's key") from error
    except AccountError as error:
        raise CheckFailedError(
            str(error), f"set {key} to the account's key, and check the account{region}"
        ) from error
    except ProviderError as error:
        raise CheckFailedError(str(error), f"check {address} and this machine's internet connection") from error
    accepted = f"{account.address} accepts the API key"
    if is_alone and not account.webhook_secret_variable:
        return accepted
    limit = f"{account.per_second:g} a second at most" if account.per_second else "without a limit"
    names = settings.preferred_providers
    use = f"number {names.index(account.name) + 1} in the order" if account.name in names else "sends no new bots"
    return f"{accepted}; {limit}; {use}"


async def _check_secret(settings: Settings, account: ProviderAccount) -> str:
    """Sends the bridge a delivery that is signed with the secret of this machine, as the provider signs its own.

    Whether the provider has the same secret only a delivery of its own can show, so the last one is told of.
    """
    name = account.webhook_secret_variable
    secret = account.webhook_secret
    if not secret:
        raise CheckFailedError(f"not checked: {name} is not set", "copy it from the provider's dashboard")
    url = f"{settings.bridge_public_url}/webhooks/{account.name}"
    sent_at, delivery = datetime.now(UTC), f"msg_doctor_{secrets.token_hex(8)}"
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery, sent_at, _TEST_EVENT),
    }
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data=_TEST_EVENT, headers=headers, allow_redirects=False) as response,
        ):
            status = response.status
    except (aiohttp.ClientError, OSError) as error:
        raise CheckFailedError(
            f"{url} cannot be reached: {error}", "start the bridge, and see its check"
        ) from error
    if status == 200:
        return f"{url} verifies signatures by {name}; {await _last_webhook(settings, account)}"
    if status == 401:
        remedy = f"give the bridge the same {name}, and compare the clocks of both machines"
        raise CheckFailedError(f"{url} does not accept a signature by {name}", remedy)
    raise CheckFailedError(f"{url} answers {status}", f"start the bridge with {account.key_variable} set")


async def _last_webhook(settings: Settings, account: ProviderAccount) -> str:
    vendor = _TITLES[account.name]
    try:
        last = await LastWebhooks(ArtifactStore(settings.artifacts_url)).of(account.name)
    except StoreError:
        return f"when {vendor} reported last is not known, because the store cannot be read"
    if last is None:
        return f"whether {vendor} signs with it, its first webhook shows"
    minutes = max(int((datetime.now(UTC) - last).total_seconds() // 60), 0)
    hours = minutes // 60
    age = f"{last:%Y-%m-%d}" if hours >= _HOURS_TOLD else f"{hours} h ago" if hours else "within the last hour"
    return f"{vendor} reported last {age}"
