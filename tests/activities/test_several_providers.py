"""Bots of two providers through one worker: each order, removal and question goes to the provider that it names."""

from datetime import UTC, datetime

import pytest
from temporalio.exceptions import ApplicationError

from activities.bots import BotActivities
from activities.errors import ACCOUNT
from minutekeeper.meetings.bot_reference import BotReference
from minutekeeper.meetings.webhook_health import BotStatusQuery
from minutekeeper.providers.registry import Providers
from tests.activities.test_bots import a_bot, an_attempt, order
from tests.workflows.scripted import ScriptedProvider


@pytest.fixture
def default() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def other() -> ScriptedProvider:
    return ScriptedProvider(name="other")


@pytest.fixture
def bots(default: ScriptedProvider, other: ScriptedProvider) -> BotActivities:
    return BotActivities(
        Providers([default, other], ["scripted"]), public_url="https://bridge.example", secret="s3cret"
    )


async def test_a_bot_comes_from_the_provider_that_is_named(
    bots: BotActivities, default: ScriptedProvider, other: ScriptedProvider
) -> None:
    plain = a_bot(await an_attempt().run(bots.send_bot, order()))
    named = a_bot(await an_attempt().run(bots.send_bot, order(provider="other")))
    assert (plain.provider, named.provider) == ("scripted", "other")
    assert (len(default.bots), len(other.bots)) == (1, 1)
    assert other.bots[0].address.webhook_url.startswith("https://bridge.example/webhooks/other/")


async def test_a_bot_that_is_found_belongs_to_the_provider_that_was_searched(
    bots: BotActivities, default: ScriptedProvider
) -> None:
    wanted = order(provider="other")
    await an_attempt().run(bots.send_bot, wanted)
    found = await an_attempt().run(bots.find_bot, wanted)
    assert found is not None
    assert (found.provider, found.is_adopted) == ("other", True)
    assert await an_attempt().run(bots.find_bot, order()) is None
    assert not default.bots


async def test_removals_and_questions_go_to_the_bots_own_provider(
    bots: BotActivities, default: ScriptedProvider, other: ScriptedProvider
) -> None:
    await an_attempt().run(bots.send_bot, order())
    sent = a_bot(await an_attempt().run(bots.send_bot, order(provider="other")))
    await an_attempt().run(bots.remove_bot, BotReference(bot_id=sent.bot_id, provider="other"))
    question = BotStatusQuery(bot_id=sent.bot_id, provider="other", asked_at=datetime.now(UTC))
    await an_attempt().run(bots.observe_bot, question)
    assert (default.bots[0].removed, other.bots[0].removed) == (False, True)
    assert (default.asked, other.asked) == ([], [sent.bot_id])


async def test_a_provider_that_is_not_set_up_is_the_accounts_trouble(
    bots: BotActivities,
) -> None:
    with pytest.raises(ApplicationError, match=r"'recal' is not set up here; there are: other") as refused:
        await an_attempt().run(bots.send_bot, order(provider="recal"))
    assert (refused.value.type, refused.value.non_retryable) == (ACCOUNT, True)
    assert refused.value.details[0] is True, "it is certain that there is no bot"
