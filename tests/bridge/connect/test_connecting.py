"""A user's way from a link to a calendar that is kept, as long as nothing goes wrong."""

import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.test_utils import unused_port
from pydantic import SecretStr
from yarl import URL

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.calendars.connect_link import connect_url, new_link
from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.policy import Policy, load_policy
from minutekeeper.calendars.preferences import CalendarIdentity, CalendarPreferences
from minutekeeper.meetings.ids import calendar_workflow_id_for
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from tests.bridge.connect.scenario import ANNA, BEN, SECRET, Stage, assert_problem, serving

GOOGLE = "https://www.googleapis.com/auth"
TEAM = "<b>team</b>&1@group"


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


@pytest.mark.parametrize(
    ("platform", "scopes"),
    [
        (
            "google",
            " ".join(f"https://www.googleapis.com/auth/calendar{part}.readonly" for part in ("", ".events")),
        ),
        ("microsoft", "offline_access Calendars.Read"),
    ],
)
async def test_a_link_leads_to_a_calendar_that_is_kept(stage: Stage, user: str, platform: str, scopes: str) -> None:
    await stage.account(ANNA, platform.title())
    page = await stage.browser.open(stage.link(user, platform))
    assert (page.status, page.title) == (200, f"Connect your {platform.title()} calendar")
    assert await stage.connected() == []

    page = await stage.go(stage.link(user, platform))
    assert (page.path, page.status) == (f"/connect/done/{platform}", 200)
    assert page.title == f"Your {platform.title()} calendar is connected"
    asked = parse_qs(urlsplit(page.visited[1]).query)
    assert asked["scope"] == [scopes]
    assert asked["redirect_uri"] == [f"{stage.settings.bridge_public_url}/connect/{platform}/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    (calendar,) = await stage.connected()
    assert calendar["email"] == ANNA
    given = await stage.input_of(calendar["uuid"])
    identity = {"platform": platform, "account": ANNA, "raw_id": calendar["google_id"]}
    assert given == {
        "calendar_id": calendar["uuid"],
        "user": user,
        "platform": platform,
        "owner": ANNA,
        "identity": identity,
    }
    assert "What is recorded" in page.words
    assert "all meetings that you have not declined" in page.words
    known = await stage.known(user, platform)
    assert (known.calendar_id, known.email) == (calendar["uuid"], ANNA)


async def test_the_browser_ends_where_the_link_says_with_the_query_kept(stage: Stage, user: str) -> None:
    await stage.account()
    success_url = "https://app.example.com/done?plan=a%2Fb&user=7&user=8#top"
    page = await stage.go(stage.link(user, success_url=success_url))
    assert page.url == success_url


async def test_of_several_calendars_one_is_chosen(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "<b>team</b>&1@group"}, {"id": "x@group"}])
    page = await stage.go(stage.link(user))
    assert (page.title, page.options) == ("Which Google calendar?", [ANNA, TEAM, "x@group"])
    assert TEAM in page.words
    assert "<b>" not in page.text
    assert await stage.connected() == []
    assert (await stage.browser.open(page.url)).options == page.options, "a reload asks again"
    page = await stage.browser.open(page.url, {"calendar": TEAM, "confirmed_calendar_id": ""})
    assert page.path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert calendar["google_id"] == TEAM
    page = await stage.browser.open(page.visited[0], {"calendar": "x@group", "confirmed_calendar_id": ""})
    assert page.path == "/connect/problem/session_lost"
    assert len(await stage.connected()) == 1


async def test_another_calendar_replaces_the_first_after_saying_so(stage: Stage, user: str) -> None:
    await stage.account()
    await stage.account(BEN)
    await stage.go(stage.link(user))
    (first,) = await stage.connected()
    link = stage.link(user)
    page = await stage.browser.open(link)
    assert f"your Google calendar {ANNA} is connected. Another one takes its place" in page.words
    await stage.consent(email=BEN)
    assert page.hidden == {"confirmed_calendar_id": first["uuid"]}
    assert (await stage.browser.open(link, page.hidden)).path == "/connect/done/google"
    assert "disconnect_requested" in await stage.signals_of(first["uuid"])
    known = await stage.known(user)
    assert known.email == BEN
    assert "disconnect_requested" not in await stage.signals_of(known.calendar_id)


async def test_what_was_not_said_is_asked_before_anything_is_replaced(stage: Stage, user: str) -> None:
    await stage.account()
    await stage.account(BEN)
    slow = stage.link(user)
    await stage.browser.open(slow)
    await stage.consent(email=BEN)
    # His browser is on its way with the slow link when another one is used.
    async with stage.browser.session.post(slow, allow_redirects=False) as response:
        asked = response.headers["Location"]
    async with stage.browser.session.get(asked, allow_redirects=False) as response:
        back = response.headers["Location"]
    await stage.go(stage.link(user))
    page = await stage.browser.open(back)
    assert page.path.startswith("/connect/choice/")
    assert ANNA in page.words
    assert (await stage.known(user)).email == ANNA
    page = await stage.browser.open(
        page.url, {"calendar": page.options[0], "confirmed_calendar_id": page.hidden["confirmed_calendar_id"]}
    )
    assert page.path == "/connect/done/google"
    assert (await stage.known(user)).email == BEN


