"""A fuzzer that reads the document finds no 5xx and no status that the document does not tell."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.web.conftest import Api
from web.api.document import DOCUMENT_PATH

ENDLESS = "streamEvents"
"""The operation whose answer has no end, so that the fuzzer would wait for it for ever."""

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(150)
async def test_schemathesis_finds_nothing(api: Api, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}{DOCUMENT_PATH}"),
        *("--url", api.url, "--header", f"Authorization: Bearer {api.keys['all']}"),
        *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
        *(
            "--max-examples",
            "15",
            "--rate-limit",
            "15/s",
            "--seed",
            "1",
            "--no-color",
            "--phases",
            "examples,fuzzing",
        ),
        *("--exclude-operation-id", ENDLESS),
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asyncio.wait_for(process.communicate(), 140)
    assert process.returncode == 0, told.decode()[-6000:]
