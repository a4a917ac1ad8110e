"""Alerts and dashboard: promtool finds them right, their metrics exist, and operators find each alert explained."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from minutekeeper.meetings.status import FailureReason

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "minutekeeper.json"
PACKAGES = ("activities", "bridge", "minutekeeper", "web", "workflows")
METRIC = re.compile(r"\bminutekeeper_[a-z_]+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def alerts() -> list[dict[str, Any]]:
    (group,) = YAML(typ="safe").load((FOLDER / "alerts.yml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def metrics_in_the_code() -> set[str]:
    files = [
        path
        for each in PACKAGES
        for path in ([ROOT / each] if each.endswith(".py") else (ROOT / each).rglob("*.py"))
    ]
    return {name for path in files for name in re.findall(r"\"(minutekeeper_[a-z_]+)\"", path.read_text())}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is in Debian's package prometheus")
@pytest.mark.parametrize("command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_finds_the_rules_right(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S607 - whichever is installed
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_explained_to_operators() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    explained = re.findall(r"^\| `([A-Za-z]+)` \|", page[page.index("## Alerts") :], re.MULTILINE)
    assert explained == [rule["alert"] for rule in alerts()]
    assert {rule["annotations"]["runbook_url"] for rule in alerts()} == {"docs/operations.md#alerts"}


def test_the_test_of_the_rules_has_every_alert() -> None:
    tested = (FOLDER / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in alerts() if rule["alert"] not in tested] == []


def test_alerts_and_dashboard_name_metrics_and_reasons_that_exist() -> None:
    shown = [target["expr"] for panel in panels() for target in panel["targets"]]
    expressions = " ".join([*shown, *(rule["expr"] for rule in alerts())])
    used = {SUFFIX.sub("", name) for name in METRIC.findall(expressions)}
    assert used - metrics_in_the_code() == set()
    assert set(re.findall(r'reason="([a-z_]+)"', expressions)) <= {reason.value for reason in FailureReason}


def test_panels_have_a_place_of_their_own() -> None:
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels()
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels()}) == len(panels())
