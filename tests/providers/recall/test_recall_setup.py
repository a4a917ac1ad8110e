"""Which providers are opened by which settings, as far as Recall.ai is one of them."""

import pytest

from minutekeeper.config import Settings
from minutekeeper.providers.base import AccountError
from minutekeeper.providers.factory import open_providers
from tests.providers.recall.support import signed
from tests.providers.response_server import Answer, ToldServer

KEYS = {"meetingbaas_api_key": "mb-key-0123456789", "recall_api_key": "recall-key-0123456789"}


def settings(**values: str) -> Settings:
    return Settings.model_validate({"bridge_secret": "s" * 40} | values)


async def opened(**values: str) -> list[str]:
    providers = open_providers(settings(**values))
    await providers.aclose()
    return [provider.name for provider in providers]


async def test_a_key_opens_it() -> None:
    assert await opened(recall_api_key="recall-key-0123456789") == ["recall"]
    assert "recall" not in await opened(meetingbaas_api_key="mb-key-0123456789")


async def test_the_order_of_preference_is_that_of_the_settings() -> None:
    assert await opened(**KEYS) == ["meetingbaas", "recall"]
    assert (await opened(**KEYS, minutekeeper_providers=" recall , meetingbaas "))[0] == "recall"


async def test_the_region_is_named_where_the_key_is_refused(server: ToldServer) -> None:
    server.always = Answer({"detail": "Invalid token."}, status=401)
    providers = open_providers(settings(recall_api_key="k-1", recall_base_url=server.url))
    with pytest.raises(AccountError, match="RECALL_BASE_URL"):
        await providers.get("recall").account_webhook_url()
    await providers.aclose()


async def test_without_a_webhook_secret_no_webhook_is_accepted() -> None:
    providers = open_providers(settings(recall_api_key="k-1"))
    headers = signed(b"{}")
    assert not providers.get("recall").may_accept_webhook(headers, allow_missing_key=True)
    assert not providers.get("recall").accepts_webhook(headers, b"{}", allow_missing_key=True)
    await providers.aclose()
