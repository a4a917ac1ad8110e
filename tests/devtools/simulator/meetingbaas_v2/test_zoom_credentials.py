"""Stored Zoom credentials."""

from tests.devtools.simulator.meetingbaas_v2.support import V2Sim

PATH = "/v2/zoom-credentials"
APP = {"name": "Ours", "client_id": "id", "client_secret": "very-secret", "extra": {"k": "v"}}


async def test_they_are_kept_without_their_secrets(slow: V2Sim) -> None:
    status, answer = await slow.call("POST", PATH, json=APP)
    assert (status, answer["data"]["credential_type"], answer["data"]["state"]) == (201, "app", "active")
    one = f"{PATH}/{answer['data']['credential_id']}"
    await slow.ok("POST", PATH, json=APP | {"name": "Anna", "authorization_code": "code", "extra": None})
    assert [each["name"] for each in await slow.ok("GET", PATH)] == ["Ours", "Anna"]
    assert [each["name"] for each in await slow.ok("GET", f"{PATH}?credential_type=user")] == ["Anna"]
    assert [each["name"] for each in await slow.ok("GET", f"{PATH}?extra=k:v")] == ["Ours"]
    changed = await slow.ok("PATCH", one, json={"name": "Theirs"})
    assert (changed["name"], changed["extra"]) == ("Theirs", {"k": "v"})
    assert await slow.ok("GET", one) == changed
    assert "very-secret" not in str(changed)
    await slow.ok("DELETE", one)
    assert (await slow.refused("GET", one))[0] == 404
    assert (await slow.refused("POST", PATH, json={"name": "x"}))[0] == 400
