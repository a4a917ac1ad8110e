import os
from pathlib import Path

import pytest

from devtools.stack.data_folder import DataFolder
from devtools.stack.environment import choose_addresses, read_settings, service_environment
from devtools.stack.errors import UsageError

PORTS = {
    "--temporal-port": 1,
    "--temporal-http-port": 5,
    "--ui-port": 2,
    "--bridge-port": 3,
    "--web-port": 6,
    "--simulator-port": 4,
}


def environment(folder: DataFolder, *, simulator: bool) -> dict[str, str]:
    settings = read_settings(simulator=simulator)
    addresses = choose_addresses(PORTS, folder, settings, simulator=simulator)
    return service_environment(addresses, folder, settings, 20.0)


@pytest.mark.usefixtures("clean_environment")
def test_without_settings_everything_is_on_this_machine(folder: DataFolder) -> None:
    found = environment(folder, simulator=True)
    assert found["TEMPORAL_ADDRESS"] == "127.0.0.1:1"
    assert found["MEETINGBAAS_BASE_URL"] == "http://127.0.0.1:4"
    assert found["MEETINGBAAS_API_KEY"] == "minutekeeper-dev"
    assert found["BRIDGE_PUBLIC_URL"] == "http://127.0.0.1:3"
    assert found["BRIDGE_SECRET"] == folder.secret()
    assert found["ARTIFACTS_URL"] == folder.artifacts.as_uri()
    assert found["MINUTEKEEPER_SIMULATOR_SPEED"] == "20"


def test_the_simulator_takes_the_place_of_the_configured_api_but_not_its_key(
    folder: DataFolder, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv("MEETINGBAAS_API_KEY", "mine")
    clean_environment.setenv("MEETINGBAAS_BASE_URL", "https://api.example.com")
    clean_environment.setenv("BRIDGE_PUBLIC_URL", "https://bridge.example.com")
    clean_environment.setenv("BRIDGE_SECRET", "my secret, and no short one at all")
    clean_environment.setenv("ARTIFACTS_URL", "s3://bucket/prefix")
    found = environment(folder, simulator=True)
    assert found["MEETINGBAAS_API_KEY"] == "mine"
    assert found["MEETINGBAAS_BASE_URL"] == "http://127.0.0.1:4"
    assert found["BRIDGE_PUBLIC_URL"] == "http://127.0.0.1:3"
    assert found["BRIDGE_SECRET"] == "my secret, and no short one at all"
    assert found["ARTIFACTS_URL"] == "s3://bucket/prefix"


def test_the_real_api_is_used_as_configured(folder: DataFolder, clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("MEETINGBAAS_API_KEY", "mine")
    clean_environment.setenv("BRIDGE_PUBLIC_URL", "https://bridge.example.com")
    found = environment(folder, simulator=False)
    assert found["MEETINGBAAS_API_KEY"] == "mine"
    assert found["MEETINGBAAS_BASE_URL"] == "https://api.meetingbaas.com"
    assert found["BRIDGE_PUBLIC_URL"] == "https://bridge.example.com"


def test_the_real_api_without_a_public_address_gets_the_local_one(
    folder: DataFolder, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv("MEETINGBAAS_API_KEY", "mine")
    assert environment(folder, simulator=False)["BRIDGE_PUBLIC_URL"] == "http://127.0.0.1:3"


@pytest.mark.usefixtures("clean_environment")
def test_the_real_api_wants_a_key() -> None:
    with pytest.raises(UsageError, match=r"--no-simulator .*MEETINGBAAS_API_KEY"):
        read_settings(simulator=False)


@pytest.mark.parametrize(
    ("name", "value", "simulator"),
    [
        ("BRIDGE_SECRET", "too short", True),
        ("BRIDGE_SECRET", "too short", False),
        ("BRIDGE_PUBLIC_URL", "http://bridge.example.com", False),
    ],
)
def test_what_worker_and_bridge_would_refuse_is_refused_at_once(
    clean_environment: pytest.MonkeyPatch, name: str, value: str, *, simulator: bool
) -> None:
    clean_environment.setenv("MEETINGBAAS_API_KEY", "mine")
    clean_environment.setenv("BRIDGE_SECRET", "s" * 32)
    clean_environment.setenv(name, value)
    with pytest.raises(UsageError, match=name):
        read_settings(simulator=simulator)


@pytest.mark.usefixtures("clean_environment")
def test_settings_in_a_file_count(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MEETINGBAAS_API_KEY=mine\n")
    assert read_settings(simulator=False).meetingbaas_api_key.get_secret_value() == "mine"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [("ARTIFACTS_URL", "ftp://somewhere", "ARTIFACTS_URL"), ("MINUTEKEEPER_DEADLINE_GRACE", "soon", "GRACE")],
)
def test_an_unusable_setting_is_named(
    name: str, value: str, named: str, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv(name, value)
    with pytest.raises(UsageError, match=rf"{named}: "):
        read_settings(simulator=True)


def test_no_other_temporal_profile_leaks_in(folder: DataFolder, clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("TEMPORAL_API_KEY", "of the cloud")
    clean_environment.setenv("TEMPORAL_PROFILE", "prod")
    found = environment(folder, simulator=True)
    assert {name: value for name, value in found.items() if name.startswith("TEMPORAL_")} == {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_HTTP": "http://127.0.0.1:5",
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }
