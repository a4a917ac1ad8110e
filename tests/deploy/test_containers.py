"""The container files, held against each other and against the code; deploy/smoke.sh runs them with an engine."""

import http.server
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from ruamel.yaml import YAML

from minutekeeper.config import DeadlineSettings, Settings
from minutekeeper.temporal.search_attributes import ALL_KEYS
from starter.inputs import MAX_ID_BYTES

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
SECRETS = {name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
# The secrets that each service of ours needs; every other one is emptied, because .env reaches all of them.
API_KEYS = {"MEETINGBAAS_API_KEY", "MEETINGBAAS_V2_API_KEY", "RECALL_API_KEY"}
NEEDED = {
    "worker": API_KEYS | {"BRIDGE_SECRET", "BRIDGE_SECRET_PREVIOUS", "MINUTEKEEPER_SPEECH_TO_TEXT_API_KEY"},
    "recordings": API_KEYS,
    "web": API_KEYS
    | {
        *("BRIDGE_SECRET", "BRIDGE_SECRET_PREVIOUS"),
        *("MINUTEKEEPER_OIDC_CLIENT_SECRET", "MINUTEKEEPER_WEBHOOK_SECRET"),
    },
    "deliveries": API_KEYS | {"MINUTEKEEPER_WEBHOOK_SECRET"},
    "bridge": API_KEYS
    | {
        *("MEETINGBAAS_API_KEY_PREVIOUS", "BRIDGE_SECRET", "BRIDGE_SECRET_PREVIOUS"),
        *("MEETINGBAAS_V2_WEBHOOK_SECRET", "MEETINGBAAS_V2_WEBHOOK_SECRET_PREVIOUS"),
        *("RECALL_WEBHOOK_SECRET", "RECALL_WEBHOOK_SECRET_PREVIOUS"),
        *("MINUTEKEEPER_GOOGLE_CLIENT_SECRET", "MINUTEKEEPER_MICROSOFT_CLIENT_SECRET"),
    },
}


def is_one_shot(service: dict[str, Any]) -> bool:
    return str(service.get("restart")).startswith("on-failure:")


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
    # MINUTEKEEPER_API_KEYS is the path of a file.
    secret = re.compile(r"(KEY(?!S)|SECRET|PASSWORD|PWD)")
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
        command = service["healthcheck"]["test"]
        assert command[0] == "CMD"
        assert not any(" " in argument for argument in command), "some engines split an argument with blanks"


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_tag_and_waits_for_services_that_exist(name: str) -> None:
    service = SERVICES[name]
    image, _, tag = service["image"].partition(":")
    assert image
    assert re.match(r"\d+\.\d+(\.\d+)?([-.][a-z]+[\d.]*)*$|\$\{", tag), "an exact release"
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


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_take_all_memory_or_fill_the_disk_with_logs(name: str) -> None:
    assert SERVICES[name]["mem_limit"]
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_given_settings_that_exist(name: str) -> None:
    assert set(OURS[name]["environment"]) <= SETTINGS | FOREIGN


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_given_the_secrets_that_they_need_and_no_others(name: str) -> None:
    environment = OURS[name]["environment"]
    emptied = {variable for variable, value in environment.items() if value == ""}
    assert emptied == (SECRETS - NEEDED[name]) | {"POSTGRES_PASSWORD"}


def test_one_service_alone_builds_the_image() -> None:
    assert [name for name, service in OURS.items() if "build" in service] == ["worker"]


def test_the_others_do_not_look_for_the_image_in_a_registry() -> None:
    assert [name for name, service in OURS.items() if service.get("pull_policy") == "never"] == [
        "recordings",
        "deliveries",
        "bridge",
        "web",
    ]


@pytest.mark.parametrize("name", ["bridge", "web"])
def test_what_works_without_temporal_is_healthy_while_that_is_away(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][-1].endswith("/healthz")


def test_the_database_is_asked_over_tcp() -> None:
    command = SERVICES["postgres"]["healthcheck"]["test"]
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_the_server_refuses_ids_that_its_database_cannot_hold() -> None:
    (config,) = SERVICES["temporal"]["configs"]
    assert config["target"] == SERVICES["temporal"]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
    content = YAML(typ="safe").load(COMPOSE["configs"][config["source"]]["content"])
    assert content == {"limit.maxIDLength": [{"value": MAX_ID_BYTES}]}


def test_a_clone_that_only_its_owner_can_read_is_enough() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert dockerfile.index("COPY . .") < dockerfile.index("chmod -R a+rX /app")
    for service in SERVICES.values():
        mounts_the_clone = any(volume.startswith(".") for volume in service.get("volumes", []))
        assert not mounts_the_clone or service["user"] == "0:0"


@pytest.mark.parametrize("password", ["a$b", 'a"b', "a\\b"])
def test_a_password_that_would_break_is_refused_in_words(password: str) -> None:
    run = subprocess.run(
        ["/bin/sh", ROOT / "deploy" / "temporal" / "schema.sh"],
        env={"SQL_PASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr[:17]) == (1, "POSTGRES_PASSWORD")
    assert "Traceback" not in run.stderr


def test_ports_of_the_host_are_settings() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all("${" in port for port in ports), ports


@pytest.mark.parametrize("name", OURS)
def test_our_services_may_write_nowhere_but_where_they_keep_things(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    environment = service["environment"]
    kept = [environment["ARTIFACTS_URL"].partition(":-file://")[2].removesuffix("}")]
    kept += [
        environment[each] for each in ("MINUTEKEEPER_API_KEYS", "MINUTEKEEPER_SEARCH_INDEX") if each in environment
    ]
    places = [volume.split(":")[1] for volume in service["volumes"]]
    assert sorted(places) == sorted({str(Path(path).parent) for path in kept})
    dockerfile = (ROOT / "Dockerfile").read_text()
    made = re.findall(r"install --directory --owner minutekeeper --mode 0700 (.*)$", dockerfile, re.MULTILINE)
    assert set(places) <= set(made[0].split()), "a volume belongs to root where the image has no such folder"


def test_containers_are_given_longer_to_stop_than_a_worker_takes() -> None:
    patience = Settings.model_fields["minutekeeper_shutdown_seconds"].default
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > patience


def test_every_port_but_the_bridge_is_for_this_host_alone() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:") or name == "bridge"


def test_health_checks_tell_a_good_answer_from_none(unused_tcp_port: int) -> None:
    def check(*arguments: str) -> int:
        command = [sys.executable, "-m", "minutekeeper.health_check", *arguments]
        return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode

    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        answered = [check(f"http://127.0.0.1:{server.server_port}{path}") for path in ("/", "/missing")]
        server.shutdown()
        thread.join()
    assert answered == [0, 1]
    assert check(f"http://127.0.0.1:{unused_tcp_port}/") == 1
    assert check() == 2


def test_the_namespace_gets_all_search_attributes() -> None:
    script = (ROOT / "deploy" / "temporal" / "namespace.sh").read_text()
    registered = dict(re.findall(r"^attribute (\w+) (\w+)$", script, re.MULTILINE))
    assert registered == {key.name: key.indexed_value_type.name.title().replace("_", "") for key in ALL_KEYS}


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_sound_and_mounted_where_they_are_called(script: Path) -> None:
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0
    callers = [each for each in SERVICES.values() if f"/deploy/{script.name}" in each.get("command", [])]
    assert callers or script.name == "smoke.sh"
    assert all("./deploy/temporal:/deploy:ro" in each["volumes"] for each in callers)


def test_the_image_gets_every_room_that_is_deployed_and_nothing_else() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    rooms -= {"devtools"}
    assert allowed == rooms | {"worker.py", "deploy/requirements/runtime.txt"}
