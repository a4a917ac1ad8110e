"""Where downloads may lead is a setting: the provider's hosts by default, the simulator's if it stands in."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import choose_addresses, service_environment
from minutekeeper.config import Settings, describe_invalid

HOSTS = "MINUTEKEEPER_DOWNLOAD_HOSTS"
PRIVATE = "MINUTEKEEPER_DOWNLOAD_PRIVATE_ADDRESSES"
PORTS = {
    "--temporal-port": 1,
    "--temporal-http-port": 5,
    "--ui-port": 2,
    "--bridge-port": 3,
    "--web-port": 6,
    "--simulator-port": 4,
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (HOSTS, PRIVATE, "MINUTEKEEPER_DOWNLOAD_MAX_BYTES", "MINUTEKEEPER_DOWNLOAD_GIVE_UP_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def stack_environment(tmp_path: Path, *, simulator: bool) -> dict[str, str]:
    settings, folder = Settings(), DataFolder(tmp_path / "data")
    addresses = choose_addresses(PORTS, folder, settings, simulator=simulator)
    return service_environment(addresses, folder, settings, 1.0)


def test_without_a_setting_it_is_every_host_on_a_public_address() -> None:
    settings = Settings()

    assert settings.download_hosts == ()
    assert settings.minutekeeper_download_private_addresses is False


def test_hosts_are_written_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOSTS, " *.Example.com, 127.0.0.1:8080 ,[::1]:9000")

    assert Settings().download_hosts == ("*.example.com", "127.0.0.1:8080", "[::1]:9000")


@pytest.mark.parametrize(
    "value", ["https://example.com", "example.com/path", "a,,b", ",", "a;b", "x?y", "[a-z].com,"]
)
def test_what_is_no_list_of_hosts_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(HOSTS, value)

    with pytest.raises(ValidationError) as refused:
        Settings()

    assert describe_invalid(refused.value).startswith(f"{HOSTS}: must be hosts with commas between them, such as ")


def test_the_simulators_recordings_may_be_fetched_and_nothing_else_of_this_machine(tmp_path: Path) -> None:
    found = stack_environment(tmp_path, simulator=True)

    assert found[HOSTS] == "127.0.0.1:4"
    assert found[PRIVATE] == "true"


def test_beside_the_simulator_hosts_of_ones_own_still_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOSTS, "127.0.0.1:8080")

    assert stack_environment(tmp_path, simulator=True)[HOSTS] == "127.0.0.1:4,127.0.0.1:8080"


def test_without_the_simulator_nothing_private_is_allowed(tmp_path: Path) -> None:
    found = stack_environment(tmp_path, simulator=False)

    assert HOSTS not in found
    assert PRIVATE not in found
