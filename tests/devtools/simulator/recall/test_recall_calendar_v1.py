"""Calendar V1: tokens, OAuth, preferences, overrides, and bots that it sends by itself."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from tests.devtools.simulator.recall.calendar_support import ANNA, BEN, LINK, add
from tests.devtools.simulator.recall.support import Recall, ahead, running

BASE = "/api/v1/calendar"
SCOPES = {
    "google": "https://www.googleapis.com/auth/calendar.events.readonly",
    "microsoft": "Calendars.Read offline_access",
}
CALLBACKS = {"google": "google_oauth_callback", "microsoft": "ms_oauth_callback"}
OUTSIDER = "guest@elsewhere.test"


class User:
    """A user of ours with a token."""

    def __init__(self, recall: Recall, token: str) -> None:
        self.recall = recall
        self.token = token

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        return await self.recall.call(method, f"{BASE}{path}", headers=self.headers, **options)

    async def ok(self, method: str, path: str, **options: Any) -> Any:
        return await self.recall.ok(method, f"{BASE}{path}", headers=self.headers, **options)

    @property
    def headers(self) -> dict[str, str]:
        return {"x-recallcalendarauthtoken": self.token, "Authorization": ""}

    async def prefer(self, **preferences: Any) -> None:
        await self.ok("PUT", "/user/", json={"preferences": preferences})

    async def meeting(self) -> Any:
        [meeting] = await self.ok("GET", "/meetings/")
        return meeting


async def user(recall: Recall, identifier: str = "u-1") -> User:
    answer = await recall.ok("POST", f"{BASE}/authenticate/", json={"user_id": identifier})
    return User(recall, answer["token"])


async def account(recall: Recall, email: str = ANNA, platform: str = "google") -> None:
    await recall.ok("POST", "/_sim/calendars/accounts", json={"email": email, "platform": platform.capitalize()})


async def consent(recall: Recall, token: str, email: str = ANNA, platform: str = "google", **state: str) -> str:
    """Go to Google or Microsoft and come back; the address to which the user is sent on."""
    redirect = f"{recall.url}{BASE}/{CALLBACKS[platform]}/"
    name = "google_oauth_redirect_url" if platform == "google" else "ms_oauth_redirect_url"
    carried = {
        "recall_calendar_auth_token": token,
        name: redirect,
        "success_url": "https://ours.example/ok?user=1",
        "error_url": "https://ours.example/failed?user=1",
    }
    query = {
        "client_id": f"{platform}-app",
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": SCOPES[platform],
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": email,
        "state": json.dumps(carried | state),
    }
    asked = f"{recall.url}/oauth/{platform}/authorize?{urlencode(query)}"
    async with aiohttp.request("GET", asked, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    async with aiohttp.request("GET", back, allow_redirects=False) as answer:
        return answer.headers.get("Location", await answer.text())


async def connected(recall: Recall, email: str = ANNA, platform: str = "google", identifier: str = "u-1") -> User:
    await account(recall, email, platform)
    one = await user(recall, identifier)
    assert await consent(recall, one.token, email, platform) == "https://ours.example/ok?user=1"
    return one


async def test_a_user_is_connected_by_oauth(recall: Recall) -> None:
    one = await connected(recall)
    shown = await one.ok("GET", "/user/")
    [connection] = shown["connections"]
    assert (connection["connected"], connection["platform"], connection["email"]) == (True, "google", ANNA)
    assert shown["external_id"] == "u-1"
    assert [value for name, value in shown["preferences"].items() if name.startswith("record_")] == [False] * 6
    assert [each["id"] for each in await recall.ok("GET", f"{BASE}/users/", params={"email": ANNA})] == [
        shown["id"]
    ]
    paged = await recall.ok("GET", f"{BASE}/users/", params={"paginate": "true"})
    assert [each["external_id"] for each in paged["results"]] == ["u-1"]


@pytest.mark.parametrize(("token", "reason"), [("", "decoded"), ("nonsense.x", "decoded")])
async def test_a_token_that_cannot_be_decoded(recall: Recall, token: str, reason: str) -> None:
    status, answer = await User(recall, token).call("GET", "/user/")
    assert status == 401
    assert reason in answer["detail"]


async def test_a_token_that_is_too_old() -> None:
    async with running(calendar_token_lifetime=0) as recall:
        one = await user(recall)
        status, answer = await one.call("GET", "/user/")
        assert (status, "expired" in answer["detail"]) == (401, True)
        await account(recall)
        sent_to = urlsplit(await consent(recall, one.token))
    assert (sent_to.path, parse_qs(sent_to.query)["user"]) == ("/failed", ["1"])
    assert "recall_calendar_auth_token" in parse_qs(sent_to.query)["error"][0]


async def error_of(recall: Recall, token: str, platform: str = "google", **state: str) -> str:
    sent_to = urlsplit(await consent(recall, token, platform=platform, **state))
    assert sent_to.path == "/failed"
    return parse_qs(sent_to.query)["error"][0]


async def test_what_can_go_wrong_on_the_way_is_told_to_the_error_url(recall: Recall) -> None:
    await account(recall)
    one = await user(recall)
    await recall.ok("POST", "/_sim/oauth/consents", json={"answer": "refuse"})
    assert await error_of(recall, one.token) == "access_denied"
    await recall.ok("POST", "/_sim/oauth/consents", json={"refresh_token": ""})
    assert await error_of(recall, one.token) == "refresh_token missing from OAuth response"
    assert "google_oauth_redirect_url" in await error_of(recall, one.token, google_oauth_redirect_url="")
    assert (await one.ok("GET", "/user/"))["connections"] == []


async def test_a_wrong_secret_at_microsoft_is_told_as_a_missing_token() -> None:
    async with running(microsoft_client_secret="wrong") as recall:
        await account(recall, platform="microsoft")
        reason = await error_of(recall, (await user(recall)).token, "microsoft")
    assert reason == "refresh_token missing from OAuth response"


async def test_preferences_decide_and_bots_come_and_go(recall: Recall) -> None:
    one = await connected(recall)
    await add(recall, guests=[OUTSIDER], start=ahead(days=1))
    assert ((await one.meeting())["will_record"], (await one.meeting())["bot_id"]) == (False, None)
    await one.prefer(record_internal=True)
    assert (await one.meeting())["will_record"] is False
    await one.prefer(record_external=True, bot_name="Scribe")
    meeting = await one.meeting()
    assert (meeting["will_record"], meeting["will_record_reason"]) == (True, "record_external")
    bot = await recall.bot(meeting["bot_id"])
    assert (bot["bot_name"], bot["metadata"]) == ("Scribe", {})
    [link] = bot["calendar_meetings"]
    assert (link["id"], link["calendar_user"]["external_id"]) == (meeting["id"], "u-1")
    assert (await recall.call("PATCH", f"/api/v1/bot/{bot['id']}/", json={"bot_name": "x"}))[0] == 400
    await one.prefer(record_external=True, record_confirmed=True, record_only_host=True)
    assert (await one.meeting())["bot_id"] == bot["id"]
    await one.prefer()
    assert ((await one.meeting())["will_record"], (await one.meeting())["bot_id"]) == (False, None)
    assert (await recall.known(bot["id"]))["deleted_at"]


async def test_an_override_beats_preferences(recall: Recall) -> None:
    one = await connected(recall)
    await add(recall, start=ahead(days=1))
    meeting = await one.meeting()
    path = f"/meetings/{meeting['id']}/"
    assert (await one.ok("PUT", path, json={"override_should_record": True}))["bot_id"]
    await one.prefer(record_internal=True)
    assert (await one.ok("PUT", path, json={"override_should_record": False}))["bot_id"] is None
    assert (await one.ok("PUT", path, json={"override_should_record": None}))["bot_id"]
    assert (await one.call("PUT", path, json={"record": True}))[0] == 400
    assert (await (await user(recall, "u-2")).call("GET", path))[0] == 404


async def test_users_share_a_bot_of_one_platform_and_not_of_two(recall: Recall) -> None:
    anna, ben = await connected(recall), await connected(recall, BEN, identifier="u-2")
    otto = await connected(recall, "otto@example.com", "microsoft", "u-3")
    for each in (anna, ben, otto):
        await each.prefer(record_internal=True)
    await add(recall, guests=[BEN, "otto@example.com"], start=ahead(days=1))
    hers, his, others = [(await each.meeting())["bot_id"] for each in (anna, ben, otto)]
    assert hers == his != others
    links = (await recall.bot(hers))["calendar_meetings"]
    assert sorted(link["calendar_user"]["external_id"] for link in links) == ["u-1", "u-2"]
    await anna.prefer()
    assert [link["calendar_user"]["external_id"] for link in (await recall.bot(his))["calendar_meetings"]] == [
        "u-2"
    ]


async def test_a_second_calendar_of_a_kind_replaces_the_first(recall: Recall) -> None:
    one = await connected(recall)
    await one.prefer(record_internal=True)
    await add(recall, start=ahead(days=1))
    bot = (await one.meeting())["bot_id"]
    await account(recall, BEN)
    await consent(recall, one.token, BEN)
    connections = (await one.ok("GET", "/user/"))["connections"]
    assert [(each["email"], each["connected"]) for each in connections] == [(BEN, True), (ANNA, False)]
    assert await one.ok("GET", "/meetings/") == []
    assert (await recall.known(bot))["deleted_at"]


async def test_one_platform_is_disconnected_or_all(recall: Recall) -> None:
    one = await connected(recall)
    await account(recall, "anna@outlook.test", "microsoft")
    await consent(recall, one.token, "anna@outlook.test", "microsoft")
    shown = await one.ok("POST", "/user/disconnect/", json={"platform": "google"})
    assert {each["platform"]: each["connected"] for each in shown["connections"]} == {
        "google": False,
        "microsoft": True,
    }
    assert (await one.call("DELETE", "/user/"))[0] == 204
    assert (await one.ok("GET", "/user/"))["connections"] == []


async def test_meetings_follow_their_events(recall: Recall) -> None:
    one = await connected(recall)
    await one.prefer(record_internal=True)
    event = await add(recall, start=ahead(days=1))
    before = await one.meeting()
    invite = (before["meeting_platform"], before["meet_invite"], before["zoom_invite"])
    assert invite == ("google_meet", {"meeting_id": LINK.rpartition("/")[2]}, None)
    await recall.ok("PATCH", f"/_sim/calendars/events/{event}", json={"shift": 3600})
    after = await one.meeting()
    assert after["id"] == before["id"]
    assert after["bot_id"] not in (None, before["bot_id"])
    assert await one.ok("GET", "/meetings/", params={"ical_uid": "no-such"}) == []
    assert len(await one.ok("GET", "/meetings/", params={"start_time_after": ahead(hours=1)})) == 1
    await recall.ok("POST", f"/_sim/calendars/events/{event}/cancel")
    assert [meeting["will_record"] for meeting in await one.ok("POST", "/meetings/refresh/")] == [False]
    assert (await recall.known(after["bot_id"]))["deleted_at"]


async def test_each_token_has_a_limit_of_its_own() -> None:
    async with running(calendar_calls_per_minute=1) as recall:
        anna, ben = await user(recall), await user(recall, "u-2")
        await anna.ok("GET", "/user/")
        await ben.ok("GET", "/user/")
        assert (await anna.call("GET", "/user/"))[0] == 429
