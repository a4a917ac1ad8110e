"""Every known mistake ends in a page, or in a code for the link's `error_url`, and connects nothing."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import Client

from artifacts.connections import Connections
from artifacts.errors import StoreError
from bridge.connect.explanations import EXPLANATIONS
from bridge.connect.problems import Problem
from meetings.calendars.connection import Connection
from meetings.connect_link import connect_url, new_link
from runtime.temporal import plugin
from tests.bridge.connect.stage import ANNA, SECRET, Page, Stage, new_stage
from tests.bridge.support import DEAD
from tests.simulator.support import Sim

ERROR_URL = "https://app.example.com/oops?user=7&user=a%20b+c%2Fd&x"
CODES = f"{ERROR_URL}&error="


@pytest.fixture
def user() -> str:
    return f"user-{uuid.uuid4().hex[:8]}"


async def refuse(stage: Stage) -> None:
    await stage.consent(answer="refuse")


async def have_no_refresh_token(stage: Stage) -> None:
    await stage.consent(refresh_token="")


async def leave_a_box_unticked(stage: Stage) -> None:
    await stage.consent(scopes=["https://www.googleapis.com/auth/calendar.readonly"])


async def be_slow(stage: Stage) -> None:
    await stage.consent(stale=True)


async def break_the_consent_page(stage: Stage) -> None:
    await stage.consent(error="invalid_scope")


async def stop_the_consent_page(stage: Stage) -> None:
    await stage.consent(error="temporarily_unavailable")


async def change_the_secret(stage: Stage) -> None:
    app = {"platform": "Google", "client_id": "google-app", "client_secret": "renewed"}
    await stage.sim.ok("POST", "/_sim/calendars/apps", json=app)


async def let_the_secret_expire(stage: Stage) -> None:
    await stage.sim.ok("POST", "/_sim/calendars/apps/google-app/expire")


async def switch_the_api_off(stage: Stage) -> None:
    app = {
        "platform": "Google",
        "client_id": "google-app",
        "client_secret": "google-app-secret",
        "api_enabled": False,
    }
    await stage.sim.ok("POST", "/_sim/calendars/apps", json=app)


async def stop_the_token_endpoint(stage: Stage) -> None:
    fault = {"kind": "server_error", "times": 1, "match": {"path": "/oauth/google/token"}}
    await stage.sim.ok("POST", "/_sim/faults", json=fault)


async def stop_the_provider(stage: Stage) -> None:
    await stage.sim.ok("POST", "/_sim/faults", json={"kind": "server_error", "match": {"path": "/calendars"}})


async def revoke_the_key(stage: Stage) -> None:
    await stage.sim.ok("POST", "/_sim/faults", json={"kind": "key_revoked"})


MISTAKES: list[tuple[Callable[[Stage], Awaitable[None]], Problem]] = [
    (refuse, Problem.CONSENT_REFUSED),
    (have_no_refresh_token, Problem.NO_REFRESH_TOKEN),
    (leave_a_box_unticked, Problem.MISSING_SCOPES),
    (be_slow, Problem.CODE_REFUSED),
    (break_the_consent_page, Problem.CONSENT_FAILED),
    (stop_the_consent_page, Problem.UNAVAILABLE),
    (change_the_secret, Problem.APP_REFUSED),
    (let_the_secret_expire, Problem.APP_REFUSED),
    (switch_the_api_off, Problem.CALENDAR_API_DISABLED),
    (stop_the_token_endpoint, Problem.UNAVAILABLE),
    (stop_the_provider, Problem.UNAVAILABLE),
    (revoke_the_key, Problem.ACCOUNT),
]


@pytest.mark.parametrize(("mistake", "problem"), MISTAKES)
async def test_a_mistake_on_the_way_has_its_page_and_its_code(
    stage: Stage, user: str, mistake: Callable[[Stage], Awaitable[None]], problem: Problem
) -> None:
    await stage.account()
    link, other = stage.link(user), stage.link(user, error_url=ERROR_URL)
    await mistake(stage)
    _assert_page(await stage.go(link), problem)
    await mistake(stage)
    assert (await stage.go(other)).url == CODES + problem
    await stage.sim.ok("DELETE", "/_sim/faults")
    assert await stage.connected() == []
    assert not (await stage.known(user)).calendar_id


async def test_after_most_mistakes_the_same_link_still_works(stage: Stage, user: str) -> None:
    await stage.account()
    link = stage.link(user)
    for mistake in (refuse, have_no_refresh_token, be_slow, stop_the_token_endpoint):
        await mistake(stage)
        assert (await stage.go(link)).path.startswith("/connect/problem/")
    assert (await stage.go(link)).path == "/connect/done/google"


async def test_links_that_open_nothing(stage: Stage, user: str) -> None:
    await stage.account()
    public = stage.settings.bridge_public_url
    now = datetime.now(UTC)
    good = stage.link(user, error_url=ERROR_URL)
    told, _, signature = good.rpartition("/")[2].partition(".")
    stranger = connect_url(public, "not-our-secret", new_link(user, "google", now, error_url=ERROR_URL))
    payload_of_another = stage.link("somebody-else").rpartition("/")[2].partition(".")[0]
    forged = [stranger, f"{public}/connect/{payload_of_another}.{signature}", good[:-1], f"{public}/connect/{told}"]
    forged += [f"{public}/connect/x.y", f"{public}/connect/%00", f"{public}/connect/%C3%A4.%FF"]
    forms: tuple[dict[str, str] | None, ...] = (None, {})
    for link in forged:
        for form in forms:
            _assert_page(await stage.browser.open(link, form), Problem.LINK_FORGED)
    expired = new_link(user, "google", now - timedelta(hours=24, seconds=1))
    for form in forms:
        page = await stage.browser.open(connect_url(public, SECRET, expired), form)
        _assert_page(page, Problem.LINK_EXPIRED)
    expired = expired.model_copy(update={"error_url": ERROR_URL})
    page = await stage.browser.open(connect_url(public, SECRET, expired))
    assert page.url == CODES + Problem.LINK_EXPIRED
    assert await stage.connected() == []


async def test_a_link_connects_once(stage: Stage, user: str) -> None:
    await stage.account()
    link = stage.link(user)
    # Another tab with the same link, already at Google.
    async with stage.browser.session.post(link, allow_redirects=False) as response:
        asked = response.headers["Location"]
    await stage.go(link)
    (calendar,) = await stage.connected()
    for page in (
        await stage.browser.open(link),
        await stage.browser.open(link, {}),
        await stage.browser.open(asked),
    ):
        _assert_page(page, Problem.LINK_USED)
    assert await stage.connected() == [calendar]
    assert await stage.signals_of(calendar["uuid"]) == ["calendar_event"]


async def test_a_state_comes_back_once_to_the_browser_that_took_it_along(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    async with stage.browser.session.post(stage.link(user), allow_redirects=False) as response:
        asked = response.headers["Location"]
    async with stage.browser.session.get(asked, allow_redirects=False) as response:
        back = response.headers["Location"]
    ours = [each for each in stage.browser.session.cookie_jar if each.key.startswith("minutekeeper")]
    cookie = ours[0].value
    assert (ours[0]["httponly"], ours[0]["samesite"], ours[0]["path"]) == (True, "Lax", "/connect")

    stage.browser.session.cookie_jar.clear()
    _assert_page(await stage.browser.open(back), Problem.SESSION_LOST)
    for forged in (cookie[:-4] + "AAAA", "", "x"):
        stage.browser.session.cookie_jar.update_cookies({ours[0].key: forged})
        _assert_page(await stage.browser.open(back), Problem.SESSION_LOST)
    stage.browser.session.cookie_jar.update_cookies({ours[0].key: cookie})
    other_state = back.replace("state=", "state=x")
    _assert_page(await stage.browser.open(other_state), Problem.SESSION_LOST)
    _assert_page(await stage.browser.open(back.replace("/google/", "/microsoft/")), Problem.SESSION_LOST)

    assert (await stage.browser.open(back)).path.startswith("/connect/choice/")
    exchanged = await _exchanges(stage)
    _assert_page(await stage.browser.open(back), Problem.CODE_REFUSED)
    assert await _exchanges(stage) == exchanged, "the code is not shown again, which could end the grant"
    assert await stage.connected() == []


async def test_a_platform_that_is_not_set_up(sim: Sim, stage: Stage, user: str) -> None:
    nothing = {"minutekeeper_microsoft_client_secret": SecretStr("")}
    async with new_stage(sim, stage.client, stage.store, **nothing) as other:
        _assert_page(await other.go(other.link(user, "microsoft")), Problem.NOT_SET_UP)
        page = await other.go(other.link(user, "microsoft", error_url=ERROR_URL))
        assert page.url == CODES + Problem.NOT_SET_UP


async def test_a_calendar_that_is_gone_when_it_is_chosen(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    page = await stage.go(stage.link(user))
    page = await stage.browser.open(page.url, {"calendar": "never-was@group", "told": ""})
    _assert_page(page, Problem.NO_CALENDAR)


async def test_a_grant_that_is_taken_back_before_a_calendar_is_chosen(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    page = await stage.go(stage.link(user))
    await stage.sim.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
    page = await stage.browser.open(page.url, {"calendar": "team@group", "told": ""})
    _assert_page(page, Problem.GRANT_REFUSED)


async def test_what_an_attempt_left_behind_is_cleared_away_by_the_next_one(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    link = stage.link(user)
    page = await stage.go(link)
    # The calendar comes about, and nobody hears of it: as if the bridge had died.
    fault = {"kind": "cut_answer", "times": 2, "match": {"path": "/calendars/", "method": "POST"}}
    await stage.sim.ok("POST", "/_sim/faults", json=fault)
    for number in (1, 2):
        page = await stage.browser.open(page.visited[-1], {"calendar": "team@group", "told": ""})
        _assert_page(page, Problem.UNAVAILABLE)
        assert len(await stage.connected()) == 1, number
        page.visited.append(page.visited[0])
    page = await stage.browser.open(page.visited[0], {"calendar": "team@group", "told": ""})
    assert page.path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert (await stage.known(user)).calendar_id == calendar["uuid"]


async def test_an_attempt_that_dies_before_its_last_step_is_made_good_with_the_same_link(
    stage: Stage, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.account()
    link = stage.link(user)
    write = Connections.write

    async def die(connections: Connections, connection: Connection) -> Connection:
        if connection.connected_at:
            raise StoreError("the power is gone")
        return await write(connections, connection)

    with monkeypatch.context() as power_cut:
        power_cut.setattr(Connections, "write", die)
        _assert_page(await stage.go(link), Problem.UNAVAILABLE)
    (half,) = await stage.connected()
    assert await stage.signals_of(half["uuid"]) == ["calendar_event"], "it was kept already"
    assert (await stage.go(link)).path == "/connect/done/google"
    known = await stage.known(user)
    assert known.calendar_id != half["uuid"]
    assert "farewell" in await stage.signals_of(half["uuid"])
    assert await stage.signals_of(known.calendar_id) == ["calendar_event"]


async def test_while_temporal_is_away_nothing_is_connected_and_nothing_left_for_good(
    sim: Sim, stage: Stage, user: str
) -> None:
    await stage.account()
    away = await Client.connect(DEAD, plugins=[plugin()], lazy=True)
    async with new_stage(sim, away, stage.store) as lonely:
        _assert_page(await lonely.go(lonely.link(user)), Problem.UNAVAILABLE)
    assert not (await stage.known(user)).calendar_id
    assert (await stage.go(stage.link(user))).path == "/connect/done/google"
    (calendar,) = await stage.connected()
    assert (await stage.known(user)).calendar_id == calendar["uuid"]


async def test_two_tabs_at_once_connect_one_calendar(stage: Stage, user: str) -> None:
    await stage.account()
    pages = await asyncio.gather(*(stage.browser.open(stage.link(user), {}) for _ in range(4)))
    assert "/connect/done/google" in {page.path for page in pages}
    known = await stage.known(user)
    kept = [each for each in await stage.connected() if "farewell" not in await stage.signals_of(each["uuid"])]
    assert [each["uuid"] for each in kept] == [known.calendar_id]


def _assert_page(page: Page, problem: Problem) -> None:
    told = EXPLANATIONS[problem]
    assert (page.path, page.status, page.title) == (f"/connect/problem/{problem}", told.status, told.title)
    assert f"Code: {problem}" in page.words
    for step in (*told.user, *told.owner):
        assert step in page.words


async def _exchanges(stage: Stage) -> Any:
    requests: list[Mapping[str, Any]] = (await stage.sim.ledger())["requests"]
    return [each for each in requests if "/token" in each["path"]]
