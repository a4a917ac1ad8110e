"""What the documents say of the code is what the code says."""

from pathlib import Path

from pydantic_core import PydanticUndefined

from bridge.connect.explanations import EXPLANATIONS
from bridge.connect.problems import Problem
from meetings.deadlines import Deadlines
from meetings.status import FailureReason, MeetingStatus
from runtime.settings import Settings
from simulator.scripts import SCRIPTS
from starter.calendars.summaries import CalendarState

ROOT = Path(__file__).resolve().parent.parent.parent
START = "<!-- settings: checked by tests/unit/test_docs.py -->\n"
END = "<!-- /settings -->"


def settings_table() -> str:
    rows = ["", "| variable | default | meaning |", "| --- | --- | --- |"]
    fields = [(name.upper(), field) for name, field in Settings.model_fields.items()]
    fields += [(f"MINUTEKEEPER_DEADLINE_{name}".upper(), field) for name, field in Deadlines.model_fields.items()]
    for name, field in fields:
        default = field.default
        shown = "" if default is PydanticUndefined or not str(default).strip("*") else f"`{default}`"
        rows.append(f"| `{name}` | {shown} | {field.description} |")
    return "\n".join([*rows, "", ""])


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    written = readme.partition(START)[2].partition(END)[0]
    assert written == settings_table(), f"put this between the two markers of README.md:\n{settings_table()}"


def test_the_page_about_connecting_explains_every_code() -> None:
    page = (ROOT / "docs" / "connect.md").read_text()
    assert set(EXPLANATIONS) == set(Problem)
    for code in Problem:
        assert f"| `{code}` |" in page, f"docs/connect.md does not explain {code}"


def test_the_operators_page_explains_every_status_and_reason() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    for name in (*MeetingStatus, *FailureReason):
        assert f"| `{name}` |" in page, f"docs/operations.md does not explain {name}"


def test_the_page_about_calendars_explains_every_state() -> None:
    page = (ROOT / "docs" / "calendars.md").read_text()
    for state in CalendarState:
        assert f"| `{state}` |" in page, f"docs/calendars.md does not explain {state}"


def test_the_page_about_the_simulator_names_every_script() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text()
    for name in SCRIPTS:
        assert f"`{name}`" in page, f"docs/simulator.md does not explain {name}"
