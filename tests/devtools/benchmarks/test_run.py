"""What a run leaves behind, with rows that take no time."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.benchmarks import run as running
from devtools.benchmarks.context import Bench
from devtools.benchmarks.machine import circumstances
from devtools.benchmarks.publishing import PAGES, RESULTS, ROOT
from devtools.benchmarks.report import Results
from devtools.benchmarks.results import AccessFindings, plain
from devtools.stack.errors import UsageError
from tests.devtools.benchmarks.factory import ROWS, results

ONE, TWO = "screen", "ingest"


async def quick(_: Bench) -> AccessFindings:
    return AccessFindings(figures=(plain("a new figure", 42, "s"),))


async def broken(_: Bench) -> AccessFindings:
    raise TimeoutError("nobody answered")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the benchmarks write into, and rows that are quick."""
    for page in PAGES:
        (tmp_path / page).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / page, tmp_path / page)
    monkeypatch.setattr(running, "ROOT", tmp_path)
    for name in (ONE, TWO):
        monkeypatch.setitem(running.ROWS, name, (name.title(), quick))
    return tmp_path


def kept_with(house: Path, *, cores: int | None = None) -> None:
    """An earlier whole run, on this machine unless it is said to have had so many cores."""
    now = circumstances()
    if cores is not None:
        now = now.model_copy(update={"machine": now.machine.model_copy(update={"cores": cores})})
    old = results(*ROWS, ROWS[0].model_copy(update={"name": ONE}))
    old.model_copy(update={"circumstances": now}).write(house / RESULTS)


async def test_a_row_measured_alone_takes_its_place_in_the_documents(house: Path) -> None:
    kept_with(house)
    assert await running.run(house / "data", [ONE], 1) == 0
    found = Results.read(house / RESULTS)
    assert found is not None
    assert [row.name for row in found.rows] == [*(row.name for row in ROWS), ONE]
    assert found.rows[-1].findings.figures[0].what == "a new figure"
    assert "| a new figure | 42 s |" in (house / PAGES[0]).read_text()


@pytest.mark.parametrize(("cores", "share"), [(999, 1), (None, 0.5)])
async def test_rows_of_another_machine_or_of_a_trial_do_not_mix(
    house: Path, cores: int | None, share: float
) -> None:
    kept_with(house, cores=cores)
    before = (house / RESULTS).read_text()
    assert await running.run(house / "data", [ONE], share) == 0
    assert (house / RESULTS).read_text() == before
    assert Results.read(house / "data" / RESULTS.name) is not None


async def test_a_row_that_fails_costs_neither_the_others_nor_the_documents(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept_with(house)
    before = (house / RESULTS).read_text()
    monkeypatch.setitem(running.ROWS, ONE, ("Broken", broken))
    assert await running.run(house / "data", [ONE, TWO], 1) == 1
    shown = capsys.readouterr()
    assert "screen could not be measured: TimeoutError: nobody answered" in shown.err
    assert "Traceback" not in shown.err + shown.out
    assert "Traceback" in (house / "data" / "errors.log").read_text()
    found = Results.read(house / "data" / RESULTS.name)
    assert found is not None
    assert [row.name for row in found.rows] == [TWO]
    assert (house / RESULTS).read_text() == before


async def test_a_run_that_is_stopped_keeps_what_it_has_measured(
    house: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def endless(_: Bench) -> AccessFindings:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setitem(running.ROWS, TWO, ("Endless", endless))
    work = asyncio.create_task(running.run(house / "data", [ONE, TWO], 1))
    path = house / "data" / RESULTS.name
    async with asyncio.timeout(30):
        while not path.exists():  # noqa: ASYNC110 - only looking tells
            await asyncio.sleep(0.01)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert f"Stopped: {ONE} was measured" in capsys.readouterr().err
    assert not (house / RESULTS).exists()


async def test_a_folder_in_use_ends_the_run_at_once(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def in_use(_: Bench) -> AccessFindings:
        raise UsageError("The data folder is in use.")

    monkeypatch.setitem(running.ROWS, ONE, ("In use", in_use))
    with pytest.raises(UsageError):
        await running.run(house / "data", [ONE, TWO], 1)


async def test_the_documents_can_be_written_anew_without_measuring(house: Path) -> None:
    with pytest.raises(UsageError, match="make bench"):
        await running.rewrite_documents()
    kept_with(house)
    assert await running.rewrite_documents() == 0
    assert "| 13 actions each | $650 |" in (house / PAGES[1]).read_text()


def test_a_row_that_does_not_exist_is_refused_with_the_names_of_all() -> None:
    command = [sys.executable, "-m", "devtools.benchmarks", "--only", "speed"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "speed: there are" in ended.stderr
    assert "Traceback" not in ended.stderr
