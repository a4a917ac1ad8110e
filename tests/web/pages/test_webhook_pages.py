"""The pages of endpoints of outgoing events, with a process of their own and a worker that sends nothing."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from temporalio.testing import WorkflowEnvironment

from minutekeeper.deliveries.delivery import DeliveryAttempt, DeliveryEnd
from minutekeeper.deliveries.endpoint_secrets import endpoint_secret
from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.store import ArtifactStore
from tests.starter.delivery_support import REFUSING, an_event, delivery_worker
from tests.starter.support import SECRET, eventually, target_of
from tests.web.conftest import Api, running_api
from tests.web.pages.checks import check_every_window, take_picture
from tests.web.pages.conftest import CHROMIUM, new_window
from tests.web.visitors import SignedIn
from web.access.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")

HOSTILE = "</script><img src=x onerror=alert(1)>"
TYPE = "meeting.completed"


class Post(NamedTuple):
    """A process of the pages, and its store."""

    api: Api
    store: ArtifactStore

    async def page(self, path: str, role: Role = Role.ADMIN) -> tuple[int, str]:
        async with self.api.http.get(f"{self.api.url}{path}", cookies=SignedIn(role).cookies) as answer:
            return answer.status, unescape(await answer.text())

    async def send(self, path: str, role: Role = Role.ADMIN, **fields: str) -> tuple[int, str, str]:
        """Status, page, and the address to which a form leads."""
        visitor = SignedIn(role)
        async with self.api.http.post(
            f"{self.api.url}{path}",
            data={"form_token": visitor.form_token} | fields,
            cookies=visitor.cookies,
            headers={"Origin": self.api.url},
            allow_redirects=False,
        ) as answer:
            return answer.status, unescape(await answer.text()), answer.headers.get("Location", "")

    async def add(self, url: str, **fields: str) -> str:
        """Adds an endpoint by the form; its address among the pages."""
        status, page, _ = await self.send("/webhooks/new", Role.ADMIN, url=url, **{"types": TYPE} | fields)
        found = re.search(r'href="(/webhooks/ep_\w+)"', page)
        assert (status, bool(found)) == (200, True), page
        assert found
        return found[1]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def post(environment: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Post]:
    folder: Path = tmp_path_factory.mktemp("post")
    settings = {
        "TEMPORAL_ADDRESS": target_of(environment.client),
        "ARTIFACTS_URL": (folder / "store").as_uri(),
        "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
        "BRIDGE_SECRET": SECRET,
        "MINUTEKEEPER_WEBHOOK_SECRET": SECRET,
    }
    store = ArtifactStore(settings["ARTIFACTS_URL"])
    async with running_api(folder, settings) as api, delivery_worker(environment.client, store):
        yield Post(api, store)


async def test_only_admins_see_and_change_endpoints(post: Post) -> None:
    address = await post.add("https://admins.example.com/")
    for role in (Role.LOOK, Role.STEER):
        for path in ("/webhooks", "/webhooks/new", address, f"{address}/remove"):
            assert (await post.page(path, role))[0] == 403
        for act in ("secret", "test", "rotate", "remove", "disable", "replay-all"):
            assert (await post.send(f"{address}/{act}", role))[0] == 403
    assert (await post.page(address))[0] == 200
    assert (await post.page(f"{address}/secret"))[0] == 405
    assert (await post.page("/webhooks/ep_nothing"))[0] == 404
    assert (await post.send("/webhooks/ep_nothing/rotate"))[0] == 404


async def test_a_mistake_stands_beside_its_field_in_the_words_of_the_command_line(post: Post) -> None:
    good = {"url": "https://good.example.com/", "types": TYPE}
    for changes, field, words in (
        ({"url": "http://crm.example.com/"}, "url", "Must begin with https://"),
        ({"url": "https://10.1.2.3/"}, "url", "10.1.2.3 is no public address"),
        ({"url": " "}, "url", "Must be an address such as https://example.com/events."),
        ({"name": "two\tlines"}, "name", "Must be one line of printable characters"),
        ({"types": "webhook.test"}, "types", "webhook.test is sent by `test` alone"),
        ({"format": "xml"}, "format", "Input should be 'standard' or 'slack'"),
    ):
        status, page, _ = await post.send("/webhooks/new", Role.ADMIN, **good | changes)
        error = re.search(rf'<p class="error" id="error-{field}">([^<]*)</p>', page)
        assert status == 422
        assert error, page
        assert words.lower() in error[1].lower()
    assert 'value="https://good.example.com/"' in page
    status, page, _ = await post.send("/webhooks/new", url=good["url"])
    assert (status, "Choose at least one." in page, "checked" in page) == (422, True, False)
    assert "good.example.com" not in (await post.page("/webhooks"))[1]

    await post.add("https://twice.example.com/")
    status, page, _ = await post.send("/webhooks/new", url="https://twice.example.com/", types=TYPE)
    assert (status, "has this address already." in page) == (422, True)


async def test_an_endpoint_is_added_changed_and_removed_by_forms(post: Post) -> None:
    url = "https://crm.example.com/in?token=s3cret"
    fields = {"url": url, "name": HOSTILE, "types": TYPE, "meeting_url": "yes", "format": "slack"}
    _, page, _ = await post.send("/webhooks/new", Role.ADMIN, **fields)
    found = re.search(r'href="/webhooks/(ep_\w+)"', page)
    assert found, page
    address = f"/webhooks/{found[1]}"
    assert endpoint_secret(SECRET, found[1], 1) in page

    _, listed = await post.page("/webhooks")
    assert f"<bdi>{HOSTILE}</bdi>" in listed
    assert "https://crm.example.com/in" in listed
    assert "s3cret" not in listed
    _, shown = await post.page(address)
    assert "whsec_" not in shown
    for each in (url, TYPE, "in events", "slack", "Enabled"):
        assert each in shown
    assert endpoint_secret(SECRET, found[1], 1) in (await post.send(f"{address}/secret"))[1]

    status, _, leads_to = await post.send(f"{address}/disable")
    assert (status, leads_to) == (303, f"{address}?done=disabled")
    _, page = await post.page(leads_to)
    assert "Disabled: switched off by hand." in page
    assert "Send a test" not in page
    status, page, _ = await post.send(f"{address}/test")
    assert (status, "The endpoint is disabled" in page) == (409, True)
    assert (await post.send(f"{address}/enable"))[2] == f"{address}?done=enabled"

    assert "Give this endpoint a new secret?" in (await post.page(f"{address}/rotate"))[1]
    assert endpoint_secret(SECRET, found[1], 2) in (await post.send(f"{address}/rotate"))[1]
    assert "Old secret" in (await post.page(address))[1]
    assert "Remove this endpoint?" in (await post.page(f"{address}/remove"))[1]
    status, _, leads_to = await post.send(f"{address}/remove")
    assert "The endpoint is removed." in (await post.page(leads_to))[1]
    assert (await post.page(address))[0] == 404


async def test_a_test_says_what_the_receiver_answers(post: Post) -> None:
    good = await post.add("https://fine.example.com/")
    status, _, leads_to = await post.send(f"{good}/test")
    assert status == 303
    _, page = await post.page(leads_to)
    assert "The test arrived.</strong> The receiver answered 200 in 12 ms." in page
    bad = await post.add(REFUSING)
    _, _, leads_to = await post.send(f"{bad}/test")
    _, page = await post.page(leads_to)
    assert "The test did not arrive.</strong> The receiver answered 500 in 12 ms: try later." in page


async def _with_deliveries(post: Post, address: str, answer: str = HOSTILE) -> None:
    """Three events of a meeting: held, delivered, and failed after this answer."""
    endpoint_id = address.rpartition("/")[2]
    records = DeliveryStore(post.store)
    at = datetime(2026, 11, 2, 10, 1, tzinfo=UTC)
    tries = (
        DeliveryAttempt(at=at, milliseconds=40, status_code=503, answer=answer),
        DeliveryAttempt(at=at + timedelta(minutes=1), milliseconds=41, error="no answer in time"),
    )
    about = {"workflow_id": "meeting-20261102-1000Z-0123456789"}
    await records.write(an_event(endpoint_id, 1, DeliveryEnd.HELD, why="the endpoint is disabled", **about))
    await records.write(an_event(endpoint_id, 2, DeliveryEnd.DELIVERED))
    await records.write(an_event(endpoint_id, 3, DeliveryEnd.FAILED, attempts=tries, **about))


async def test_deliveries_show_their_tries_and_are_replayed(post: Post) -> None:
    address = await post.add("https://tries.example.com/", name="tries")
    await _with_deliveries(post, address)
    _, page = await post.page(address)
    assert page.index("evt_1") < page.index("evt_2") < page.index("evt_3")
    assert page.count('href="/meetings/20261102-1000Z-0123456789"') == 2
    assert f"<bdi>answered 503 in 40 ms: {HOSTILE}</bdi>" in page
    assert "<bdi>no answer in time</bdi>" in page
    assert '<time datetime="2026-11-02T10:01:00Z"' in page
    _, held = await post.page(f"{address}?outcome=held")
    assert ("evt_1" in held, "evt_2" in held) == (True, False)
    _, listed = await post.page("/webhooks")
    row = listed[listed.index(address) :].partition("</tr>")[0]
    assert ("1 held" in row, "1 failed" in row, "1 delivered" in row) == (True, True, True)

    status, _, leads_to = await post.send(f"{address}/replay", event="evt_1")
    assert (status, leads_to) == (303, f"{address}?done=replayed")
    await eventually(lambda: post.page(f"{address}?outcome=held"), lambda answer: "evt_1" not in answer[1])
    assert (await post.send(f"{address}/replay", event="evt_9"))[0] == 404
    status, _, leads_to = await post.send(f"{address}/replay-all")
    assert (status, leads_to) == (303, f"{address}?done=span&count=1&left=0")
    assert "1 event is on its way again." in (await post.page(leads_to))[1]
    await eventually(lambda: post.page(f"{address}?outcome=delivered"), lambda answer: "evt_3" in answer[1])


@in_browser
async def test_the_pages_are_for_everyone_and_fit_every_window(post: Post, browser: Browser) -> None:
    address = await post.add(f"https://windows.example.com/{'a-long-path/' * 12}", name=HOSTILE)
    await _with_deliveries(post, address)
    async with new_window(browser, post.api.url, Role.ADMIN, script=False) as plain:
        await plain.open("/webhooks/new")
        await plain.page.get_by_label("Address").fill("https://10.0.0.1/")
        await plain.page.get_by_role("button", name="Add the endpoint").click()
        await expect(plain.page.get_by_label("Address")).to_have_accessible_description(
            re.compile("10.0.0.1 is no public address")
        )
        await plain.page.get_by_label("Address").fill("https://keyboard.example.com/")
        await plain.page.keyboard.press("Enter")
        await expect(plain.page.get_by_text("whsec_")).to_be_visible()
    async with new_window(browser, post.api.url, Role.ADMIN) as window:
        for path in ("/webhooks", "/webhooks/new", address, f"{address}/remove"):
            await window.open(path)
            await check_every_window(window.page)
        assert await window.page.locator("img[src=x]").count() == 0
        await window.open(address)
        await window.page.get_by_role("button", name="Show the secret").click()
        await expect(window.page.get_by_text("whsec_")).to_be_visible()
        await check_every_window(window.page)
        tidy = await post.add("https://crm.example.com/events", name="CRM")
        await _with_deliveries(post, tidy, "the database is away")
        await window.open(tidy)
        await take_picture(window.page, "webhook-page.png")
        assert window.complaints == []
        assert not [url for url in window.asked if not url.startswith(post.api.url)]
