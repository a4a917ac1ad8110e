"""What the API refuses, how it says so, and that keys get no further than they should."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from minutekeeper.api_keys import ApiKeyFile, ApiScope
from tests.starter.support import cli
from tests.web.conftest import Api, running_api
from web.api.document import DOCUMENT_PATH

pytestmark = pytest.mark.asyncio(loop_scope="session")

MEETINGS = "/api/v1/meetings"
A_BOOKING = {"meeting_url": "https://meet.google.com/abc-defg-hij", "start_time": "2031-01-11T10:00:00Z"}
CALLS: dict[str, tuple[str, str, Any]] = {
    "read": ("GET", MEETINGS, None),
    "book": ("POST", MEETINGS, A_BOOKING),
    "steer": ("POST", f"{MEETINGS}/unknown/cancel", {}),
}


@pytest.mark.parametrize("scope", CALLS)
async def test_a_key_is_good_for_its_scopes_alone(api: Api, scope: str) -> None:
    method, path, body = CALLS[scope]
    for other in ("read", "files", "book", "steer", "admin"):
        status, _, answer = await api.ask(method, path, body, scope=other)
        if other == scope:
            assert status in {200, 201, 404}
        else:
            assert (status, answer["code"]) == (403, "scope_missing")
            assert scope in answer["detail"]
        await asyncio.sleep(0.06)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer mk_12345678_short", "Basic YTpi", f"Bearer mk_abcdefgh_{'x' * 43}"]
)
async def test_without_a_known_key_nothing_is_told(api: Api, header: str) -> None:
    status, headers, problem = await api.ask("GET", MEETINGS, headers={"Authorization": header})
    assert (status, problem["code"], headers["WWW-Authenticate"]) == (401, "no_key", "Bearer")
    assert headers["Content-Type"].startswith("application/problem+json")


async def test_a_key_in_the_address_is_refused_even_beside_a_good_one(api: Api) -> None:
    for query in (f"api_key={api.keys['all']}", f"title={api.keys['all']}", "token=x"):
        status, _, problem = await api.ask("GET", f"{MEETINGS}?{query}")
        assert (status, problem["code"]) == (400, "key_in_url")
        assert api.keys["all"] not in json.dumps(problem)


async def test_keys_end_and_are_revoked_without_a_restart(api: Api) -> None:
    file = ApiKeyFile(api.folder / "keys.json")
    now = datetime.now(UTC)
    api.keys["short"] = file.add("short", (ApiScope.READ,), now, now + timedelta(seconds=1))
    api.keys["new"] = file.add("new", (ApiScope.READ,), now, None)
    assert (await api.ask("GET", MEETINGS, scope="new"))[0] == 200
    await asyncio.sleep(1.1)
    assert (await api.ask("GET", MEETINGS, scope="short"))[0] == 401
    assert [each.name for each in file.revoke("new")] == ["new"]
    assert (await api.ask("GET", MEETINGS, scope="new"))[0] == 401
    assert (await api.ask("GET", MEETINGS, scope="read"))[0] == 200
    text = (api.folder / "keys.json").read_text()
    assert not any(key in text for key in api.keys.values())
    assert (api.folder / "keys.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"meeting_url": "https://example.com/x"}, "meeting_url"),
        ({"start_time": "2031-01-11T10:00:00"}, "start_time"),
        ({"start_time": 1}, "start_time"),
        ({"colour": "red"}, "colour"),
        ({"bot": {"colour": "red"}}, "bot.colour"),
        ({"claim": {}}, "claim"),
        ({"wake_up": {}}, "wake_up"),
        ({"metadata": {"Upper": "x"}}, "metadata"),
        ({"end_time": "2030-01-11T10:00:00Z"}, "end_time"),
    ],
)
async def test_an_invalid_booking_names_its_field(api: Api, fields: dict[str, Any], named: str) -> None:
    status, _, problem = await api.ask("POST", MEETINGS, A_BOOKING | fields)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert named in problem["detail"]


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "invalid_json"),
        ({"data": b"a=b", "headers": {"Content-Type": "text/plain"}}, 415, "not_json"),
        ({"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 413, "body_too_large"),
        ({"data": b"[" * 60_000, "headers": {"Content-Type": "application/json"}}, 400, "invalid_json"),
        ({"data": b"[]", "headers": {"Content-Type": "application/json"}}, 422, "invalid_request"),
    ],
)
async def test_bodies_that_are_none(api: Api, options: dict[str, Any], status: int, code: str) -> None:
    answered, _, problem = await api.ask("POST", MEETINGS, **options)
    assert (answered, problem["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", MEETINGS, 405, "method_not_allowed"),
        ("GET", f"{MEETINGS}/unknown", 404, "not_found"),
        ("GET", f"{MEETINGS}/{'x' * 300}", 422, "invalid_request"),
        ("GET", f"{MEETINGS}/..%2f..%2fetc", 404, "not_found"),
        ("GET", f"{MEETINGS}?unknown=1", 422, "invalid_request"),
        ("GET", f"{MEETINGS}?limit=0", 422, "invalid_request"),
        ("GET", f"{MEETINGS}?limit=1&limit=2", 422, "invalid_request"),
        ("GET", f"{MEETINGS}?metadata.deal=1&metadata.deal=2", 422, "invalid_request"),
        ("GET", f"{MEETINGS}?reason=missed&status=completed", 422, "invalid_request"),
        ("GET", f"{MEETINGS}/unknown?wait=61", 422, "invalid_request"),
    ],
)
async def test_addresses_and_queries_that_are_none(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    answered, _, problem = await api.ask(method, path)
    assert (answered, problem["code"]) == (status, code)


async def test_metadata_may_have_the_name_of_a_parameter(api: Api) -> None:
    status, _, page = await api.ask("GET", f"{MEETINGS}?metadata.limit=none&limit=5")
    assert (status, page["items"]) == (200, [])


async def test_too_many_requests_of_one_key_leave_others_alone(api: Api) -> None:
    api.keys["busy"] = ApiKeyFile(api.folder / "keys.json").add("busy", (ApiScope.READ,), datetime.now(UTC), None)
    answers = await asyncio.gather(*(api.ask("GET", f"{MEETINGS}/unknown", scope="busy") for _ in range(80)))
    refused = [each for each in answers if each[0] == 429]
    assert refused
    assert all(each[1]["Retry-After"] == "1" and each[2]["code"] == "too_many_requests" for each in refused)
    assert (await api.ask("GET", f"{MEETINGS}/unknown", scope="files"))[0] == 403
    answers = await asyncio.gather(*(api.ask("GET", f"{MEETINGS}/unknown/files", scope="busy") for _ in range(80)))
    assert 429 in {each[0] for each in answers}


async def test_five_meetings_of_a_batch_count_as_a_request(api: Api) -> None:
    api.keys["batch"] = ApiKeyFile(api.folder / "keys.json").add("b", (ApiScope.BOOK,), datetime.now(UTC), None)
    batch: dict[str, Any] = {"meetings": [{}] * 100}
    answers = await asyncio.gather(*(api.ask("POST", f"{MEETINGS}/batch", batch, scope="batch") for _ in range(8)))
    assert {status for status, _, _ in answers} == {200, 429}


async def test_guessing_keys_is_slowed_down_and_leaves_all_else_from_that_address_alone(tmp_path: Path) -> None:
    settings = {
        "MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"),
        "ARTIFACTS_URL": (tmp_path / "store").as_uri(),
    }
    async with running_api(tmp_path, settings) as api:
        wrong = {"Authorization": f"Bearer mk_abcdefgh_{'x' * 43}"}
        answers = await asyncio.gather(*(api.ask("GET", MEETINGS, headers=wrong) for _ in range(80)))
        assert {answer[0] for answer in answers} == {401, 429}
        in_address = await asyncio.gather(*(api.ask("GET", f"{MEETINGS}?token=x") for _ in range(80)))
        assert 429 in {answer[0] for answer in in_address}
        alive = await asyncio.gather(*(api.ask("GET", "/healthz") for _ in range(80)))
        assert {answer[0] for answer in alive} == {200}
        assert (await api.ask("GET", DOCUMENT_PATH))[0] == 200


async def test_without_temporal_it_starts_and_says_so(tmp_path: Path) -> None:
    settings = {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "ARTIFACTS_URL": (tmp_path / "store").as_uri(),
        "MINUTEKEEPER_API_KEYS": str(tmp_path / "keys.json"),
    }
    async with running_api(tmp_path, settings) as api:
        assert (await api.ask("GET", "/healthz"))[0] == 200
        assert (await api.ask("GET", "/readyz"))[0] == 503
        status, headers, problem = await api.ask("GET", f"{MEETINGS}/unknown")
        assert (status, problem["code"], headers["Retry-After"]) == (503, "temporal_unreachable", "5")
        assert "127.0.0.1" not in json.dumps(problem)
        log = (tmp_path / "web.log").read_text()
        assert not any(key in log for key in api.keys.values())


async def test_keys_are_made_listed_and_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINUTEKEEPER_API_KEYS", str(tmp_path / "keys.json"))
    assert (await cli("key", "list")).out == "No keys.\n"
    made = await cli("key", "new", "crm", "--scopes", "read,book", "--expires", "90d", "--json")
    key = made.json["key"]
    assert ApiKeyFile(tmp_path / "keys.json").find(key) is not None
    (listed,) = (await cli("key", "list", "--json")).json
    assert (listed["name"], listed["scopes"]) == ("crm", ["read", "book"])
    assert key not in json.dumps(listed)
    assert key.split("_")[1] in (await cli("key", "list")).out
    for wrong in (["--scopes", "write"], ["--scopes", ""], ["--expires", "soon"]):
        assert (await cli("key", "new", "x", *wrong)).code == 2
    assert (await cli("key", "revoke", "crm")).out == "Revoked 1 key.\n"
    assert ApiKeyFile(tmp_path / "keys.json").find(key) is None
    assert (await cli("key", "revoke", "crm")).code == 1
    (tmp_path / "keys.json").write_text("{")
    assert "is no file of keys" in (await cli("key", "list")).err
    assert os.environ["MINUTEKEEPER_API_KEYS"]