async def test_the_same_calendar_again_renews_the_grant_and_keeps_the_meetings(stage: Stage, user: str) -> None:
    await stage.account()
    await stage.go(stage.link(user))
    (first,) = await stage.connected()
    await stage.go(stage.link(user))
    assert await stage.connected() == [first]
    signals = await stage.signals_of(first["uuid"])
    assert signals == ["access_changed"], "it looks again, and lets go of nothing"


async def test_one_calendar_at_each_platform(stage: Stage, user: str) -> None:
    await stage.account()
    await stage.account(BEN, "Microsoft")
    await stage.go(stage.link(user))
    await stage.go(stage.link(user, "microsoft"))
    assert len(await stage.connected()) == 2
    google, microsoft = await stage.known(user), await stage.known(user, "microsoft")
    assert (google.email, microsoft.email) == (ANNA, BEN)
    assert await stage.signals_of(google.calendar_id) == []


async def test_a_journey_may_end_at_another_bridge_and_after_a_rotation_of_the_secret(
    stage: Stage, user: str
) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    async with stage.browser.session.post(stage.link(user), allow_redirects=False) as response:
        asked = response.headers["Location"]
    async with stage.browser.session.get(asked, allow_redirects=False) as response:
        back = URL(response.headers["Location"])
    secrets = {"bridge_secret": SecretStr("another-secret-9c1d"), "bridge_secret_previous": SecretStr(SECRET)}
    settings, port = stage.settings.model_copy(update=secrets), unused_port()
    async with serving(settings, stage.client, stage.store, port):
        async with stage.browser.session.get(back.with_port(port), allow_redirects=False) as response:
            choice = URL(response.headers["Location"]).with_port(port)
        page = await stage.browser.open(str(choice), {"calendar": "team@group", "confirmed_calendar_id": ""})
    assert page.path == "/connect/done/google"
    assert (await stage.known(user)).raw_id == "team@group"


async def test_a_lost_workflow_is_no_calendar_that_would_be_replaced(stage: Stage, user: str) -> None:
    await stage.account()
    await stage.account(BEN)
    await stage.go(stage.link(user))
    first = (await stage.known(user)).calendar_id
    await stage.client.get_workflow_handle(calendar_workflow_id_for(first)).terminate()
    link = stage.link(user)
    assert "takes its place" not in (await stage.browser.open(link)).words
    await stage.consent(email=BEN)
    await stage.browser.open(link, {})
    assert [each["email"] for each in await stage.connected()] == [BEN]


async def test_a_link_names_the_policy_of_a_calendar_that_had_none(stage: Stage, user: str) -> None:
    policy = load_policy('{"rules": [{"name": "talks", "when": {"title": "talk"}, "then": "record"}]}')
    policy_id = await CalendarPreferencesStore(stage.store).add_policy(policy)
    email = f"{user}@acme.com"
    await stage.account(email)
    link = new_link(user, "google", datetime.now(UTC)).model_copy(update={"policy_id": policy_id})
    page = await stage.go(connect_url(stage.settings.bridge_public_url, SECRET, link))
    assert "by the rules that this link names" in page.words
    given = await stage.input_of((await stage.known(user)).calendar_id)
    assert [rule["name"] for rule in given["policy"]["rules"]] == ["talks"]
    assert given["preferences_changed_at"], "it is carried over"


async def test_what_a_user_decided_before_goes_before_the_policy_of_a_link(stage: Stage, user: str) -> None:
    store = CalendarPreferencesStore(stage.store)
    email = f"{user}@acme.com"
    overrides = NO_OVERRIDES.with_event("m1", "never")
    identity = CalendarIdentity(platform="google", account=email, raw_id=email)
    kept = CalendarPreferences(
        identity=identity, policy=Policy(otherwise="skip"), overrides=overrides, changed_at=datetime.now(UTC)
    )
    await store.keep(kept)
    await stage.account(email)
    link = new_link(user, "google", datetime.now(UTC))
    link = link.model_copy(update={"policy_id": await store.add_policy(Policy())})
    page = await stage.go(connect_url(stage.settings.bridge_public_url, SECRET, link))
    assert "by the rules and exceptions that it had before" in page.words
    given = await stage.input_of((await stage.known(user)).calendar_id)
    assert given["policy"] == {"otherwise": "skip"}
    assert given["overrides"] == {"events": {"m1": "never"}}
    again = await stage.go(stage.link(user))
    assert "by the rules that it has already" in again.words


async def test_a_link_whose_policy_is_lost_connects_nothing(stage: Stage, user: str) -> None:
    await stage.account()
    link = new_link(user, "google", datetime.now(UTC)).model_copy(update={"policy_id": "0" * 32})
    page = await stage.go(connect_url(stage.settings.bridge_public_url, SECRET, link))
    assert_problem(page, ConnectErrorCode.UNAVAILABLE)
    assert await stage.connected() == []
