"""Forged tokens and keys, paths that lead elsewhere, noise, smuggled requests: no door opens, nothing breaks."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from temporalio.client import Client
from yarl import URL

from minutekeeper.meetings.webhook_urls import account_webhook_path, token_for
from minutekeeper.storage.store import ArtifactStore
from tests.bridge.support import KEY, SECRET, Bridge, codes, complete, signals, start_recorder, status, stored
from tests.bridge.wire import ask, connect, head, path_of, post, status_of

FEW = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One bridge hears all examples of a test."""

hex_texts = st.text("0123456789abcdefABCDEF", min_size=1, max_size=40)
header_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
parts = st.sampled_from(
    [
        *("..", ".", "", "%2e%2e", "%2F", "%5C", "\\", "%00", "%0d%0a", ";", "?", "#", "%", "%zz", "{", "*"),
        *("webhooks", "meetingbaas", "meeting-1", "0", "metrics", "healthz", "etc", "passwd"),
    ]
)
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"])


@FEW
@given(workflow_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), token=hex_texts)
@example(workflow_id="meeting-1", token=token_for("meetingbaas", "meeting-2", 0, SECRET))
@example(workflow_id="meeting-1", token=token_for("meetingbaas", "meeting-1", 0, SECRET).upper())
@example(workflow_id="meeting-1", token=token_for("meetingbaas", "meeting-1", 0, SECRET)[:-1])
@example(workflow_id="meeting-1", token=token_for("meetingbaas", "meeting-1", 1, SECRET))
@example(workflow_id="meeting-1", token=token_for("meetingbaas", "0 meeting-1", 0, SECRET))
@example(workflow_id="MEETING-1", token=token_for("meetingbaas", "meeting-1", 0, SECRET))
@example(workflow_id="meeting-1/../meeting-2", token=token_for("meetingbaas", "meeting-2", 0, SECRET))
async def test_no_forged_token_opens_an_address(
    bridge: Bridge, store: ArtifactStore, workflow_id: str, token: str
) -> None:
    url = f"{bridge.url}{account_webhook_path('meetingbaas')}/{quote(workflow_id, safe='')}/0/{token}"
    assert (await bridge.post(url, complete())).status == 401
    assert await stored(store) == []


@FEW
@given(name=st.sampled_from(["X-Meeting-Baas-Api-Key", "x-spoke-api-key", "Authorization"]), key=header_texts)
@example(name="x-meeting-baas-api-key", key=KEY.upper())
@example(name="X_Meeting_Baas_Api_Key", key=KEY)
@example(name="Authorization", key=f"Bearer {KEY}")
async def test_no_forged_key_is_heard(bridge: Bridge, store: ArtifactStore, name: str, key: str) -> None:
    for answer in (
        await bridge.to_account(complete(), headers={name: key}),
        await bridge.to_bot("meeting-1", complete(), headers={name: key}),
    ):
        assert answer.status == 401
    assert await stored(store) == []


@FEW
@given(path=st.lists(parts | hex_texts, max_size=8).map(lambda found: "/" + "/".join(found)), method=methods)
async def test_no_path_leads_anywhere_else(bridge: Bridge, store: ArtifactStore, path: str, method: str) -> None:
    answer = await ask(bridge, head(method, path, "Content-Length: 0"))
    is_page = path.partition("?")[0].partition("#")[0] == "/healthz"
    assert answer in ({200, 400, 405} if is_page else {0, 400, 401, 404, 405})
    assert await stored(store) == []


@settings(FEW, max_examples=200)
@given(
    data=st.binary(min_size=1, max_size=300)
    | st.lists(header_texts, max_size=5).map(lambda h: head("POST", "/", *h))
)
@example(data=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(data=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
@example(data=b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n")
@example(data=b"POST /webhooks/meetingbaas/\xff\xfe/0/a HTTP/1.1\r\nHost: x\r\n\r\n")
@example(data=b"GET /healthz HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + b"x" * 1_000_000)
async def test_noise_is_answered_with_a_refusal_if_at_all(bridge: Bridge, data: bytes) -> None:
    assert await ask(bridge, data, half_close=True) in {0, 400, 404, 405, 417}


SMUGGLED: dict[str, tuple[list[str], bytes]] = {
    "two ways of framing": (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    "two lengths": (["Content-Length: 5", "Content-Length: 6"], b"123456"),
    "a negative length": (["Content-Length: -5"], b"12345"),
    "a signed length": (["Content-Length: +5"], b"12345"),
    "a length beyond all numbers": (["Content-Length: 99999999999999999999999"], b""),
    "a blank before the colon": (["Transfer-Encoding : chunked"], b"0\r\n\r\n"),
    "a hidden chunked": (["Transfer-Encoding: \x0bchunked"], b"0\r\n\r\n"),
    "chunks of no number": (["Transfer-Encoding: chunked"], b"-1\r\n{}\r\n0\r\n\r\n"),
    "a chunk beyond all numbers": (["Transfer-Encoding: chunked"], b"FFFFFFFFFFFFFFFFF\r\n{}"),
    "trailers without end": (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n" + b"a: b\r\n" * 20_000),
    "a header of a megabyte": (["X: " + "a" * 1_000_000], b""),
    "ten thousand headers": ([f"X-{number}: a" for number in range(10_000)], b""),
    "a NUL in a header": (["X: a\0b"], b""),
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_no_delivery_is_smuggled_in_behind_a_broken_one(
    bridge: Bridge, client: Client, workflow_id: str, name: str
) -> None:
    await start_recorder(client, workflow_id)
    headers, body = SMUGGLED[name]
    path = path_of(bridge, workflow_id)
    hidden = post(path, json.dumps(status()).encode())
    assert await ask(bridge, head("POST", path, *headers) + body + hidden) in {0, 400}
    assert await signals(client, workflow_id) == []


async def test_deliveries_in_one_breath_are_answered_one_by_one(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    path = path_of(bridge, workflow_id)
    bodies = [json.dumps(status(f"code_{number}", second=number)).encode() for number in range(100)]
    reader, writer = await connect(bridge)
    writer.write(b"".join(post(path, body) for body in bodies))
    assert {await status_of(reader) for _ in bodies} == {200}
    writer.close()
    assert await codes(client, workflow_id) == [f"code_{number}" for number in range(100)]


async def test_an_old_protocol_and_an_absolute_address_are_understood(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    path, body = path_of(bridge, workflow_id), json.dumps(status()).encode()
    for data in (
        post(path, body).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        post(f"{URL(bridge.url)}{path}", body),
        post(path, body, "Expect: 100-continue").replace(b"Expect: 100-continue", b"Expect:", 1),
    ):
        assert await ask(bridge, data) == 200
    assert await codes(client, workflow_id) == ["joining_call"]
