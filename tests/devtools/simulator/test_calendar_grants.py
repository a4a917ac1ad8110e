"""Access that ends: for one user, for all users of an app, and for an app that never had it."""

from typing import Any

import pytest

from tests.devtools.simulator.calendar_support import (
    ANNA,
    BEN,
    OTTO,
    account,
    add,
    connect,
    connected_account,
    events,
    only_event,
    synced,
)
from tests.devtools.simulator.support import Sim, eventually, running_sim

CONTROL = "/_sim/calendars"
GOOGLE_REVOKED = "invalid_grant: Token has been expired or revoked."


async def resync(sim: Sim) -> tuple[list[str], dict[str, str]]:
    answer = await sim.ok("POST", "/calendars/resync_all")
    return answer["synced_calendars"], dict(answer["errors"])


async def expire(sim: Sim, what: str) -> None:
    await sim.ok("POST", f"{CONTROL}/{what}/expire")


async def test_one_users_grant_ends(sim: Sim) -> None:
    hers = await connected_account(sim)
    his = await connected_account(sim, BEN)
    old = (await sim.ok("POST", f"{CONTROL}/accounts", json={"email": ANNA})) | {}
    await expire(sim, f"accounts/{ANNA}")
    assert await resync(sim) == ([his], {hers: GOOGLE_REVOKED})
    for path in ("/calendars/raw", "/calendars/"):
        assert await sim.call("POST", path, json=old) == (400, {"error": GOOGLE_REVOKED})
    assert (await sim.call("PATCH", f"/calendars/{hers}", json=old))[0] == 400
    await sim.ok("PATCH", f"/calendars/{hers}", json=await account(sim))
    assert await resync(sim) == ([hers, his], {})


async def test_syncs_fail_in_silence() -> None:
    async with running_sim(calendar_sync_interval=1) as sim:
        calendar = await connected_account(sim)
        await add(sim, title="Before")
        await only_event(sim, calendar)
        await expire(sim, f"accounts/{ANNA}")
        await add(sim, title="After")
        await eventually(lambda: synced(sim, calendar), lambda found: found[-1]["error"])
        assert [event["name"] for event in await events(sim, calendar)] == ["Before"]
        assert (await sim.ok("GET", f"/calendars/{calendar}"))["uuid"] == calendar
        await sim.ok("PATCH", f"/calendars/{calendar}", json=await account(sim))
        assert {event["name"] for event in await events(sim, calendar)} == {"Before", "After"}


@pytest.mark.parametrize(
    ("platform", "named"), [("Google", "client secret is invalid"), ("Microsoft", "AADSTS7000222")]
)
async def test_an_apps_secret_runs_out(sim: Sim, platform: str, named: str) -> None:
    app = {"platform": platform, "client_id": "ours", "client_secret": "first"}
    await sim.ok("POST", f"{CONTROL}/apps", json=app)
    calendars = [await connected_account(sim, email, platform, client_id="ours") for email in (ANNA, BEN)]
    other = await connected_account(sim, OTTO, platform)
    await expire(sim, "apps/ours")
    healthy, broken = await resync(sim)
    assert (healthy, list(broken)) == ([other], calendars)
    assert all(text.startswith("invalid_client: ") and named in text for text in broken.values())
    await sim.ok("POST", f"{CONTROL}/apps", json=app | {"client_secret": "second"})
    renewed = {"oauth_client_id": "ours", "platform": platform, "oauth_client_secret": "second"}
    for calendar, email in zip(calendars, (ANNA, BEN), strict=True):
        credentials = await account(sim, email, platform, client_id="ours")
        assert credentials == renewed | {"oauth_refresh_token": credentials["oauth_refresh_token"]}
        await sim.ok("PATCH", f"/calendars/{calendar}", json=credentials)
    assert (await resync(sim))[1] == {}


@pytest.mark.parametrize("platform", ["Google", "Microsoft"])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"oauth_client_secret": "guess"}, ("invalid_client", "invalid_client")),
        ({"oauth_client_id": "nobody"}, ("invalid_client", "unauthorized_client")),
        ({"oauth_refresh_token": "made-up"}, ("invalid_grant", "invalid_grant")),
        (
            {"oauth_client_id": "other", "oauth_client_secret": "s"},
            ("unauthorized_client", "invalid_grant"),
        ),
    ],
)
async def test_wrong_credentials(sim: Sim, platform: str, change: dict[str, str], code: tuple[str, str]) -> None:
    other = {"platform": platform, "client_id": "other", "client_secret": "s"}
    await sim.ok("POST", f"{CONTROL}/apps", json=other)
    credentials = await account(sim, platform=platform)
    status, answer = await sim.call("POST", "/calendars/", json=credentials | change)
    assert status == 400
    assert answer["error"].startswith(f"{code[platform == 'Microsoft']}: ")


async def test_an_app_whose_owner_did_not_switch_the_api_on(sim: Sim) -> None:
    app = {"platform": "Google", "client_id": "bare", "client_secret": "s", "api_enabled": False}
    await sim.ok("POST", f"{CONTROL}/apps", json=app)
    credentials = await account(sim, client_id="bare")
    status, answer = await sim.call("POST", "/calendars/", json=credentials)
    assert (status, "has not been used" in answer["error"]) == (500, True)
    assert await sim.ok("GET", "/calendars/") == []
    await sim.ok("POST", f"{CONTROL}/apps", json=app | {"api_enabled": True})
    await connect(sim, credentials)


async def test_the_status_of_a_refusal_can_be_chosen() -> None:
    async with running_sim(grant_error_status=502) as sim:
        credentials: dict[str, Any] = await account(sim)
        await expire(sim, f"accounts/{ANNA}")
        assert (await sim.call("POST", "/calendars/raw", json=credentials))[0] == 502


async def test_a_calendar_moves_to_another_provider_under_its_uuid(sim: Sim) -> None:
    calendar = await connected_account(sim)
    await add(sim, title="At Google")
    await only_event(sim, calendar)
    await add(sim, OTTO, title="At Microsoft")
    await sim.ok("PATCH", f"/calendars/{calendar}", json=await account(sim, OTTO, "Microsoft"))
    assert (await sim.ok("GET", f"/calendars/{calendar}"))["email"] == OTTO
    found = {event["name"]: event["deleted"] for event in await events(sim, calendar)}
    assert found == {"At Google": True, "At Microsoft": False}
