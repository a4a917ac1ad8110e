"""What the doctor says of each provider that is set up."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from minutekeeper.config import Settings
from minutekeeper.providers.webhook_signatures import WebhookSignatures
from minutekeeper.storage.last_webhooks import LastWebhooks
from minutekeeper.storage.store import ArtifactStore
from starter.health_checks import CheckResult, run_check
from starter.provider_checks import provider_checks

SECRET = "whsec_dGVzdC1yZWNhbGwtc2VjcmV0"
OTHER = "whsec_b3RoZXItcmVjYWxsLXNlY3JldA=="
KEY = "key-of-the-workspace"


@asynccontextmanager
async def outside(bridge_secret: str = SECRET) -> AsyncIterator[str]:
    """A bridge with this secret and the APIs of two providers, all at one address."""
    signatures = WebhookSignatures([bridge_secret])

    async def webhook(request: web.Request) -> web.Response:
        is_ours = signatures.accepts(request.headers, await request.read())
        return web.json_response({"outcome": "ignored"}, status=200 if is_ours else 401)

    async def bots(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Token {KEY}":
            return web.json_response({"code": "authentication_failed"}, status=401)
        return web.json_response({"next": None, "previous": None, "results": []})

    async def webhook_url(_request: web.Request) -> web.Response:
        return web.json_response({"webhook_url": ""})

    app = web.Application()
    app.router.add_post("/webhooks/recall", webhook)
    app.router.add_get("/api/v1/bot/", bots)
    app.router.add_get("/accounts/webhook_url", webhook_url)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def checks(url: str, **changes: str) -> dict[str, CheckResult]:
    fields = {
        "bridge_public_url": url,
        "bridge_secret": secrets.token_hex(),
        "recall_base_url": url,
        "recall_api_key": KEY,
        "recall_webhook_secret": SECRET,
    }
    settings = Settings(_env_file=None, **(fields | changes))  # type: ignore[arg-type]  # texts, as in an environment
    return {name: await run_check(name, check) for name, check in provider_checks(settings)}


async def test_a_key_that_works_and_a_secret_that_the_bridge_has_too() -> None:
    async with outside() as url:
        found = await checks(url)
    assert {name: check.ok for name, check in found.items()} == {"Recall.ai": True, "webhooks of Recall.ai": True}
    assert found["Recall.ai"].found == f"{url} accepts the API key; 1 a second at most; number 1 in the order"
    assert (
        found["webhooks of Recall.ai"].found
        == f"{url}/webhooks/recall verifies signatures by RECALL_WEBHOOK_SECRET; "
        "whether Recall.ai signs with it, its first webhook shows"
    )


@pytest.mark.parametrize(
    ("ago", "told"),
    [(timedelta(minutes=5), "within the last hour"), (timedelta(hours=30), "30 h ago"), (timedelta(days=3), None)],
)
async def test_the_last_webhook_is_told_of(tmp_path: Path, ago: timedelta, told: str | None) -> None:
    at = datetime.now(UTC) - ago
    await LastWebhooks(ArtifactStore(tmp_path.as_uri())).note("recall", at)
    async with outside() as url:
        found = await checks(url, artifacts_url=tmp_path.as_uri())
    assert found["webhooks of Recall.ai"].found.endswith(f"; Recall.ai reported last {told or f'{at:%Y-%m-%d}'}")


async def test_a_key_of_another_region_and_a_secret_that_the_bridge_does_not_have() -> None:
    async with outside(bridge_secret=OTHER) as url:
        found = await checks(url, recall_api_key="key-of-another-region")
    assert not any(check.ok for check in found.values())
    assert "RECALL_REGION" in found["Recall.ai"].remedy
    assert "RECALL_API_KEY" in found["Recall.ai"].remedy
    assert "does not accept a signature" in found["webhooks of Recall.ai"].found
    assert "give the bridge the same RECALL_WEBHOOK_SECRET" in found["webhooks of Recall.ai"].remedy
    assert not any(SECRET in f"{check.found} {check.remedy}" for check in found.values())


async def test_a_bridge_that_does_not_know_the_provider() -> None:
    async with outside() as url:
        found = await checks(url, bridge_public_url=f"{url}/elsewhere")
    assert "answers 404" in found["webhooks of Recall.ai"].found
    assert "RECALL_API_KEY" in found["webhooks of Recall.ai"].remedy


async def test_of_several_each_one_says_its_place_in_the_order() -> None:
    async with outside() as url:
        found = await checks(
            url, meetingbaas_api_key="key", meetingbaas_base_url=url, minutekeeper_providers="recall"
        )
    assert found["Recall.ai"].found.endswith("number 1 in the order")
    assert found["Meeting BaaS"].found.endswith("20 a second at most; sends no new bots")


async def test_a_single_provider_of_ever_is_told_of_as_ever() -> None:
    async with outside() as url:
        found = await checks(
            url,
            recall_api_key="",
            recall_webhook_secret="",
            recall_base_url="",
            meetingbaas_api_key="key",
            meetingbaas_base_url=url,
        )
    assert {name: check.found for name, check in found.items()} == {"Meeting BaaS": f"{url} accepts the API key"}
