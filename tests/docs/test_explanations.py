"""What the pages say of the code is what the code says."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge.connect.error_messages import ERROR_PAGES
from bridge.connect.errors import ConnectErrorCode
from devtools.simulator.recall.scripts import RECALL_SCRIPTS
from devtools.simulator.scripts import SCRIPTS
from minutekeeper.meetings.fields import BotOptions, WantedArtifacts
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, Reschedule, StopRequest
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.calendars.summaries import CalendarSummaryState
from tests.docs.settings_page import deadlines, settings

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"

REQUEST_TABLES: dict[str, type[BaseModel]] = {
    "The request": MeetingRequest,
    "`bot`": BotOptions,
    "`wanted`": WantedArtifacts,
    "`calendar`": CalendarEventRef,
    "`reschedule`": Reschedule,
    "`cancel`, `leave` and `send`": StopRequest,
}
"""The headings of docs/requests.md, each with the model whose fields its table lists."""

SET_BY_MINUTEKEEPER = {"wake_up", "claim", "rebooked", "follows", "carried"}
"""Fields of a request that callers leave out: our own client, calendars and continue-as-new fill them."""

NEEDED_IN_CONTAINERS = {"BRIDGE_PUBLIC_URL", "ARTIFACTS_URL", "MINUTEKEEPER_LOG_FORMAT"}
"""Settings whose default in containers is another one, or that have to be chosen there."""

LIMITS = {Ge: "at least {0.ge}", Le: "at most {0.le}", MinLen: "at least {0.min_length}", MaxLen: "{0.max_length}"}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_template_of_settings_shows_the_defaults_of_the_code() -> None:
    shown = dict(re.findall(r"^#?([A-Z][A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    in_code = {setting.name: setting.default.strip("`") for setting in (*settings(), *deadlines())}
    different = {name for name, default in in_code.items() if shown[name] != default}
    assert different == NEEDED_IN_CONTAINERS


def rows(heading: str) -> dict[str, str]:
    """The rows of the table below a heading of docs/requests.md, by the field in their first cell."""
    section = page("requests.md").partition(f"# {heading}\n")[2].partition("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)` (\|.*)$", section, re.MULTILINE))


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for heading, model in REQUEST_TABLES.items():
        for name, field in model.model_fields.items():
            if name not in SET_BY_MINUTEKEEPER:
                yield heading, name, field


@pytest.mark.parametrize(("heading", "name", "field"), list(fields()), ids=lambda each: str(each)[:30])
def test_every_field_of_a_request_is_explained(heading: str, name: str, field: FieldInfo) -> None:
    row = rows(heading).get(name)
    assert row, f"docs/requests.md, {heading}: there is no row for {name}"
    default = row.split("|")[1].strip()
    if field.is_required():
        assert default == "required"
    elif isinstance(field.default, (str, bool)) and field.default != "":
        assert default == f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
    else:
        assert default == ""
    for limit in field.metadata:
        if words := LIMITS.get(type(limit)):
            assert words.format(limit) in row, f"docs/requests.md, {name}: {limit} is not in its row"


@pytest.mark.parametrize("heading", REQUEST_TABLES)
def test_no_row_explains_a_field_that_does_not_exist(heading: str) -> None:
    known = set(REQUEST_TABLES[heading].model_fields) - SET_BY_MINUTEKEEPER
    assert rows(heading).keys() == known


def test_the_page_about_connecting_explains_every_code() -> None:
    assert set(ERROR_PAGES) == set(ConnectErrorCode)
    for code in ConnectErrorCode:
        assert f"| `{code}` |" in page("connect.md"), f"docs/connect.md does not explain {code}"


def test_the_operators_page_explains_every_status_and_reason() -> None:
    for name in (*MeetingStatus, *FailureReason):
        assert f"| `{name}` |" in page("operations.md"), f"docs/operations.md does not explain {name}"


def test_the_page_about_calendars_explains_every_state() -> None:
    for state in CalendarSummaryState:
        assert f"| `{state}` |" in page("calendars.md"), f"docs/calendars.md does not explain {state}"


def test_the_page_about_the_simulator_names_every_script() -> None:
    for name in (*SCRIPTS, *RECALL_SCRIPTS):
        assert f"`{name}`" in page("simulator.md"), f"docs/simulator.md does not explain {name}"
