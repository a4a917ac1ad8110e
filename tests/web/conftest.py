import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from minutekeeper.temporal.search_attributes import ALL_KEYS
from tests.devtools.simulator.support import KEY, running_sim
from tests.starter.support import QUIET, SECRET, cli, fake_worker, target_of, temporal_server
from tests.system.stack import ROOT, clean_environment

SCOPES = ("read", "files", "book", "steer", "admin")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal with a worker in one namespace and none in the other."""
    async with (
        temporal_server(list(ALL_KEYS), "--namespace", QUIET) as environment,
        fake_worker(environment.client),
    ):
        yield environment


@dataclass
class Api:
    """The API as a process of its own. `keys` are by scope."""

    url: str
    http: aiohttp.ClientSession
    folder: Path
    keys: dict[str, str]
    process: asyncio.subprocess.Process
    metrics: str = ""

    async def ask(
        self, method: str, path: str, body: Any = None, *, scope: str = "all", **options: Any
    ) -> tuple[int, Any, Any]:
        """Status, headers and content of an answer, which is JSON if it is anything."""
        headers = {"Authorization": f"Bearer {self.keys[scope]}"} | options.pop("headers", {})
        if body is not None:
            options["json"] = body
        async with self.http.request(method, f"{self.url}{path}", headers=headers, **options) as answer:
            text = await answer.text()
            return answer.status, answer.headers, json.loads(text) if text else None


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def api(environment: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("api")
    async with running_sim(reserved_lead=10**9) as sim:
        settings = {
            "TEMPORAL_ADDRESS": target_of(environment.client),
            "ARTIFACTS_URL": (folder / "store").as_uri(),
            "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
            "MEETINGBAAS_BASE_URL": sim.url,
            "MEETINGBAAS_API_KEY": KEY,
            "BRIDGE_SECRET": SECRET,
            "MINUTEKEEPER_WEBHOOK_SECRET": SECRET,
        }
        async with running_api(folder, settings) as api:
            yield api


class running_api:  # noqa: N801 - used as a function
    """Runs `python -m web`, with a key for each scope and one for all, or with keys that are there already."""

    def __init__(self, folder: Path, settings: dict[str, str], keys: dict[str, str] | None = None) -> None:
        self._folder, self._settings, self._keys = folder, settings, keys

    async def __aenter__(self) -> Api:
        environment = clean_environment() | {
            "MINUTEKEEPER_WEB_PORT": "0",
            "MINUTEKEEPER_SEARCH_INDEX": str(self._folder / "search.sqlite3"),
            "MINUTEKEEPER_WEB_METRICS_ADDRESS": "127.0.0.1:0",
            "TEMPORAL_CONFIG_FILE": os.devnull,
        }
        with (self._folder / "web.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "web"),
                cwd=ROOT,
                env=environment | self._settings,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 30)
        assert line, (self._folder / "web.log").read_text()
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        told, keys = json.loads(line), self._keys or await self._made_keys()
        return Api(told["web"], self._http, self._folder, keys, self._process, told["metrics"])

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()
        if self._process.returncode is None:
            self._process.terminate()
            assert await asyncio.wait_for(self._process.wait(), 20) == 0

    async def _made_keys(self) -> dict[str, str]:
        before = os.environ.get("MINUTEKEEPER_API_KEYS")
        os.environ["MINUTEKEEPER_API_KEYS"] = self._settings["MINUTEKEEPER_API_KEYS"]
        try:
            kinds = {"all": ",".join(SCOPES)} | {scope: scope for scope in SCOPES}
            made = {name: await cli("key", "new", name, "--scopes", kinds[name], "--json") for name in kinds}
        finally:
            if before is None:
                del os.environ["MINUTEKEEPER_API_KEYS"]
        return {name: ended.json["key"] for name, ended in made.items()}
