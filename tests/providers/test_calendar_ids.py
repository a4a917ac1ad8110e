"""The ids of calendars lead to their providers, and those of Meeting BaaS v1 stay as they are."""

import pytest

from minutekeeper.config import Settings
from minutekeeper.providers.base import UnknownProviderError
from minutekeeper.providers.calendar_factory import open_calendars
from minutekeeper.providers.calendar_ids import (
    id_at_provider,
    own_calendar_id,
    provider_name,
    provider_of_calendar,
)

UUID = "0b1c2d3e-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("provider", "own"),
    [("meetingbaas", UUID), ("meetingbaas-v2", f"meetingbaas-v2-{UUID}"), ("recall", f"recall-{UUID}")],
)
def test_an_id_says_whose_calendar_it_is(provider: str, own: str) -> None:
    assert own_calendar_id(provider, UUID) == own
    assert provider_of_calendar(own) == provider
    assert id_at_provider(own) == UUID


def test_the_first_version_is_not_named_in_workflows() -> None:
    assert provider_name(UUID) == ""
    assert provider_name(f"recall-{UUID}") == "recall"


async def test_only_providers_with_a_key_have_calendars() -> None:
    calendars = open_calendars(Settings(_env_file=None, meetingbaas_api_key="key-of-v1"))
    assert [each.name for each in calendars] == ["meetingbaas"]
    assert calendars.of(UUID).name == calendars.get().name == "meetingbaas"
    with pytest.raises(UnknownProviderError, match="calendars of 'recall' are not set up here"):
        calendars.of(f"recall-{UUID}")
    await calendars.aclose()


async def test_the_calendars_of_all_providers_with_a_key_are_open() -> None:
    settings = Settings(
        meetingbaas_api_key="k1",
        meetingbaas_v2_api_key="k2",
        recall_api_key="k3",
        minutekeeper_calendar_provider="recall",
    )
    calendars = open_calendars(settings)
    assert [each.name for each in calendars] == ["recall", "meetingbaas", "meetingbaas-v2"]
    assert calendars.get().name == "recall"
    await calendars.aclose()


def test_the_default_for_calendars_has_to_have_a_key() -> None:
    settings = Settings(meetingbaas_api_key="k", minutekeeper_calendar_provider="recall")
    with pytest.raises(ValueError, match="MINUTEKEEPER_CALENDAR_PROVIDER is recall, which is none of: meetingbaas"):
        open_calendars(settings)
