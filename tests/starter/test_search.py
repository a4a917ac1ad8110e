"""The commands `index` and `search`, and an `index` that is interrupted."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.search_library import Library
from tests.starter.support import cli, eventually
from tests.system.stack import ROOT, clean_environment

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library(tmp_path)
    monkeypatch.setenv("ARTIFACTS_URL", library.store.url)
    monkeypatch.setenv("MINUTEKEEPER_SEARCH_INDEX", str(library.file))
    return library


async def test_index_and_search_say_what_they_did_and_found(library: Library) -> None:
    await library.add("m1", "The budget\x1b[31m is fine.", "A budget.", title="Weekly")
    await library.store.put("records/2026/12/01/0000Z-damaged.json", b"{")

    assert "Not all transcripts are in the index" in (await cli("search", "budget")).out
    first = await cli("index")
    assert "up to date: 1 meeting read, 0 removed, 0 unchanged." in first.out
    assert "cannot be read: 1 record." in first.out
    assert (await cli("index", "--json")).json == {"written": 0, "removed": 0, "unchanged": 1, "unreadable": 1}
    assert (await cli("index", "--rebuild", "--json")).json["written"] == 1

    found = await cli("search", "the", "budget")
    assert ("Weekly" in found.out, "00:00:00  Anna  The budget[31m is fine." in found.out) == (True, True)
    assert found.out.endswith("1 hit in 1 meeting.\n")
    assert "Nothing was found." in (await cli("search", "nothing", "such")).out
    (hit,) = (await cli("search", '"a budget"', "--json")).json["found"][0]["found"]
    assert (hit["start"], hit["snippet"][0]) == (10.0, {"text": "A budget", "is_match": True})
    assert [(await cli("search", "budget", "--meeting", name, "--json")).json["hits"] for name in ("m1", "m2")] == [
        2,
        0,
    ]
    refused = await cli("search", "***", "--json")
    assert (refused.code, refused.error) == (2, "Type a word to look for.")


async def test_an_index_that_is_interrupted_goes_on_where_it_was(library: Library) -> None:
    for number in range(300):
        await library.add(f"m{number}", "A word.")
    environment = clean_environment() | {
        "ARTIFACTS_URL": library.store.url,
        "MINUTEKEEPER_SEARCH_INDEX": str(library.file),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter", "index", "--json"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    await eventually(lambda: library.search.find("word"), lambda matches: matches.hits > 0, tries=1000)
    os.kill(process.pid, signal.SIGINT)
    out, err = await process.communicate()

    assert (process.returncode, out) == (130, b""), err
    then = (await cli("index", "--json")).json
    assert (then["written"] + then["unchanged"], then["unchanged"] > 0) == (300, True)
    assert (await library.search.find("word")).meetings == 300
