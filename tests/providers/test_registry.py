import pytest

from minutekeeper.providers.base import AccountError
from minutekeeper.providers.registry import Providers
from tests.workflows.scripted import ScriptedProvider

FIRST, SECOND = ScriptedProvider(), ScriptedProvider(name="other")


def test_the_first_serves_what_names_none() -> None:
    providers = Providers([FIRST, SECOND])
    assert providers.get() is providers.get("") is providers.get("scripted") is FIRST
    assert providers.get("other") is SECOND
    assert list(providers) == [FIRST, SECOND]


def test_an_unknown_name_is_the_accounts_trouble_and_says_what_there_is() -> None:
    with pytest.raises(AccountError, match=r"bot.provider: 'thrid' is not set up here; there are: other, scripted"):
        Providers([FIRST, SECOND]).get("thrid")


def test_an_address_names_its_provider_in_full() -> None:
    providers = Providers([FIRST])
    assert providers.find("scripted") is FIRST
    assert providers.find("") is None
    assert providers.find("other") is None
