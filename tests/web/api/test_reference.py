"""The page of the API: it tells every operation, loads nothing from elsewhere, and its examples work."""

import asyncio
import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.storage.store import ArtifactStore
from tests.docs.generate import DOCS
from tests.web.api.test_files import store_meeting
from tests.web.api.test_meetings import MEETINGS, booking
from tests.web.conftest import Api
from web.pages.reference import REFERENCE_PATH

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENT: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
NEVER_REFUSED = {400, 401, 403, 405, 413, 415, 422, 500}


async def page(api: Api) -> str:
    async with api.http.get(f"{api.url}{REFERENCE_PATH}") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
        return await answer.text()


async def test_every_operation_is_told_and_nothing_is_loaded_from_elsewhere(api: Api) -> None:
    text = await page(api)
    for method, path, operation in OPERATIONS:
        _, _, article = text.partition(f'id="{operation["operationId"]}"')
        article = html.unescape(article.partition("</article>")[0])
        assert f"{method}</span> <code>{path}</code>" in article
        assert ("scope " in article) is ("security" in operation)
        for status in operation["responses"]:
            assert f"<dt>{status}</dt>" in article
        for parameter in operation["parameters"]:
            assert f"<code>{parameter['name']}</code>" in article
    assert all(address.startswith(("/", "#")) for address in re.findall(r'(?:href|src)="([^"]*)"', text))
    anchors = re.findall(r'href="#([^"]+)"', text)
    assert anchors
    assert all(f'id="{anchor}"' in text for anchor in anchors)
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="schema-{name}"' in text


async def test_its_examples_work(api: Api, tmp_path: Path) -> None:
    await store_meeting(ArtifactStore((api.folder / "store").as_uri()), "shown-in-docs")
    _, _, booked = await api.ask("POST", MEETINGS, booking(620))
    shown = re.findall(r'aria-label="Example of (\w+)"><code>(.*?)</code>', await page(api), re.DOTALL)
    examples = {name: html.unescape(text) for name, text in shown}
    assert examples.keys() == {operation["operationId"] for _, _, operation in OPERATIONS}
    environment = {
        "PATH": "/usr/bin:/bin",
        "MK_API_URL": api.url,
        "MK_API_KEY": api.keys["all"],
        "CALENDAR": "none",
        "EVENT": "none",
    }

    async def status_of(name: str) -> int:
        of_files = {"listFiles", "getFile", "getTranscript"}
        meeting = "shown-in-docs" if name in of_files else booked["workflow_id"]
        command = f"{examples[name]} -s -w '\\n%{{http_code}}' -m 20"
        done = await asyncio.to_thread(
            subprocess.run,
            ["/bin/sh", "-c", command],
            env=environment | {"MEETING": meeting},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return int(done.stdout.splitlines()[-1])

    for _, path, operation in OPERATIONS:
        if operation["operationId"] == "getTranscript" or path.endswith("/events"):
            continue
        status = await status_of(operation["operationId"])
        assert str(status) in operation["responses"], operation["operationId"]
        assert status not in NEVER_REFUSED, operation["operationId"]
        if path.startswith(MEETINGS) and operation["operationId"] not in {
            "leaveMeeting",
            "sendBot",
            "collectMeeting",
            "moveMeeting",
        }:
            assert status < 300, operation["operationId"]
