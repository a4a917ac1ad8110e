"""No container engine runs here, so the files are held against each other and against the code."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runtime.settings import DeadlineSettings, Settings
from workflows.attributes import ALL_KEYS

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = YAML(typ="safe").load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("minutekeeper:")}
EXAMPLE = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
SETTINGS = {name.upper() for name in Settings.model_fields} | {
    f"MINUTEKEEPER_DEADLINE_{name.upper()}" for name in DeadlineSettings.model_fields
}
# What an image of somebody else's, or Temporal's own client, reads from the environment of our containers.
FOREIGN = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "POSTGRES_PASSWORD"}


def is_one_shot(service: dict[str, Any]) -> bool:
    return service.get("restart") == "no"


def test_every_variable_is_explained_in_the_example() -> None:
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE_TEXT)) <= EXAMPLE


def test_the_example_knows_every_setting() -> None:
    assert SETTINGS <= EXAMPLE


def test_the_example_knows_no_setting_that_nobody_reads() -> None:
    read_elsewhere = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE_TEXT)) | {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
    }
    assert SETTINGS | read_elsewhere >= EXAMPLE


def test_no_secret_has_a_value_in_the_files() -> None:
    secret = re.compile(r"(KEY|SECRET|PASSWORD|PWD)")
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if secret.search(name):
                assert value == "" or value.startswith("${"), name
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, is_set, value = line.partition("=")
        if is_set and secret.search(name) and name.lstrip("#").isupper() and "ALLOW" not in name:
            assert value == "", name


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_and_comes_back_or_runs_once(name: str) -> None:
    service = SERVICES[name]
    if not is_one_shot(service):
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_tag_and_waits_for_services_that_exist(name: str) -> None:
    service = SERVICES[name]
    image, _, tag = service["image"].partition(":")
    assert image
    assert re.match(r"\d|\$\{", tag)
    for other, wait in service.get("depends_on", {}).items():
        ends = wait["condition"] == "service_completed_successfully"
        assert is_one_shot(SERVICES[other]) == ends


def test_server_and_its_tools_are_of_one_version() -> None:
    versions = {
        service["image"].partition(":")[2]
        for service in SERVICES.values()
        if service["image"].startswith(("temporalio/server", "temporalio/admin-tools"))
    }
    assert len(versions) == 1


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_given_settings_that_exist(name: str) -> None:
    assert set(OURS[name]["environment"]) <= SETTINGS | FOREIGN
    assert OURS[name]["environment"]["POSTGRES_PASSWORD"] == ""


@pytest.mark.parametrize("name", OURS)
def test_our_services_may_write_nowhere_but_where_they_keep_things(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    kept = service["environment"]["ARTIFACTS_URL"].partition(":-file://")[2].removesuffix("}")
    assert [volume.split(":")[1] for volume in service["volumes"]] == [str(Path(kept).parent)]


def test_containers_are_given_longer_to_stop_than_a_worker_takes() -> None:
    patience = Settings.model_fields["minutekeeper_shutdown_seconds"].default
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > patience


def test_every_port_but_the_bridge_is_for_this_host_alone() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or name == "bridge"


def test_the_namespace_gets_all_search_attributes() -> None:
    script = (ROOT / "deploy" / "temporal" / "namespace.sh").read_text()
    registered = dict(re.findall(r"^attribute (\w+) (\w+)$", script, re.MULTILINE))
    assert registered == {key.name: key.indexed_value_type.name.title().replace("_", "") for key in ALL_KEYS}


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_sound_and_mounted_where_they_are_called(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0
    callers = [each for each in SERVICES.values() if f"/deploy/{script.name}" in each.get("command", [])]
    assert callers
    assert all("./deploy/temporal:/deploy:ro" in each["volumes"] for each in callers)


def test_the_image_gets_every_room_that_is_deployed_and_nothing_else() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    rooms -= {"benchmarks", "chaos", "embedded", "simulator"}
    assert allowed == rooms | {"worker.py", "requirements/runtime.txt"}
