"""Every known mistake ends in a page, or in a code for the link's `error_url`, and connects nothing."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bridge.connect.errors import ConnectErrorCode
from minutekeeper.calendars.connect_link import connect_url, new_link
from tests.bridge.connect.scenario import ANNA, SECRET, Stage, assert_problem, new_stage
from tests.devtools.simulator.support import Sim

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


MISTAKES: list[tuple[Callable[[Stage], Awaitable[None]], ConnectErrorCode]] = [
    (refuse, ConnectErrorCode.CONSENT_REFUSED),
    (have_no_refresh_token, ConnectErrorCode.NO_REFRESH_TOKEN),
    (leave_a_box_unticked, ConnectErrorCode.MISSING_SCOPES),
    (be_slow, ConnectErrorCode.CODE_REFUSED),
    (break_the_consent_page, ConnectErrorCode.CONSENT_FAILED),
    (stop_the_consent_page, ConnectErrorCode.UNAVAILABLE),
    (change_the_secret, ConnectErrorCode.APP_REFUSED),
    (let_the_secret_expire, ConnectErrorCode.APP_REFUSED),
    (switch_the_api_off, ConnectErrorCode.CALENDAR_API_DISABLED),
    (stop_the_token_endpoint, ConnectErrorCode.UNAVAILABLE),
    (stop_the_provider, ConnectErrorCode.UNAVAILABLE),
    (revoke_the_key, ConnectErrorCode.ACCOUNT),
]


@pytest.mark.parametrize(("mistake", "problem"), MISTAKES)
async def test_a_mistake_on_the_way_has_its_page_and_its_code(
    stage: Stage, user: str, mistake: Callable[[Stage], Awaitable[None]], problem: ConnectErrorCode
) -> None:
    await stage.account()
    link, other = stage.link(user), stage.link(user, error_url=ERROR_URL)
    await mistake(stage)
    assert_problem(await stage.go(link), problem)
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
    told, _, signature = good.rpartition("/")[2].rpartition(".")
    stranger = connect_url(public, "not-our-secret", new_link(user, "google", now, error_url=ERROR_URL))
    payload_of_another = stage.link("somebody-else").rpartition("/")[2].rpartition(".")[0]
    forged = [stranger, f"{public}/connect/{payload_of_another}.{signature}", good[:-1], f"{public}/connect/{told}"]
    forged += [f"{public}/connect/x.y", f"{public}/connect/%00", f"{public}/connect/%C3%A4.%FF"]
    forms: tuple[dict[str, str] | None, ...] = (None, {})
    for link in forged:
        for form in forms:
            assert_problem(await stage.browser.open(link, form), ConnectErrorCode.LINK_FORGED)
    expired = new_link(user, "google", now - timedelta(hours=24, seconds=1))
    for form in forms:
        page = await stage.browser.open(connect_url(public, SECRET, expired), form)
        assert_problem(page, ConnectErrorCode.LINK_EXPIRED)
    expired = expired.model_copy(update={"error_url": ERROR_URL})
    page = await stage.browser.open(connect_url(public, SECRET, expired))
    assert page.url == CODES + ConnectErrorCode.LINK_EXPIRED
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
        assert_problem(page, ConnectErrorCode.LINK_USED)
    assert await stage.connected() == [calendar]
    assert await stage.signals_of(calendar["uuid"]) == []


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
    assert_problem(await stage.browser.open(back), ConnectErrorCode.SESSION_LOST)
    for forged in (cookie[:-4] + "AAAA", "", "x"):
        stage.browser.session.cookie_jar.update_cookies({ours[0].key: forged})
        assert_problem(await stage.browser.open(back), ConnectErrorCode.SESSION_LOST)
    stage.browser.session.cookie_jar.update_cookies({ours[0].key: cookie})
    other_state = back.replace("state=", "state=x")
    assert_problem(await stage.browser.open(other_state), ConnectErrorCode.SESSION_LOST)
    assert_problem(await stage.browser.open(back.replace("/google/", "/microsoft/")), ConnectErrorCode.SESSION_LOST)

    assert (await stage.browser.open(back)).path.startswith("/connect/choice/")
    exchanged = await _exchanges(stage)
    assert_problem(await stage.browser.open(back), ConnectErrorCode.CODE_REFUSED)
    assert await _exchanges(stage) == exchanged, "the code is not shown again, which could end the grant"
    assert await stage.connected() == []


async def test_a_platform_that_is_not_set_up(sim: Sim, stage: Stage, user: str) -> None:
    nothing = {"minutekeeper_microsoft_client_secret": SecretStr("")}
    async with new_stage(sim, stage.client, stage.store, **nothing) as other:
        assert_problem(await other.go(other.link(user, "microsoft")), ConnectErrorCode.NOT_SET_UP)
        page = await other.go(other.link(user, "microsoft", error_url=ERROR_URL))
        assert page.url == CODES + ConnectErrorCode.NOT_SET_UP


async def test_a_calendar_that_is_gone_when_it_is_chosen(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    page = await stage.go(stage.link(user))
    page = await stage.browser.open(page.url, {"calendar": "never-was@group", "confirmed_calendar_id": ""})
    assert_problem(page, ConnectErrorCode.NO_CALENDAR)


async def test_a_grant_that_is_taken_back_before_a_calendar_is_chosen(stage: Stage, user: str) -> None:
    await stage.account(calendars=[{"id": "team@group"}])
    page = await stage.go(stage.link(user))
    await stage.sim.ok("POST", f"/_sim/calendars/accounts/{ANNA}/expire")
    page = await stage.browser.open(page.url, {"calendar": "team@group", "confirmed_calendar_id": ""})
    assert_problem(page, ConnectErrorCode.GRANT_REFUSED)


async def _exchanges(stage: Stage) -> Any:
    requests: list[Mapping[str, Any]] = (await stage.sim.ledger())["requests"]
    return [each for each in requests if "/token" in each["path"]]
