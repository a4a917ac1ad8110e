"""The providers of the settings: their order, what is missing or contradictory, and when meetings wake up."""

import pytest

from minutekeeper.config import Settings
from minutekeeper.startup_checks import key_problems, start_problems, webhook_problems

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **({"bridge_secret": "b" * 32} | changes))  # type: ignore[arg-type]  # texts


V1 = {"meetingbaas_api_key": "key-of-v1"}
V2 = {"meetingbaas_v2_api_key": "key-of-v2", "meetingbaas_v2_webhook_secret": SECRET}
RECALL = {"recall_api_key": "key-of-recall", "recall_webhook_secret": SECRET}


@pytest.mark.parametrize("account", [V1, V2, RECALL])
def test_any_one_provider_is_enough(account: dict[str, object]) -> None:
    assert start_problems(settings(**account)) == []


def test_none_is_too_few() -> None:
    (problem,) = key_problems(settings())
    assert problem.startswith("MEETINGBAAS_API_KEY is not set")
    assert problem.endswith("set MEETINGBAAS_V2_API_KEY or RECALL_API_KEY instead")


@pytest.mark.parametrize(
    ("order", "preferred", "configured"),
    [
        ("", ("meetingbaas", "recall"), ("meetingbaas", "recall")),
        ("recall, meetingbaas", ("recall", "meetingbaas"), ("recall", "meetingbaas")),
        ("recall,recall", ("recall",), ("recall", "meetingbaas")),
    ],
)
def test_the_order_is_that_of_the_setting_and_others_serve_their_own_bots(
    order: str, preferred: tuple[str, ...], configured: tuple[str, ...]
) -> None:
    found = settings(**V1, **RECALL, minutekeeper_providers=order)
    assert (found.preferred_providers, found.configured_providers) == (preferred, configured)
    assert start_problems(found) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            V1 | {"minutekeeper_providers": "meetingbas"},
            "names 'meetingbas', which is no provider; did you mean meetingbaas?",
        ),
        (V1 | {"minutekeeper_providers": "zzz"}, "there are: meetingbaas, meetingbaas-v2, recall"),
        (
            V1 | {"minutekeeper_providers": "recall"},
            "names recall, and RECALL_API_KEY is not set",
        ),
        (
            {"recall_api_key": "k"},
            "RECALL_WEBHOOK_SECRET is not set: without it no webhook",
        ),
        (V1 | {"recall_webhook_secret": SECRET}, "RECALL_WEBHOOK_SECRET is set, and RECALL_API_KEY is not"),
        ({"meetingbaas_v2_api_key": "k"}, "MEETINGBAAS_V2_WEBHOOK_SECRET is not set"),
        (
            RECALL | {"recall_region": "eu-central-1", "recall_base_url": "https://us-east-1.recall.ai"},
            "RECALL_BASE_URL is https://us-east-1.recall.ai, and RECALL_REGION is eu-central-1: set one",
        ),
    ],
)
def test_half_a_configuration_is_named(changes: dict[str, object], problem: str) -> None:
    found = start_problems(settings(**changes))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"recall_region": "eu-central-1", "recall_base_url": "https://eu-central-1.recall.ai"},
        {"recall_region": "eu-central-1", "recall_base_url": "http://127.0.0.1:9000"},
        {"recall_base_url": "https://us-east-1.recall.ai"},
    ],
)
def test_an_address_and_a_region_that_agree_are_no_problem(changes: dict[str, object]) -> None:
    assert key_problems(settings(**RECALL, **changes)) == []
    assert webhook_problems(settings(**RECALL, **changes)) == []


def test_a_single_provider_is_woken_up_for_as_ever() -> None:
    timing = settings(**V1).wake_up
    assert (timing.lead, timing.ahead, timing.spread) == (240, 45, 40)


def test_several_are_woken_up_for_early_enough_for_each() -> None:
    alone, both = settings(**RECALL).wake_up, settings(**V1, **RECALL).wake_up
    assert (alone.lead, alone.ahead) == (1200, 520)
    assert (both.lead, both.ahead, both.spread) == (1200, 520, 40)


def test_a_rush_at_a_provider_that_keeps_the_timer_wakes_up_one_by_one() -> None:
    timing = settings(**V2, minutekeeper_largest_rush=1000).wake_up
    assert timing.spread == pytest.approx(220)
    assert settings(**V2, meetingbaas_v2_requests_per_second=50).wake_up.spread == 40


def test_what_only_books_needs_no_keys_to_wake_meetings_up_in_time() -> None:
    assert settings(minutekeeper_providers="meetingbaas,recall").wake_up.lead == 1200


def test_a_provider_that_is_out_of_the_order_wakes_nobody_up() -> None:
    assert settings(**V1, **RECALL, minutekeeper_providers="meetingbaas").wake_up.lead == 240
